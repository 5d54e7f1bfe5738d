"""Whether somebody reads a session's event stream, by what has not been read."""

from queue import SimpleQueue
from typing import cast

import gradio as gr
import pytest

from demo.errors import DemoError
from demo.web import listener
from demo.web.listener import Listener


class Page:
    """A page whose queue holds the messages of one session."""

    def __init__(self) -> None:
        self._queue = self
        self.messages: SimpleQueue[str] = SimpleQueue()
        self.pending_messages_per_session = {"visitor": self.messages}


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(listener, "time", made)
    return made


def test_a_reader_may_take_as_long_as_it_likes(clock: Clock) -> None:
    page = Page()
    heard = Listener(cast(gr.Blocks, page), "visitor")
    for _ in range(100):
        page.messages.put("progress")
        heard.check()
        page.messages.get()
        clock.now += 1


def test_without_a_reader_it_ends_after_five_seconds(clock: Clock) -> None:
    page = Page()
    heard = Listener(cast(gr.Blocks, page), "visitor")
    for _ in range(14):
        page.messages.put("progress")
        heard.check()
        clock.now += 0.35
    clock.now += 1
    with pytest.raises(DemoError) as caught:
        heard.check()
    assert caught.value.key == "nobody_listens"


def test_a_pause_of_the_reader_is_forgiven(clock: Clock) -> None:
    page = Page()
    heard = Listener(cast(gr.Blocks, page), "visitor")
    for _ in range(10):
        for _ in range(4):
            page.messages.put("progress")
            heard.check()
            clock.now += 1
        while not page.messages.empty():
            page.messages.get()
        heard.check()


def test_a_session_that_is_gone_is_no_reason(clock: Clock) -> None:
    heard = Listener(cast(gr.Blocks, Page()), "another")
    clock.now += 60
    heard.check()
