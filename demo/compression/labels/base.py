"""What true answers in a set of pictures are, and the score by them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from demo.errors import DemoError
from demo.models.spec import ModelSpec
from demo.results import Result
from demo.tasks.base import JsonObject


@dataclass(frozen=True, slots=True)
class SetScore:
    """The score of a model on a set; 0–1 with the bounds of the 95 % interval.

    metric: `accuracy` or `mAP50`. pictures: that have labels.
    """

    metric: str
    value: float
    low: float
    high: float
    pictures: int

    def as_dict(self) -> JsonObject:
        """The JSON shape `score`."""
        bounds = {name: round(getattr(self, name), 4) for name in ("value", "low", "high")}
        return {"metric": self.metric, **bounds, "pictures": self.pictures}


class Truth(ABC):
    """The true answers of the pictures of one set, for one model."""

    notes: Sequence[DemoError] = ()
    """What a person should know about them."""

    @abstractmethod
    def judge(self, name: str, result: Result) -> object | None:
        """What one answer adds to the score; None for a picture without a label.

        Args:
            name: of the picture in the set.
            result: the whole answer of the model, before any filter but its own.
        """

    @abstractmethod
    def score(self, judged: Sequence[object]) -> SetScore | None:
        """The score of all that `judge` gave, in any order; None for too few."""


class Labels(ABC):
    """One way in which a set states its true answers. It keeps no state."""

    name: ClassVar[str]
    """Unique among all of them."""
    tasks: ClassVar[tuple[str, ...]]
    """Names of the tasks whose answers are judged by it."""

    @abstractmethod
    def read(self, spec: ModelSpec, names: Sequence[str], texts: Mapping[str, str]) -> Truth | None:
        """The true answers; None where the set has none.

        Args:
            spec: the model whose classes they are mapped to by name.
            names: of the pictures in the set, with `/`.
            texts: text files of the set by name.

        Raises DemoError for labels that cannot be read, or do not fit the model.
        """
