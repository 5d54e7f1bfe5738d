"""The answers about several pictures, as they come and with what is set now."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import wait
from functools import partial

import gradio as gr

from demo import tasks
from demo.batch.export.exporter import formats_of
from demo.batch.pictures import LeftOut
from demo.batch.run import refined
from demo.errors import DemoError
from demo.i18n import translate
from demo.labels.names import localized
from demo.results import Result
from demo.tasks.base import Query
from demo.web.components.answering import model_progress, value
from demo.web.components.batches.messages import Followed, read
from demo.web.components.batches.visitor_batch import Answers, VisitorBatch
from demo.web.components.batches.visitors import Visitors
from demo.web.latest import LatestRequests, Standing
from demo.web.listener import Listener
from demo.web.request import request_locale
from demo.web.tab import Context
from demo.web.views import answers as answer_views
from demo.web.views import batch as batch_view

_POLL_S = 0.3
_TOUCH_POLLS = 100
"""Polls between two renewals of the files' time."""
Values = Callable[..., Mapping[str, object]]
"""Model and controls → the options of the query."""


class Lines:
    """The text that the page's script shows: it only grows, so that only what is new travels."""

    def __init__(
        self, batch: VisitorBatch, answers: Answers, query: Query, turn: int, locale: str
    ) -> None:
        """Begin with what is answered already; query: what of it is shown."""
        self._batch, self._answers, self._query, self._locale = batch, answers, query, locale
        self._view = answer_views.find(answers.spec.task)
        self._shown: dict[int, Result | None] = {}
        self._failed: list[LeftOut] = []
        self._told_left = -1
        titles = _formats(answers.spec.task, locale)
        self._text = batch_view.head(turn, len(batch.pictures), titles, locale)
        self.take()

    def take(self) -> bool:
        """Add the pictures that were answered meanwhile; whether there are any."""
        new = [place for place in self._answers.steps.copy() if place not in self._shown]
        for place in new:
            self._text += self._cell(place)
        return bool(new)

    def told(self, state: str, text: str = "", problem: str = "") -> str:
        """The text with how far it is; state, text, problem: see `batch_view.progress`."""
        done, total = len(self._shown), len(self._batch.pictures)
        keys = {"running": "several_progress", "stopped": "several_stopped"}
        if not text and state in keys:
            text = translate(keys[state], self._locale, done=done, total=total)
        results = [one for one in self._shown.values() if one is not None]
        totals = self._view.totals(results, self._locale) if results else ""
        # The list may be long: it travels where there is more of it.
        left = [*self._batch.left, *self._failed]
        more = None if len(left) == self._told_left else left
        self._told_left = len(left)
        self._text += batch_view.progress(state, done, text, totals, more, self._locale, problem)
        return self._text

    def _cell(self, place: int) -> str:
        step = self._answers.steps[place]
        result: Result | None = None
        if isinstance(step, LeftOut):
            self._failed.append(step)
        else:
            result = localized(refined(step, self._query), self._locale)
        self._shown[place] = result
        thumbnail = self._batch.thumbnail(place)
        path = str(thumbnail) if thumbnail.exists() else ""
        picture = self._batch.pictures[place]
        return batch_view.cell(place, picture, path, step, result, self._view, self._locale)


def follow_handler(
    context: Context, task: str, visitors: Visitors, latest: LatestRequests, values: Values
) -> Callable[..., Iterator[str]]:
    """The handler that answers about a visitor's pictures; a newer request of his takes it over.

    Its inputs are a message of the page, the model and the tab's own controls.
    """

    def follow(request: gr.Request, message: str, model: str, *controls: object) -> Iterator[str]:
        followed = read(Followed, message)
        session, locale = str(request.session_hash), request_locale(request)
        own = latest.begin(session)
        batch = visitors.get(session)
        if batch is None:
            minutes = context.service.settings.keep_minutes
            text = translate("several_gone", locale, minutes=minutes)
            yield _failure(followed.turn, text, 0, locale)
            return
        standing = partial(latest.standing, session, own)
        try:
            options = values(model, *controls)
            spec = context.service.spec(model, task)
            query = tasks.find(task).parse(spec, options)
            answers = batch.answers(spec, query)
            batch.stopped = batch.stopped and not followed.goes_on
            lines = Lines(batch, answers, query, followed.turn, locale)
            yield from _steps(context, batch, answers, lines, standing, session, locale)
        except DemoError as error:
            text = translate(error.key, locale, **error.fields)
            yield _failure(followed.turn, text, len(batch.pictures), locale)
        finally:
            # A newer request has taken the run over.
            if standing() is not Standing.REPLACED:
                batch.end()

    return follow


def _steps(
    context: Context,
    batch: VisitorBatch,
    answers: Answers,
    lines: Lines,
    standing: Callable[[], Standing],
    session: str,
    locale: str,
) -> Iterator[str]:
    """The text whenever there is more of it. Raises DemoError where nobody listens."""
    listener = Listener(context.page, session)
    batch.touch()
    if not batch.stopped:
        batch.begin(answers)
    polls, run = 0, answers.run
    while run is not None and standing() is Standing.CURRENT:
        listener.check()
        status = context.service.engine.status(answers.spec.name).state
        waits = status in ("downloading", "loading") and not answers.steps
        text = model_progress(context.service.engine, answers.spec.name, locale) if waits else ""
        yield lines.told("running", text)
        while not (is_done := wait([run], _POLL_S).done) and standing() is Standing.CURRENT:
            if lines.take() or waits:
                break
            listener.check()
        polls += 1
        if polls % _TOUCH_POLLS == 0:
            batch.touch()
        if is_done:
            value(run)
            break
    if standing() is Standing.REPLACED:
        return
    if standing() is Standing.STOPPED:
        batch.stopped = True
    lines.take()
    yield lines.told("done" if batch.is_complete(answers) else "stopped")


def _formats(task: str, locale: str) -> list[tuple[str, str]]:
    return [(one.name, translate(one.title, locale)) for one in formats_of(tasks.find(task))]


def _failure(turn: int, problem: str, total: int, locale: str) -> str:
    head = batch_view.head(turn, total, [], locale)
    return head + batch_view.progress("failed", 0, "", "", [], locale, problem)
