"""What of a model is compared: its precisions, as a request names them, and what runs each."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from demo import validate
from demo.compare.selection import compared_tasks
from demo.errors import DemoError
from demo.inference.engine import PRECISIONS as CONVERTED
from demo.inference.engine import Engine, ModelInPrecision, Prediction
from demo.inference.named_model import named_model, no_such_model
from demo.models.spec import ModelSpec, Request

INT8 = "int8"
PRECISIONS: tuple[str, ...] = (*CONVERTED, INT8)
"""Names of precisions, the usual reference first."""


@dataclass(frozen=True, slots=True)
class _WholeModel:
    """A model that has its precision from its own file."""

    engine: Engine
    name: str

    @property
    def weights_bytes(self) -> int | None:
        """Size of its file."""
        return self.engine.size_bytes(self.name)

    def run(self, request: Request, *, bulk: bool = False) -> Prediction:
        """As `Engine.run`."""
        return self.engine.run(self.name, request, bulk=bulk)


def chosen_model(engine: Engine, names: object) -> ModelSpec:
    """The only model of a request. Raises DemoError for none, several, or an unsuitable one."""
    if not isinstance(names, list | tuple):
        raise DemoError("compare_not_a_list", got=validate.brief(names))
    if len(names) != 1:
        raise DemoError("compression_one_model", got=len(names))
    allowed = [task.name for task in compared_tasks()]
    spec = named_model(engine, names[0], allowed)
    if spec.task not in allowed:
        raise no_such_model(engine, spec.name, allowed)
    return spec


def chosen_precisions(value: object) -> tuple[str, ...]:
    """The precisions of a request in its order. Raises DemoError for a wrong one, or none."""
    chosen = validate.names(value, "precisions", PRECISIONS)
    if not chosen:
        raise DemoError("compression_no_precision", some=", ".join(PRECISIONS))
    return chosen


def int8_of(name: str) -> str:
    """The name of the model that is made from another one in int8."""
    return f"{name}-{INT8}"


@contextmanager
def opened(engine: Engine, spec: ModelSpec, precision: str) -> Iterator[ModelInPrecision]:
    """The model in one of `PRECISIONS` for the length of the block.

    Raises DemoError where it cannot run in it here, with the command that makes one of int8.
    """
    converted = next((one for one in CONVERTED if one == precision), None)
    if converted is not None:
        with engine.in_precision(spec.name, converted) as model:
            yield model
        return
    name = int8_of(spec.name)
    known: Sequence[ModelSpec] = [
        engine.spec(row["name"]) for row in engine.models() if row["name"] == name
    ]
    if not known:
        raise DemoError("compression_no_int8", name=spec.name, made=name)
    if known[0].labels != spec.labels or known[0].task != spec.task:
        raise DemoError("compression_other_int8", name=spec.name, made=name)
    yield _WholeModel(engine, name)
