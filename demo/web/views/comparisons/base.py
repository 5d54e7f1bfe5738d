"""What the page needs to know about comparisons of a task."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from demo.results import Result

R = TypeVar("R", bound=Result)


class ComparisonView(ABC, Generic[R]):
    """HTML of comparisons of one task, whose results are of type R. It keeps no state."""

    name: ClassVar[str]
    """Name of the task."""
    pairwise: ClassVar[bool] = False
    """The difference is shown of two models at a time."""

    @abstractmethod
    def difference(self, results: Mapping[str, R], picture: str, locale: str) -> str:
        """Where the answers agree and where they differ.

        Args:
            results: by model, at least two; where the task is `pairwise` the two that are shown.
            picture: address of the difference picture; empty where nothing is drawn.
            locale: one of `demo.i18n.LOCALES`.
        """

    @abstractmethod
    def answer(self, result: R, locale: str) -> str:
        """The answer of one model at a glance."""


AnyComparisonView = ComparisonView[Any]
