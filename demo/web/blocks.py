"""The page as gradio's Blocks: every fault of an answer is a sentence in the visitor's language."""

from typing import Any, cast

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.data_classes import BlocksConfigDict
from gradio.state_holder import SessionState

from demo.errors import DemoError
from demo.web.faults import explained, recognised
from demo.web.functions import check_count
from demo.web.request import to_toast
from demo.web.request_queue import SESSIONS, RequestQueue
from demo.web.session_states import NoPaths

_MISFITS = (gr.Error, ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""What gradio's components raise for a value that is not of their kind."""


class PageBlocks(gr.Blocks):
    """Blocks whose handlers may raise DemoError, and whose queue refuses in sentences."""

    texts: gr.I18n | None = None
    """The strings that browsers translate labels with."""

    is_described = True
    """Whether `get_config_file` answers. Gradio asks for it five times while the page is built and
    mounted, each time for a tenth of a second, and uses the last answer alone."""

    def get_config_file(self) -> BlocksConfigDict:
        """The description of the page for browsers; empty while it is being built."""
        return super().get_config_file() if self.is_described else cast(BlocksConfigDict, {})

    def get_block_name(self) -> str:
        """Name of the front end's component."""
        return "blocks"

    def open_queue(self, max_size: int, concurrency: int) -> None:
        """Take requests by the queue only, also for handlers that gradio runs without it.

        Args:
            max_size: requests that may wait.
            concurrency: answers of one handler at once, where it has no limit of its own.
        """
        for function in self.fns.values():
            function.queue = True
            if function.show_progress == "hidden":
                # At each step of a request the browser looks up every component that any request
                # is to show progress on, also where none is shown: seconds while the page loads.
                function.show_progress_on = []
        self.state_session_capacity = SESSIONS
        self._forget_paths()
        # Not by `queue`, which would also make an application that nobody is served by.
        self.api_open = False
        self._queue = RequestQueue(self, max_size, concurrency)

    def _forget_paths(self) -> None:
        """Keep no path of the visitors' files, which gradio would keep for ever."""
        self.upload_file_set = NoPaths()
        for block in self.blocks.values():
            block.temp_files = NoPaths()
        self.temp_file_sets = []

    async def process_api(self, *values: Any, **options: Any) -> dict[str, Any]:
        """Answer a request. Raises gr.Error, with a sentence in the visitor's language."""
        try:
            answer: dict[str, Any] = await super().process_api(*values, **options)
        except Exception as fault:
            raise to_toast(explained(fault), options.get("request")) from fault
        return answer

    async def preprocess_data(
        self,
        block_fn: BlockFunction,
        inputs: list[Any],
        state: SessionState | None,
        explicit_call: bool = False,
    ) -> list[Any]:
        """The values that a handler gets. Raises DemoError for those that no component reads."""
        try:
            read: list[Any] = await super().preprocess_data(block_fn, inputs, state, explicit_call)
        except _MISFITS as fault:
            raise recognised(fault) or DemoError("unreadable_value") from fault
        return read

    def validate_inputs(self, block_fn: BlockFunction, inputs: list[Any]) -> None:
        """Raise DemoError unless there is one value for each input."""
        check_count(block_fn, len(inputs))
