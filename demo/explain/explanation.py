"""A map for one answer of a model, and the check of it."""

from dataclasses import dataclass, replace

import numpy as np

from demo.errors import DemoError
from demo.explain import methods
from demo.explain.curves import Curves, curves
from demo.explain.method import HeatMap, Method
from demo.explain.passes import Passes, Progress
from demo.explain.placement import place_of
from demo.explain.randomisation import UNCHANGED, randomised_map, similarity
from demo.inference.engine import Engine, ExclusiveModel
from demo.models.spec import ModelSpec, Prepared, Request
from demo.models.target import Explainable, Target
from demo.validate import brief

CHECK_PASSES = 60
"""Passes of a check at most."""
_LAST_LAYERS = 1 / 3


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for; the names are checked by `asked`.

    layers: of the network, the most telling first; none for a method that uses none.
    """

    method: Method
    target: Target
    layers: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """A map.

    heat: see `HeatMap`. prepared: the request; its geometry leads the map back to the upload.
    score: of the target, 0–1. passes: how many it took.
    """

    question: Question
    heat: HeatMap
    prepared: Prepared
    score: float
    passes: int


@dataclass(frozen=True, slots=True, eq=False)
class Checks:
    """What is known of how far a map can be trusted.

    curves: deletion and insertion. similarity: rank correlation with the map of the same network
    with random weights in its last third, −1…1, of a box within it; None where the box has too few
    cells of the map. passes: how many the check took.
    """

    curves: Curves
    similarity: float | None
    passes: int

    @property
    def depends_on_weights(self) -> bool | None:
        """Whether the map changes with what the last layers have learned; None: nobody can tell."""
        return None if self.similarity is None else self.similarity < UNCHANGED


def methods_for(spec: ModelSpec) -> list[Method]:
    """The methods that can explain answers of a model, the usual one first."""
    if spec.runtime != "torch" or not isinstance(spec.family, Explainable):
        return []
    return [one for one in methods.all_methods() if one.suits(spec)]


def asked(spec: ModelSpec, method: object, target: Target, layer: object = "") -> Question:
    """The checked question about a model.

    Args:
        spec: the model.
        method: name of a method, or empty for the first that suits the model.
        target: a class of the model.
        layer: one of its `cam_layers`, or empty for all of them together.

    Raises:
        DemoError: for another name, and for a model that the method cannot explain.
    """
    suited = methods_for(spec)
    if not suited:
        raise DemoError("explain_no_gradients", name=spec.name)
    chosen = suited[0] if method == "" else methods.find(method)
    if chosen not in suited:
        some = ", ".join(one.name for one in suited)
        raise DemoError("explain_no_maps", method=chosen.name, name=spec.name, some=some)
    if not 0 <= target.class_id < len(spec.labels):
        raise DemoError("explain_no_class", got=brief(target.class_id), name=spec.name)
    if layer and layer not in spec.cam_layers:
        some = ", ".join(spec.cam_layers) or "–"
        raise DemoError("explain_no_layer", got=brief(layer), name=spec.name, some=some)
    if not chosen.uses_layers:
        return Question(chosen, target, ())
    return Question(chosen, target, (str(layer),) if layer else spec.cam_layers)


def explain(
    engine: Engine,
    model: str,
    request: Request,
    question: Question,
    progress: Progress | None = None,
) -> Explanation:
    """The map for a question.

    progress: counts its passes while they run, and may stop them. Raises DemoError where the model
    cannot be loaded or answered, and StoppedError.
    """
    with engine.exclusive(model) as own:
        prepared = own.spec.family.preprocess(request)
        passes = _passes(own, prepared, question, progress or Progress())
        heat = question.method.explain(passes, question.layers)
        if not np.isfinite(heat).all():
            raise DemoError("not_finite", name=model)
        score = passes.score(passes.inputs)
        return Explanation(question, heat, passes.prepared, score, passes.progress.done)


def check(engine: Engine, model: str, found: Explanation, progress: Progress) -> Checks:
    """The check of a map: at most CHECK_PASSES passes, which `progress` counts and may stop.

    Raises DemoError and StoppedError as `explain` does.
    """
    question, before = found.question, progress.done
    with engine.exclusive(model) as own:
        passes = _passes(own, found.prepared, question, progress)
        measured, alike = curves(passes, found.heat), _similarity(passes, found)
        return Checks(measured, alike, progress.done - before)


def weights_similarity(
    engine: Engine, model: str, found: Explanation, progress: Progress
) -> float | None:
    """`Checks.similarity` alone. Raises DemoError and StoppedError as `explain` does."""
    with engine.exclusive(model) as own:
        return _similarity(_passes(own, found.prepared, found.question, progress), found)


def _similarity(passes: Passes, found: Explanation) -> float | None:
    question = found.question
    random = randomised_map(question.method, passes, question.layers, _LAST_LAYERS)
    return similarity(found.heat, random, place_of(question.target, found.prepared))


def _passes(
    own: ExclusiveModel, prepared: Prepared, question: Question, progress: Progress
) -> Passes:
    family = own.spec.family
    assert isinstance(family, Explainable)
    passes = Passes(own, family, prepared, progress=progress)
    index = family.output_index(passes.outputs(), prepared, question.target)
    return replace(passes, index=index)
