"""What is asked of a batch: a model, the checked options of its task, and the formats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from demo import tasks
from demo.batch.export.base import Format
from demo.batch.export.exporter import chosen_formats
from demo.errors import DemoError
from demo.inference.engine import Engine
from demo.inference.named_model import named_model, no_such_model
from demo.models.spec import ImageRequest, ModelSpec
from demo.tasks.base import AnyTask, Query

_GREY = 114
_SIDE = 64


@dataclass(frozen=True, slots=True, eq=False)
class BatchRequest:
    """A checked request about many pictures."""

    task: AnyTask
    spec: ModelSpec
    query: Query
    formats: tuple[Format, ...]

    @classmethod
    def parse(
        cls, engine: Engine, model: str, values: Mapping[str, object], formats: Sequence[str]
    ) -> "BatchRequest":
        """Check names and values; nothing is loaded.

        Args:
            engine: knows the models.
            model: name of a model that answers about pictures.
            values: options of its task by name.
            formats: names of formats that suit the task.

        Raises DemoError for a wrong one, with those that are right.
        """
        takers = [task.name for task in tasks.all_tasks() if task.takes_pictures]
        spec = named_model(engine, model, takers)
        if spec.task not in takers:
            raise no_such_model(engine, model, takers)
        task = tasks.find(spec.task)
        query = task.parse(spec, values)
        _check_options(spec, task, query, values)
        return cls(task, spec, query, tuple(chosen_formats(task, formats)))

    def try_out(self, engine: Engine) -> None:
        """Load the model and let it answer about a grey picture.

        Raises DemoError where every answer would fail, as for weights that are not here or a size
        that the model does not take.
        """
        grey = np.full((_SIDE, _SIDE, 3), _GREY, np.uint8)
        engine.run(self.spec.name, ImageRequest(grey, self.query.size))


def _check_options(
    spec: ModelSpec, task: AnyTask, query: Query, values: Mapping[str, object]
) -> None:
    """Refuse options that the task would pass over."""
    known = [field.name for field in task.fields]
    sized = query.size is not None and query.size == values.get("size")
    for name in values:
        if name not in known and not (sized and name == "size"):
            some = ", ".join(_option(one) for one in known)
            raise DemoError("batch_wrong_option", name=spec.name, option=_option(name), some=some)


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
