"""Gradio's queue of requests, which refuses in sentences and keeps no statistics."""

from typing import Any, Literal

from fastapi import Request
from gradio.blocks import Blocks
from gradio.data_classes import PredictBodyInternal
from gradio.queueing import Queue

from demo.errors import DemoError
from demo.web.functions import endpoints, unknown_function

Pushed = tuple[
    bool, str | list[dict[str, Any]], Literal["success", "error", "queue_full", "validator_error"]
]
"""Whether a request was taken, its id, and its state."""


class RequestQueue(Queue):
    """The requests that wait, by handler; what nobody offers is refused before it waits."""

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
        pushed: Pushed = await super().push(body, request, username)
        return pushed

    def compute_analytics_summary(self, records: list[dict[str, Any]]) -> dict[str, Any]:
        """Nothing: gradio would summarise all requests in a table after each, for a closed page."""
        return {}
