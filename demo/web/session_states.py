"""What the server keeps of each open page: as little as possible, and of a limited number."""

from collections import ChainMap
from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from gradio.blocks import Block, Blocks, BlocksConfig
from gradio.components import State
from gradio.state_holder import SessionState, StateHolder


class LightSessionState(SessionState):
    """Components that differ from the page's, without gradio's copy of every one's configuration.

    Only deep links read that copy, which are closed here. It takes 0.4 MB. The page's components
    and functions are looked up, not copied either, which grew with the page.
    """

    def __init__(self, blocks: Blocks) -> None:
        """Start with the components of the page."""
        page = blocks.default_config
        self.blocks_config = BlocksConfig(blocks)
        self.blocks_config.blocks = cast(dict[int, Block], ChainMap({}, page.blocks))
        self.blocks_config.fns = page.fns  # only rendered parts would change it; there are none
        self.blocks_config.fn_id = page.fn_id
        self.config_values = {}
        self.state_data = {}
        self._state_ttl = {}
        self.is_closed = False
        self.STATE_TTL_WHEN_CLOSED = 3600

    def __setitem__(self, key: int, value: Any) -> None:
        if isinstance(block := self.blocks_config.blocks.get(key), State):
            self._state_ttl[key] = (block.time_to_live, datetime.now())
            self.state_data[key] = value
        else:
            self.blocks_config.blocks[key] = value

    def _update_config(self, key: int) -> None:
        """Keep nothing."""

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Keep nothing."""


class NoPaths(set[str]):
    """A set of paths that stays empty: gradio notes every file there, for a clean-up of its own."""

    def add(self, path: str, /) -> None:
        """Keep nothing."""

    def update(self, *paths: Iterable[str]) -> None:
        """Keep nothing."""


class SessionStates(StateHolder):
    """The states of sessions; the one unused for longest goes where there are too many."""

    def __init__(self, page: Blocks) -> None:
        """Keep the states of `page`'s sessions, as many as its `state_session_capacity`."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.set_blocks(page)

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = LightSessionState(self.blocks)
        self.update(session_id)
        self.time_last_used[session_id] = datetime.now()
        return self.session_data[session_id]
