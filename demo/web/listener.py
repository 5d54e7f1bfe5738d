"""Whether somebody reads the answers of a request while it is worked on."""

import time

import gradio as gr

from demo.errors import DemoError

_PATIENCE_S = 5.0
_IN_FLIGHT = 2
"""Messages that may be on their way to a visitor who listens."""


class Listener:
    """The reader of one session's event stream; a program may never open it."""

    def __init__(self, page: gr.Blocks, session: str) -> None:
        """Expect a reader from now on."""
        self._page, self._session = page, session
        self._heard_at = time.monotonic()

    def check(self) -> None:
        """Raise DemoError where nothing was read for 5 s; to be called between messages."""
        now = time.monotonic()
        if self._unread() <= _IN_FLIGHT:
            self._heard_at = now
        elif now - self._heard_at > _PATIENCE_S:
            raise DemoError("nobody_listens", seconds=_PATIENCE_S)

    def _unread(self) -> int:
        messages = self._page._queue.pending_messages_per_session.get(self._session)
        return 0 if messages is None else messages.qsize()
