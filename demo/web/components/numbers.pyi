"""Number controls that answer an emptied or mistyped field as a person would expect."""

import math
from typing import Any

import gradio as gr

from gradio.events import Dependency

class Slider(gr.Slider):
    """A slider: what lies outside counts as its nearer end, an empty field as its start."""

    def get_block_name(self) -> str:
        """The front end's component."""
        return "slider"

    def preprocess(self, payload: Any) -> float:
        """The number that the handler gets."""
        return _within(payload, self.value, self.minimum, self.maximum)
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component


class Number(gr.Number):
    """A number field with the same manners."""

    def get_block_name(self) -> str:
        """The front end's component."""
        return "number"

    def preprocess(self, payload: Any) -> float | int | None:
        """The number that the handler gets."""
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        return super().preprocess(_within(payload, self.value, low, high))
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component


def _within(payload: Any, start: Any, low: float, high: float) -> float:
    number = isinstance(payload, int | float) and not isinstance(payload, bool)
    wished: float = payload if number and not math.isnan(payload) else start
    return min(max(wished, low), high)