"""Comparisons of models on an upload, and their JSON."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import combinations

from demo.compare.comparison import Comparer, Comparison, Entry, Explain
from demo.compare.labels import ClassSets
from demo.compare.measure import Measurements
from demo.compare.selection import chosen_models
from demo.errors import DemoError
from demo.i18n import translate
from demo.images.decode import Picture
from demo.inference.engine import Engine, Prediction
from demo.models.spec import ModelSpec
from demo.results import Timing
from demo.service.facts import answer_facts
from demo.service.uploads import PassingUpload
from demo.tasks.base import JsonObject, Query

OpenPicture = Callable[[str | PassingUpload], tuple[Picture, float]]
"""Gives a decoded upload, and the milliseconds of decoding."""
AskAbout = Callable[[Picture, ModelSpec, Query], tuple[Prediction, Timing]]
"""Gives a model's answer about a picture, and what it costs now."""


@dataclass(frozen=True, slots=True, eq=False)
class OpenComparison:
    """A picture, and the steps of the comparison about it."""

    picture: Picture
    steps: Iterator[Comparison]


class Comparisons:
    """Opens uploads and compares models on them."""

    def __init__(self, engine: Engine, open_picture: OpenPicture, ask: AskAbout) -> None:
        """Compare the models of `engine`; open_picture, ask: those of the service."""
        self._engine = engine
        self._open_picture = open_picture
        self._ask = ask
        self._comparer = Comparer(Measurements(engine))

    def open(
        self,
        path: str | PassingUpload,
        models: object,
        values: Mapping[str, object],
        explain: Explain,
    ) -> OpenComparison:
        """Check the request and open the picture; nothing is asked before the first step.

        Args:
            path: the upload.
            models: 2–8 names of models of one task.
            values: options of the task's query by name; those that no comparison takes are left
                out.
            explain: the sentence for any fault of a model.

        Raises DemoError for a wrong value and for a wrong file.
        """
        specs = chosen_models(self._engine, models)
        picture, _ = self._open_picture(path)
        ask = partial(self._ask, picture)
        return OpenComparison(
            picture, self._comparer.steps(picture.rgb, specs, values, ask, explain)
        )

    def answer(
        self,
        path: str | PassingUpload,
        models: object,
        values: Mapping[str, object],
        explain: Explain,
    ) -> Iterator[tuple[Picture, Comparison]]:
        """The picture with each step, for programs.

        Raises DemoError as `open` does, and where no model at all has answered.
        """
        opened = self.open(path, models, values, explain)
        for comparison in opened.steps:
            faults = [one.fault for one in comparison.entries if one.result is None]
            if len(faults) == len(comparison.entries) and faults[0] is not None and all(faults):
                raise faults[0]
            yield opened.picture, comparison


def comparison_facts(comparison: Comparison, locale: str) -> JsonObject:
    """The JSON of `/compare`; `agree` is null where fewer than two models have answered.

    locale: language of the sentences about models that failed.
    """
    results = comparison.results
    difference = comparison.difference
    pairs = list(combinations(results, 2))
    return {
        "task": comparison.task.name,
        "answers": [_entry_facts(comparison, one, locale) for one in comparison.entries],
        "agree": difference.agreement(results) if pairs else None,
        "pairs": [
            {
                "a": a,
                "b": b,
                "classes": _classes(results[a].labels, results[b].labels),
                **difference.pair(results[a], results[b]),
            }
            for a, b in pairs
        ],
    }


def _sentence(fault: DemoError | None, locale: str) -> str | None:
    return None if fault is None else translate(fault.key, locale, **fault.fields)


def _classes(a: tuple[str, ...], b: tuple[str, ...]) -> JsonObject:
    sets = ClassSets.of(a, b)
    return {"shared": sets.shared, "only_a": sets.only_a, "only_b": sets.only_b}


def _entry_facts(comparison: Comparison, entry: Entry, locale: str) -> JsonObject:
    if entry.prediction is None or entry.timing is None:
        return {"model": entry.spec.name, "error": _sentence(entry.fault, locale)}
    own = comparison.task.facts(entry.spec, entry.result, entry.query)
    size, latency = entry.size, entry.latency
    return {
        **answer_facts(entry.prediction, entry.timing, own),
        "backend": entry.prediction.backend,
        "params": size.params if size else None,
        "gflops": round(size.gflops, 3) if size and size.gflops is not None else None,
        "latency_ms": latency.as_dict() if latency else None,
        "published": entry.spec.published,
        "measured": entry.spec.measured,
        **({} if entry.fault is None else {"error": _sentence(entry.fault, locale)}),
    }
