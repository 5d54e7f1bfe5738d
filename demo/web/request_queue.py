"""Gradio's queue of requests, which refuses in sentences and keeps no statistics."""

from typing import Any, Literal

from fastapi import Request
from gradio.blocks import Blocks
from gradio.data_classes import PredictBodyInternal
from gradio.queueing import Queue
from gradio.utils import LRUCache

from demo.errors import DemoError
from demo.web.functions import endpoints, unknown_function

Pushed = tuple[
    bool, str | list[dict[str, Any]], Literal["success", "error", "queue_full", "validator_error"]
]
"""Whether a request was taken, its id, and its state."""

SESSIONS = 500
"""Sessions of which something is kept; beyond them the one unused for longest is forgotten."""


class PendingMessages(LRUCache[str, Any]):
    """The messages that wait for each session.

    A page may read them by two streams, each of which drops them when its visitor leaves: gradio
    then ends the session's work, which must not fail for the second.
    """

    def __delitem__(self, session: str) -> None:
        """Drop the messages of a session, if there are any."""
        if session in self:
            super().__delitem__(session)


class RequestQueue(Queue):
    """The requests that wait, by handler; an unknown handler is refused before it waits."""

    def __init__(self, page: Blocks, max_size: int, concurrency: int) -> None:
        """Prepare the queue of `page`.

        Args:
            page: complete page.
            max_size: requests that may wait.
            concurrency: answers of one handler at once, where it has no limit of its own.
        """
        super().__init__(
            live_updates=True,
            concurrency_count=page.max_threads,
            update_intervals=1,
            max_size=max_size,
            blocks=page,
            default_concurrency_limit=concurrency,
        )
        self.pending_messages_per_session = PendingMessages(SESSIONS)
        self.ANALYTICS_MAX_EVENTS = 0

    async def push(
        self, body: PredictBodyInternal, request: Request, username: str | None
    ) -> Pushed:
        """Take a request.

        Raises DemoError for a function that there is not, and where too many wait.
        """
        function = self.blocks.fns.get(-1 if body.fn_index is None else body.fn_index)
        # Programs that call by name may call endpoints only; the page calls its handlers by number.
        hidden = body.simple_format and function not in endpoints(self.blocks).values()
        if function is None or function.fn is None or hidden:
            raise unknown_function(self.blocks)
        if self.max_size is not None and len(self) >= self.max_size:
            raise DemoError("queue_full", waiting=len(self))
        if len(self.pending_event_ids_session) > SESSIONS:
            self._forget_ended_sessions()
        pushed: Pushed = await super().push(body, request, username)
        return pushed

    def _forget_ended_sessions(self) -> None:
        """Drop what gradio keeps for ever of sessions that wait for nothing."""
        pending = self.pending_event_ids_session
        for session in [session for session, events in pending.items() if not events]:
            messages = self.pending_messages_per_session.get(session)
            if messages is None or messages.empty():
                del pending[session]
                self.pending_messages_per_session.pop(session, None)

    def compute_analytics_summary(self, records: list[dict[str, Any]]) -> dict[str, Any]:
        """Nothing: gradio would summarise all requests in a table after each, for a closed page."""
        return {}
