"""How the toy task's answers look."""

from demo.service.service import Answer
from demo.web.views.answer import note
from demo.web.views.answers.base import AnswerView
from tests.web.toys.tasks.brightness import Brightness


class BrightnessView(AnswerView[Brightness]):
    """One sentence."""

    name = "brightness"

    def result(self, result: Brightness, answer: Answer, locale: str) -> str:
        return note(f"<Brightness> {answer.facts['brightness']}")


VIEW = BrightnessView()
