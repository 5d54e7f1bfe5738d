"""What a comparison of answers to one task is."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from demo.results import Image, Result
from demo.tasks.base import JsonObject

R = TypeVar("R", bound=Result)


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that an answer says.

    label, score: as in the answer. known: False for a picture that is probably of no class. xyxy:
    of a box, pixels of the upload; None without one.
    """

    label: str
    score: float
    known: bool = True
    xyxy: tuple[float, float, float, float] | None = None

    def as_dict(self) -> JsonObject:
        """For JSON: `xyxy` of a box, else `known`."""
        own: JsonObject = {"known": self.known}
        if self.xyxy is not None:
            own = {"xyxy": [round(value, 1) for value in self.xyxy]}
        return {"label": self.label, "score": round(self.score, 4), **own}


@dataclass(frozen=True, slots=True)
class Change:
    """What one answer says and the other one does not; both are empty where the two are alike."""

    before: tuple[Said, ...] = ()
    after: tuple[Said, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.before or self.after)


class Difference(ABC, Generic[R]):
    """Compares results of type R on one picture. It keeps no state."""

    name: ClassVar[str]
    """Name of the task."""
    options: ClassVar[tuple[str, ...]] = ()
    """Options of the task's query that a comparison takes."""

    @abstractmethod
    def agreement(self, results: Mapping[str, R]) -> JsonObject:
        """What all models say of each label, as JSON; results: by model, at least two."""

    @abstractmethod
    def pair(self, a: R, b: R) -> JsonObject:
        """`both`, `only_a` and `only_b` of two results, as JSON."""

    @abstractmethod
    def change(self, before: R, after: R) -> Change:
        """By what the second of two answers about one picture is another one than the first.

        Scores that move alone do not count.
        """

    def draw_change(self, image: Image, before: R, after: R, locale: str = "en") -> Image | None:
        """What `change` tells drawn on a copy of H×W×3 uint8 RGB; None where nothing is drawn.

        locale: language of the class names, one of `demo.i18n.LOCALES`.
        """
        return None

    def draw(self, image: Image, a: R, b: R, locale: str = "en") -> Image | None:
        """The difference drawn on a copy of H×W×3 uint8 RGB; None where nothing is drawn.

        locale: language of the class names, one of `demo.i18n.LOCALES`.
        """
        return None


AnyDifference = Difference[Any]
