"""What the page needs to know about the answers of a task."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from demo.i18n import translate
from demo.results import Result
from demo.service.service import Answer

R = TypeVar("R", bound=Result)


class Glance(NamedTuple):
    """One of several pictures at a glance.

    badge: a few letters under its thumbnail. spoken: the same in a sentence. unsure: the picture is
    probably of no known class.
    """

    badge: str
    spoken: str
    unsure: bool = False


class AnswerView(ABC, Generic[R]):
    """HTML of the answers of one task, whose results are of type R. It keeps no state."""

    name: ClassVar[str]
    """Name of the task."""

    @abstractmethod
    def result(self, result: R, answer: Answer, locale: str) -> str:
        """The result at a glance, shown next to the picture.

        Args:
            result: `answer.result`.
            answer: the whole answer, for the facts of the model and of the query.
            locale: one of `demo.i18n.LOCALES`.
        """

    def spoken(self, result: R, answer: Answer, locale: str) -> str:
        """The result in one sentence, for screen readers and as the text of its picture."""
        return ""

    def details(self, result: R, answer: Answer, locale: str) -> str:
        """The result in full, for a section that folds out; empty for nothing more to show."""
        return ""

    def glance(self, result: R, locale: str) -> Glance:
        """The result of one of several pictures; result: with names for people."""
        return Glance("", "")

    def totals(self, results: Sequence[R], locale: str) -> str:
        """What there is in several pictures together; results: with names for people."""
        return translate("several_count", locale, count=len(results))


AnyView = AnswerView[Any]
