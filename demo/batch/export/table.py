"""CSV: one table of all answers, whose first column is the picture."""

import shutil

from demo.batch.export.base import Entry, Export, Format, Writer
from demo.batch.sinks import Sink
from demo.export.spreadsheets import cell, csv_rows, csv_text


class _Table(Writer):
    """Rows as in the table of a single answer."""

    def __init__(self, export: Export, sink: Sink) -> None:
        self._sink = sink
        self._head: list[str] = []
        self._rows, self._whole = export.spool(), export.spool()

    def add(self, entry: Entry) -> None:
        """The rows of an answer: none where nothing was found."""
        assert entry.parts.table is not None
        head, *rows = csv_rows(entry.parts.table())
        # A table without rows may lack the columns of masks.
        self._head = max(self._head, ["picture", *head], key=len)
        name = cell(entry.answer.name)
        self._rows.write(csv_text(*([name, *row] for row in rows)).encode())

    def finish(self) -> None:
        """Write the file. Spreadsheets read it as UTF-8 only if it starts with its mark."""
        self._whole.write(csv_text(self._head or ["picture"]).encode("utf-8-sig"))
        self._rows.seek(0)
        shutil.copyfileobj(self._rows, self._whole)
        self._whole.seek(0)
        self._sink.write_from("answers.csv", self._whole)


FORMAT = Format("csv", 40, "batch_format_csv", lambda task: "csv" in task.data_sets, _Table)
