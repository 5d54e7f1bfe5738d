"""CSV: one table of all answers, whose first column is the picture."""

import csv
import io
import shutil
from itertools import islice

from demo.batch.export.base import Entry, Export, Format, Writer
from demo.batch.export.spool import spool
from demo.batch.sinks import Sink
from demo.export.spreadsheets import cell, csv_text


class _Table(Writer):
    """Rows as in the table of a single answer."""

    def __init__(self, export: Export, sink: Sink) -> None:
        self._sink = sink
        self._head: list[str] = []
        self._rows = spool()

    def add(self, entry: Entry) -> None:
        """The rows of an answer: none where nothing was found."""
        assert entry.parts.table is not None
        rows = csv.reader(io.StringIO(entry.parts.table()))
        head = ["picture", *next(rows)]
        # A table without rows may lack the columns of masks.
        self._head = max(self._head, head, key=len)
        name = cell(entry.answer.name)
        text = csv_text(head, ([name, *row] for row in rows))
        lines = io.StringIO(text)
        self._rows.writelines(line.encode() for line in islice(lines, 1, None))

    def finish(self) -> None:
        """Write the file. Spreadsheets read it as UTF-8 only if it starts with its mark."""
        with self._rows, spool() as whole:
            whole.write(csv_text(self._head or ["picture"], ()).encode("utf-8-sig"))
            self._rows.seek(0)
            shutil.copyfileobj(self._rows, whole)
            whole.seek(0)
            self._sink.write_from("answers.csv", whole)


FORMAT = Format("csv", 40, "batch_format_csv", lambda task: "csv" in task.data_sets, _Table)
