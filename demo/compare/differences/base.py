"""What a comparison of answers to one task is."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from demo.results import Image, Result
from demo.tasks.base import JsonObject

R = TypeVar("R", bound=Result)


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

    def draw(self, image: Image, a: R, b: R, locale: str = "en") -> Image | None:
        """The difference drawn on a copy of H×W×3 uint8 RGB; None where nothing is drawn.

        locale: language of the class names, one of `demo.i18n.LOCALES`.
        """
        return None


AnyDifference = Difference[Any]
