"""One comparison on the page: from the controls to the parts of the answer as they come."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import gradio as gr

from demo.compare.comparison import Comparison
from demo.errors import DemoError
from demo.i18n import translate
from demo.images.decode import Picture
from demo.service.comparisons import OpenComparison
from demo.web.components.answering import Updates, error_note, progress_then_result
from demo.web.components.private_files import save_drawn
from demo.web.faults import explained
from demo.web.latest import LatestRequests, Standing
from demo.web.listener import Listener
from demo.web.request import request_locale
from demo.web.tab import Context
from demo.web.views import comparison as view
from demo.web.views import comparisons
from demo.web.views.answer import empty, file_address, note

PAIR_SIGN = " ↔ "
"""Between the names of two models whose difference is shown."""
_OWN_THRESHOLD = 0
"""The position of the confidence slider that leaves the threshold to each model."""
CLEARED: Updates = ("", empty("compare_empty"), "", "")
"""Status, difference, answers and numbers without a picture."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a visitor has set; pair: two of the models, joined by `PAIR_SIGN`, or anything else."""

    path: str
    models: list[str]
    confidence: float
    pair: object

    @property
    def values(self) -> dict[str, object]:
        """The options of the query."""
        return {"confidence": None if self.confidence == _OWN_THRESHOLD else self.confidence}

    @property
    def shown_pair(self) -> tuple[str, str]:
        """The pair if both are among the models, else the first two."""
        names = str(self.pair).split(PAIR_SIGN)
        if len(names) == 2 and set(names) <= set(self.models):
            return names[0], names[1]
        first, second = self.models[:2]
        return first, second


@dataclass(slots=True)
class _Shown:
    """What the page shows already, so that only what is new is sent."""

    state: object = None
    difference_of: object = None


def run_comparison(
    context: Context, latest: LatestRequests, wish: Wish, request: gr.Request
) -> Iterator[Updates]:
    """Compare, and yield the parts of the answer as they come.

    It ends where the visitor has stopped it, has asked for something else meanwhile, or no longer
    listens.
    """
    locale = request_locale(request)
    session = str(request.session_hash)
    own = latest.begin(session)
    listener = Listener(context.page, session)
    yield _status(note(translate("working", locale), "busy"))
    try:
        steps = _updates(context, wish, locale)
        standing = partial(latest.standing, session, own)
        stopped = _status(note(translate("compare_stopped", locale)))
        yield from while_current(steps, standing, listener, stopped)
    except DemoError as error:
        yield error_note(error, locale), *CLEARED[1:]


def while_current(
    steps: Iterable[Updates | None],
    standing: Callable[[], Standing],
    listener: Listener,
    stopped: Updates,
) -> Iterator[Updates]:
    """What `steps` yields while the request is its visitor's last one.

    Args:
        steps: updates; None while there is nothing new.
        standing: of the request.
        listener: raises DemoError where nobody listens.
        stopped: the last update where the visitor has stopped the request.
    """
    for updates in steps:
        now = standing()
        if now is Standing.STOPPED:
            # By this request: its own last word comes after all of its others.
            yield stopped
        if now is not Standing.CURRENT:
            return
        listener.check()
        if updates is not None:
            yield updates


def stop_handler(latest: LatestRequests) -> Callable[[gr.Request], None]:
    """The handler of the Stop button: the visitor's comparison ends after the running pass."""

    def stop(request: gr.Request) -> None:
        latest.stop(str(request.session_hash))

    return stop


def _status(html: str) -> Updates:
    return html, gr.skip(), gr.skip(), gr.skip()


def _updates(context: Context, wish: Wish, locale: str) -> Iterator[Updates | None]:
    """The parts as they come; None every now and then while there is nothing new."""
    service, shown = context.service, _Shown()
    opened: OpenComparison | None = None
    open_now = partial(service.comparisons.open, wish.path, wish.models, wish.values, explained)
    for found in progress_then_result(service, None, locale, open_now):
        if isinstance(found, OpenComparison):
            opened = found
        yield None
    assert opened is not None
    waiting: object = wish.models[0]
    comparison: Comparison | None = None
    while comparison is None or not comparison.done:
        take = partial(next, opened.steps)
        for step in progress_then_result(service, waiting, locale, take):
            if isinstance(step, Comparison):
                comparison = step
            else:
                is_asking = comparison is None or comparison.waiting
                yield _status(step) if is_asking else None
        assert comparison is not None
        waiting = comparison.waiting[0].spec.name if comparison.waiting else None
        yield _news(context, opened.picture, comparison, wish, shown, locale)


def _news(
    context: Context,
    picture: Picture,
    comparison: Comparison,
    wish: Wish,
    shown: _Shown,
    locale: str,
) -> Updates | None:
    """The parts that have changed; None after a pass that only adds to a measurement."""
    state = (comparison.entries, comparison.measuring, comparison.done)
    if state == shown.state:
        return None
    shown.state = state
    difference: object = gr.skip()
    difference_of = (set(comparison.results), bool(comparison.waiting))
    if difference_of != shown.difference_of:
        # Only then: a box that the visitor has clicked on stays marked.
        shown.difference_of = difference_of
        address = _draw(context, picture, comparison, wish.shown_pair, locale)
        difference = view.difference(comparison, wish.shown_pair, address, locale)
    status = view.status(comparison, translate("working", locale), locale)
    return status, difference, view.answers(comparison, locale), view.numbers(comparison, locale)


def _draw(
    context: Context, picture: Picture, comparison: Comparison, pair: tuple[str, str], locale: str
) -> str:
    """The address of the difference picture; empty where there is none."""
    results = comparison.results
    pairwise = comparisons.find(comparison.task.name).pairwise
    if not pairwise or not set(pair) <= set(results):
        return ""
    drawn = comparison.difference.draw(picture.rgb, results[pair[0]], results[pair[1]], locale)
    if drawn is None:
        return ""
    folder = str(context.service.uploads.folder)
    return file_address(save_drawn(drawn, folder, "difference").shown)
