"""A comparison: models answer one after the other, then they are measured."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace

from demo import tasks
from demo.compare import differences
from demo.compare.differences.base import AnyDifference
from demo.compare.measure import Latency, Measurements, NetworkSize
from demo.errors import DemoError
from demo.inference.engine import Prediction
from demo.models.spec import ModelSpec
from demo.results import Image, Result, Timing
from demo.tasks.base import AnyTask, Query

_AHEAD = 2
"""Models under way at once: one is prepared, or loaded, while another one's network runs."""

Ask = Callable[[ModelSpec, Query], tuple[Prediction, Timing]]
"""Gives the answer of a model about the picture, and what it costs now."""
Explain = Callable[[BaseException], DemoError]
"""Gives the sentence for any fault."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One model of a comparison.

    prediction, timing, result: its answer, None until it is there; result is the part that the
    query asks for. fault: why there is none, or why it could not be measured. size, latency: None
    until they are measured.
    """

    spec: ModelSpec
    query: Query
    prediction: Prediction | None = None
    timing: Timing | None = None
    result: Result | None = None
    fault: DemoError | None = None
    size: NetworkSize | None = None
    latency: Latency | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """The state of a comparison.

    entries: in the order of the request. measuring: the model that is measured now, or None. done:
    nothing is left to do.
    """

    task: AnyTask
    entries: tuple[Entry, ...]
    measuring: str | None = None
    done: bool = False

    @property
    def difference(self) -> AnyDifference:
        """How answers of the task are compared."""
        return differences.find(self.task.name)

    @property
    def results(self) -> dict[str, Result]:
        """The answers that are there, by model."""
        return {one.spec.name: one.result for one in self.entries if one.result is not None}

    @property
    def waiting(self) -> list[Entry]:
        """The models that have neither answered nor failed."""
        return [one for one in self.entries if one.result is None and one.fault is None]


class Comparer:
    """Compares models; measurements are kept for later comparisons."""

    def __init__(self, measurements: Measurements) -> None:
        self._measurements = measurements

    def steps(
        self,
        image: Image,
        specs: Sequence[ModelSpec],
        values: Mapping[str, object],
        ask: Ask,
        explain: Explain,
    ) -> Iterator[Comparison]:
        """Yield the comparison without and after each answer, as they come; then measure.

        A model that fails does not stop the others. While models are measured there is a step
        after each pass. Closing the iterator ends the work after the passes that are running.

        Args:
            image: H×W×3 uint8 RGB.
            specs: models of one task.
            values: options of the task's query by name.
            ask: runs a model about the picture.
            explain: the sentence for whatever `ask` raises.

        Raises:
            DemoError: for a wrong value.
        """
        task = tasks.find(specs[0].task)
        entries = [Entry(spec, task.parse(spec, values)) for spec in specs]
        yield Comparison(task, tuple(entries))
        pool = ThreadPoolExecutor(_AHEAD, "compare")
        try:
            asked = {pool.submit(ask, one.spec, one.query): i for i, one in enumerate(entries)}
            for future in as_completed(asked):
                i = asked[future]
                entries[i] = _answered(task, entries[i], future, explain)
                yield Comparison(task, tuple(entries))
            for i, entry in enumerate(entries):
                yield Comparison(task, tuple(entries), entry.spec.name)
                for measured in self._measured(entry, image, pool, explain):
                    entries[i] = measured
                    yield Comparison(task, tuple(entries), entry.spec.name)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        yield Comparison(task, tuple(entries), done=True)

    def _measured(
        self, entry: Entry, image: Image, pool: ThreadPoolExecutor, explain: Explain
    ) -> Iterator[Entry]:
        """The entry after each step of its measurement; nothing for one without an answer."""
        if entry.prediction is None or entry.prediction.view is None:
            return
        steps = self._measurements.steps(entry.spec, image, entry.prediction.view.image.shape)
        while entry.latency is None and entry.fault is None:
            # By way of a future, so that no fault of a model ends the comparison.
            step = pool.submit(next, steps)
            fault = step.exception()
            if fault is not None:
                entry = replace(entry, fault=explain(fault))
            elif isinstance(found := step.result(), NetworkSize):
                entry = replace(entry, size=found)
            elif isinstance(found, Latency):
                entry = replace(entry, latency=found)
            yield entry


def _answered(
    task: AnyTask, entry: Entry, future: "Future[tuple[Prediction, Timing]]", explain: Explain
) -> Entry:
    fault = future.exception()
    if fault is not None:
        return replace(entry, fault=explain(fault))
    prediction, timing = future.result()
    result = task.refine(entry.spec, prediction.result, entry.query)
    return replace(entry, prediction=prediction, timing=timing, result=result)
