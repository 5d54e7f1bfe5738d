"""A model by the name in a request; for another name, models that the request could use."""

from collections.abc import Collection
from difflib import get_close_matches

from demo.errors import DemoError
from demo.inference.engine import Engine
from demo.models.spec import ModelSpec
from demo.validate import brief

_PROPOSED = 8
_SIMILAR = 5
_LEAST_SIMILARITY = 0.3


def named_model(engine: Engine, name: object, tasks: Collection[str]) -> ModelSpec:
    """The facts of the model of that name, whatever its task.

    Args:
        engine: knows the models.
        name: from a request; anything but a known name is an error.
        tasks: of the models that the request can use, for proposals.

    Raises:
        DemoError: for any other name, with similar ones of models of `tasks`.
    """
    if not isinstance(name, str):
        raise no_such_model(engine, name, tasks)
    try:
        return engine.spec(name)
    except DemoError:
        known = [row["name"] for row in engine.models() if row["task"] in tasks]
        near = get_close_matches(name, known, n=_SIMILAR, cutoff=_LEAST_SIMILARITY)
        raise no_such_model(engine, name, tasks, near) from None


def no_such_model(
    engine: Engine, name: object, tasks: Collection[str], near: Collection[str] = ()
) -> DemoError:
    """The sentence about a name that no model of `tasks` has; a model of another task is called so.

    It proposes the names in `near`, or, where there are none, models of `tasks` that are present.
    """
    rows = [row for row in engine.models() if row["task"] in tasks and row["available"]]
    if not rows:
        return DemoError("no_model")
    some = ", ".join(near or [row["name"] for row in rows[:_PROPOSED]])
    other = any(row["name"] == name and row["task"] not in tasks for row in engine.models())
    return DemoError(
        "model_of_other_task" if other else "unknown_model", name=brief(name), some=some
    )
