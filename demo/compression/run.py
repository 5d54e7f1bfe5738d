"""The comparison itself: one precision after the other answers about every picture of a set."""

import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial

from demo import tasks
from demo.batch.pictures import LeftOut, NamedPicture
from demo.batch.run import run
from demo.compare import differences
from demo.compare.comparison import Explain
from demo.compare.differences.base import Change
from demo.compare.measure import Latency, warm_passes
from demo.compression import labels
from demo.compression.labels.base import Truth
from demo.compression.pictures import PictureSet
from demo.compression.report import ChangedPicture, Report, Row
from demo.compression.selection import opened
from demo.errors import DemoError
from demo.inference.engine import ModelInPrecision
from demo.models.spec import ImageRequest, ModelSpec
from demo.results import Image, Result
from demo.service.service import Service
from demo.tasks.base import Query

Show = Callable[[NamedPicture, str, Image], str]
"""Keeps a picture with the difference of a precision, H×W×3 uint8 RGB; gives its path."""


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """What is kept of the answer about one picture. changed: None for the reference's own."""

    name: str
    result: Result
    backend: str
    judged: object | None
    changed: ChangedPicture | None


@dataclass(slots=True, eq=False)
class Compression:
    """Compares precisions of a model on a set of pictures.

    Args:
        service: answers about the pictures, with less priority than about those of visitors.
        spec: the model.
        query: checked options of its task.
        pictures: the set.
        show: keeps a small picture of each difference; None for no pictures.
        locale: language of the class names in it, one of `demo.i18n.LOCALES`.
    """

    service: Service
    spec: ModelSpec
    query: Query
    pictures: PictureSet
    show: Show | None = None
    locale: str = "en"
    _reference: dict[str, Result] = field(default_factory=dict)
    _left: dict[str, LeftOut] = field(default_factory=dict)

    def steps(self, precisions: Sequence[str], explain: Explain) -> Iterator[Report]:
        """Yield what is known, again after every pass and picture.

        A precision that fails does not stop the others. Closing the iterator ends the work after
        the passes that are running.

        Args:
            precisions: names, see `selection.PRECISIONS`; the first that answers is the reference.
            explain: the sentence for any fault.

        Raises:
            DemoError: for labels that do not fit the model, and where no picture can be opened.
        """
        truth = self._truth()
        first = self._first_picture()
        rows = [Row(name) for name in precisions]
        left = self.pictures.left
        notes = tuple(truth.notes) if truth else ()
        report = Report(self.spec, len(self.pictures.pictures), tuple(rows), left, notes)
        pool = ThreadPoolExecutor(1, "compression")
        try:
            for i, begun in enumerate(rows):
                yield replace(report, rows=tuple(rows), working=begun.precision)
                with closing(self._row(begun, first, truth)) as row_steps:
                    while not rows[i].done:
                        # By way of a future, so that no fault ends the comparison.
                        step = pool.submit(next, row_steps)
                        fault = step.exception()
                        rows[i] = (
                            step.result()
                            if fault is None
                            else self._failed(rows, i, explain(fault))
                        )
                        left = (*self.pictures.left, *self._left.values())
                        report = replace(report, rows=tuple(rows), left=left)
                        yield replace(report, working=begun.precision)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        yield replace(report, done=True)

    def _failed(self, rows: Sequence[Row], i: int, fault: DemoError) -> Row:
        if all(row.fault for row in rows[:i]):  # it would have been the reference
            self._reference.clear()
        return replace(rows[i], fault=fault, done=True)

    def _truth(self) -> Truth | None:
        kind = labels.find(self.spec.task)
        names = [one.name for one in self.pictures.pictures]
        return kind.read(self.spec, names, self.pictures.texts) if kind else None

    def _first_picture(self) -> Image:
        """Pixels of the first picture that can be opened. Raises its DemoError where none can."""
        faults = []
        for named in self.pictures.pictures:
            try:
                return self.service.bulk.open(named.path).rgb
            except DemoError as error:
                faults.append(error)
        raise faults[0]

    def _row(self, row: Row, first: Image, truth: Truth | None) -> Generator[Row]:
        """The state of one precision after each of its steps, at last done."""
        with opened(self.service.engine, self.spec, row.precision) as model:
            for latency in self._latency(model, first):
                row = replace(row, latency=latency)
                yield row
            row = replace(row, size_bytes=model.weights_bytes)
            judged: list[object] = []
            is_reference = not self._reference
            for answer in self._answers(model, row.precision, truth, is_reference):
                if isinstance(answer, LeftOut):
                    self._left.setdefault(answer.name, answer)
                    continue
                row = _with_answer(row, answer, is_reference or answer.name in self._reference)
                if is_reference:
                    self._reference[answer.name] = answer.result
                if answer.judged is not None:
                    judged.append(answer.judged)
                yield row
        score = truth.score(judged) if truth is not None else None
        yield replace(row, score=score, done=True)

    def _latency(self, model: ModelInPrecision, first: Image) -> Iterator[Latency | None]:
        request = ImageRequest(first, self.query.size)
        yield from warm_passes(lambda: model.run(request))

    def _answers(
        self, model: ModelInPrecision, precision: str, truth: Truth | None, is_reference: bool
    ) -> Iterator[_Answer | LeftOut]:
        expected = {} if is_reference else self._reference
        ask = partial(self._ask, model, precision, truth, expected)
        workers = self.service.bulk.workers
        with closing(run(self.pictures.pictures, ask, threading.Event(), workers)) as steps:
            yield from steps

    def _ask(
        self,
        model: ModelInPrecision,
        precision: str,
        truth: Truth | None,
        expected: Mapping[str, Result],
        named: NamedPicture,
    ) -> _Answer:
        """The answer about one picture, in a thread of the run."""
        task, name = tasks.find(self.spec.task), named.name
        picture, prediction, _ = self.service.bulk.answer(
            named.path, self.spec, self.query, model.run
        )
        judged = truth.judge(name, prediction.result) if truth is not None else None
        result: Result = task.refine(self.spec, prediction.result, self.query)
        changed = None
        if name in expected:
            difference = differences.find(task.name)
            change = difference.change(expected[name], result)
            changed = self._changed(named, precision, picture.rgb, change, expected[name], result)
        found = task.detections(result)
        if found is not None:  # masks take megabytes
            result = task.with_detections(result, replace(found, masks=None))
        return _Answer(name, result, prediction.backend, judged, changed)

    def _changed(
        self,
        named: NamedPicture,
        precision: str,
        rgb: Image,
        change: Change,
        before: Result,
        after: Result,
    ) -> ChangedPicture | None:
        if not change:
            return None
        shown = ""
        if self.show is not None:
            difference = differences.find(self.spec.task)
            drawn = difference.draw_change(rgb, before, after, self.locale)
            shown = self.show(named, precision, rgb if drawn is None else drawn)
        return ChangedPicture(named.name, change, shown)


def _with_answer(row: Row, answer: _Answer, compared: bool) -> Row:
    changed = row.changed if answer.changed is None else (*row.changed, answer.changed)
    return replace(
        row,
        backend=answer.backend,
        answered=row.answered + 1,
        compared=row.compared + compared,
        changed=changed,
    )
