"""The maps of an answer and their checks as they come; they end where nobody waits for them."""

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import wait
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from demo.explain.explanation import CHECK_PASSES
from demo.explain.passes import Progress
from demo.i18n import translate
from demo.service.explanations import Explained, Explanations
from demo.service.service import Answer, Service
from demo.web.components.answering import Updates, value
from demo.web.listener import Listener
from demo.web.views.answer import note
from demo.web.views.explanation import explanation

_POLL_S = 0.3


@dataclass(frozen=True, slots=True)
class Wanted:
    """One map: of which answer, by the name of a method, and the target as its task names it."""

    answer: Answer
    method: str
    target: str


def maps(
    service: Service, explanations: Explanations, wanted: Sequence[Wanted], locale: str
) -> Generator[tuple[str, str | None]]:
    """What is being waited for, and the maps where they have changed, both as HTML.

    All maps come first, then their checks. Closing it ends the work before its next pass. Raises
    DemoError where something cannot be explained.
    """
    found: list[Explained] = []
    working = note(translate("explain_working", locale), "busy")
    for one in wanted:
        work = partial(explanations.explain, one.answer, one.method, one.target, "")
        with closing(steps(service, work)) as passes:
            for step in passes:
                if isinstance(step, Explained):
                    found.append(step)
                    yield working, explanation(found, locale)
                else:
                    yield working, None
    for place, explained in enumerate(found):
        with closing(steps(service, partial(explanations.check, explained))) as passes:
            for step in passes:
                if isinstance(step, Explained):
                    found[place] = step
                    yield "", explanation(found, locale)
                else:
                    text = translate("explain_checking", locale, done=step, total=CHECK_PASSES)
                    yield note(text, "busy"), None


def while_wanted(
    steps: Generator[Updates], wanted: Callable[[], bool], listener: Listener
) -> Iterator[Updates]:
    """What `steps` yields while it is wanted; then, and where nobody listens, it is closed.

    Raises DemoError where nobody listens, and as `steps` does.
    """
    with closing(steps):
        for updates in steps:
            if not wanted():
                return
            listener.check()
            yield updates


def steps(service: Service, work: Callable[[Progress], Explained]) -> Generator[int | Explained]:
    """How many passes are done, every now and then, and at last what the work gives.

    Closing it ends the work before its next pass. Raises DemoError as the work does.
    """
    progress = Progress()
    future = service.submit(partial(work, progress))
    try:
        while not wait([future], _POLL_S).done:
            yield progress.done
        yield value(future)
    finally:
        progress.stop()
