"""JSON: one list of the API's answers, each with the name of its picture."""

from collections.abc import Mapping

from demo.batch.export.base import Entry, Export, Format, Writer
from demo.batch.export.json_list import JsonList
from demo.batch.pictures import LeftOut
from demo.batch.run import facts
from demo.batch.sinks import Sink
from demo.labels.names import with_display


class _Facts(Writer):
    """Pictures without an answer have an `error` in its place."""

    def __init__(self, export: Export, sink: Sink) -> None:
        self._export = export
        self._sink = sink
        self._list = JsonList(export.spool())

    def add(self, entry: Entry) -> None:
        """The answer."""
        answer, export = entry.answer, self._export
        own: Mapping[str, object] = facts(answer, entry.result, export.query)
        named = with_display(own, export.spec.labels, export.locale)
        self._list.append({"picture": answer.name, **named})

    def leave_out(self, left: LeftOut) -> None:
        """The sentence in English, as everywhere in the API."""
        self._list.append({"picture": left.name, "error": str(left.error)})

    def finish(self) -> None:
        """Write the file."""
        self._sink.write_from("answers.json", self._list.finish())


FORMAT = Format("json", 50, "batch_format_json", lambda task: task.takes_pictures, _Facts)
