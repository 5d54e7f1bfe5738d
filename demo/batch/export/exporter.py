"""An export: answers of a batch, filtered by a query, into files of several formats."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Self

from demo import tasks, validate
from demo.batch.export.base import Entry, Export, Format
from demo.batch.names import UniqueNames
from demo.batch.pictures import LeftOut
from demo.batch.run import BatchAnswer, Step, refined
from demo.batch.sinks import Sink
from demo.discover import collect
from demo.export.names import download_stem
from demo.images.limits import Limits
from demo.models.spec import ModelSpec
from demo.results import Result
from demo.tasks.base import AnyTask, Query


@cache
def all_formats() -> tuple[Format, ...]:
    """Every format, in the order of lists."""
    return tuple(collect("demo.batch.export", "FORMAT"))


def formats_of(task: AnyTask) -> list[Format]:
    """The formats in which the answers of a task can be written."""
    return [one for one in all_formats() if one.offered(task)]


def chosen_formats(task: AnyTask, names: Iterable[object]) -> list[Format]:
    """The formats of these names, without repeats. Raises DemoError for one that is not offered."""
    offered = {one.name: one for one in formats_of(task)}
    return [offered[name] for name in validate.names(list(names), "formats", offered)]


class Exporter:
    """Writes answers one after the other; the memory that it takes does not grow with them.

    It is a context manager: however the block ends, its temporary files are deleted.
    """

    def __init__(
        self,
        spec: ModelSpec,
        query: Query,
        formats: Sequence[Format],
        sink: Sink,
        limits: Limits,
        locale: str = "en",
    ) -> None:
        """Begin.

        Args:
            spec: the model that answers.
            query: what of the answers is written.
            formats: see `chosen_formats`.
            sink: takes the files.
            limits: of a picture, for those that have to be decoded again.
            locale: one of `demo.i18n.LOCALES`, of drawn names.
        """
        self._export = Export(tasks.find(spec.task), spec, query, limits, locale)
        self._writers = [one.start(self._export, sink) for one in formats]
        self._stems = UniqueNames()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self._export.files.close()

    def add(self, step: Step) -> Result | None:
        """Write what has become of a picture; the part of the answer that the query asks for.

        Raises DemoError where a file cannot be written, or a picture not be read any more.
        """
        if isinstance(step, LeftOut):
            self.leave_out(step)
            return None
        entry = self._entry(step)
        for writer in self._writers:
            writer.add(entry)
        return entry.result

    def leave_out(self, left: LeftOut) -> None:
        """Note what is not answered."""
        for writer in self._writers:
            writer.leave_out(left)

    def finish(self) -> None:
        """Write what is about all pictures. Raises as `add` does."""
        for writer in self._writers:
            writer.finish()

    def _entry(self, answer: BatchAnswer) -> Entry:
        task, query = self._export.task, self._export.query
        result = refined(answer, query)
        # Trainers find labels by the stem, and the last `images` of a path; hence no folders.
        stem = self._stems.take(download_stem(answer.name.replace("/", "__")))
        return Entry(answer, result, task.parts(result, query), stem, self._export.limits)
