"""How the answers of each task look: one file a task, which declares `VIEW`."""

from functools import cache

from demo.discover import collect
from demo.labels.names import localized
from demo.service.service import Answer
from demo.web.views.answer import picture_notes, timing
from demo.web.views.answers.base import AnyView
from demo.web.views.templates import render


def find(task: str) -> AnyView:
    """The view of a task. Raises KeyError for a task without one."""
    return _by_task()[task]


def status(answer: Answer, locale: str) -> str:
    """The result at a glance, where the time went, and what was done to the upload."""
    view = find(answer.task.name)
    result = localized(answer.result, locale)
    text = view.spoken(result, answer, locale)
    described = f"{answer.task.name}-answer" if answer.annotated is not None else ""
    return (
        view.result(result, answer, locale)
        + (render("spoken", text=text, describes=described) if text else "")
        + timing(answer.timing, answer.prediction, locale)
        + picture_notes(answer.picture, locale)
    )


def details(answer: Answer, locale: str) -> str:
    """The result in full."""
    return find(answer.task.name).details(localized(answer.result, locale), answer, locale)


@cache
def _by_task() -> dict[str, AnyView]:
    return {view.name: view for view in collect(__name__, "VIEW")}
