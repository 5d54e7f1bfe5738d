"""Which models are compared: the names of a request, and lists to choose with one click."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from math import log

from demo import tasks, validate
from demo.compare import differences
from demo.errors import DemoError
from demo.inference.engine import Engine, ModelRow
from demo.inference.named_model import named_model, no_such_model
from demo.models.spec import ModelSpec
from demo.tasks.base import AnyTask

MIN_MODELS, MAX_MODELS = 2, 8
SMALL_PARAMS = 5_000_000
"""Parameters below which a model counts as small."""


def compared_tasks() -> list[AnyTask]:
    """The tasks whose models can be compared, in the order of the page."""
    return [task for task in tasks.all_tasks() if task.name in differences.names()]


def chosen_models(engine: Engine, names: object) -> list[ModelSpec]:
    """The models of a request, in its order and without repeats.

    Raises DemoError for anything but a list of names, for fewer than 2 or more than 8 of them, for
    an unknown one, and for models of different tasks.
    """
    if not isinstance(names, list | tuple):
        raise DemoError("compare_not_a_list", got=validate.brief(names))
    allowed = [task.name for task in compared_tasks()]
    # Counted before each is looked up; names may be of any type, also of one without a hash.
    if not MIN_MODELS <= len(names) <= MAX_MODELS:
        raise DemoError("compare_count", low=MIN_MODELS, high=MAX_MODELS, got=len(names))
    specs = list(
        {spec.name: spec for spec in (named_model(engine, n, allowed) for n in names)}.values()
    )
    for spec in specs:
        if spec.task not in allowed:
            raise no_such_model(engine, spec.name, allowed)
        if spec.task != specs[0].task:
            raise DemoError("compare_tasks", a=specs[0].name, b=spec.name)
    if len(specs) < MIN_MODELS:
        raise DemoError("compare_count", low=MIN_MODELS, high=MAX_MODELS, got=len(specs))
    return specs


def presets(rows: Iterable[ModelRow], task: str) -> Mapping[str, Sequence[str]]:
    """Lists of models of a task whose weights are here, by the key of their title.

    A list has at most 8 models, the first of the catalog; one with fewer than 2 is left out. The
    owner's own stand beside the official model that is most like the first of them.
    """
    here = [row for row in rows if row["task"] == task and row["available"]]
    own = [row for row in here if row["own"]][: MAX_MODELS - 1]
    official = sorted((row for row in here if not row["own"]), key=partial(_strangeness, own))
    lists = {
        "preset_all": here,
        "preset_small": [row for row in here if (row["params"] or SMALL_PARAMS) < SMALL_PARAMS],
        "preset_own": [*own, *official[:1]] if own and official else [],
    }
    names = {key: [row["name"] for row in chosen[:MAX_MODELS]] for key, chosen in lists.items()}
    return {key: chosen for key, chosen in names.items() if len(chosen) >= MIN_MODELS}


def _strangeness(own: Sequence[ModelRow], official: ModelRow) -> tuple[int, float]:
    """How little an official model is like the first of the owner's: in classes, then in size."""
    first = next(iter(own), official)
    size = (official["params"] or 1) / (first["params"] or official["params"] or 1)
    return abs(official["classes"] - first["classes"]), abs(log(size))
