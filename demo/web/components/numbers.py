"""Number controls that correct an emptied or mistyped field as a visitor would expect."""

import math

import gradio as gr


class Slider(gr.Slider):
    """A slider: values outside are clamped, an empty field counts as the initial value."""

    def get_block_name(self) -> str:
        """Name of the front end's component."""
        return "slider"

    def preprocess(self, payload: object) -> float:
        """Return the number that the handler gets."""
        return _clamped(payload, self.value, self.minimum, self.maximum)


class Number(gr.Number):
    """A number field that clamps and falls back as `Slider` does; a missing bound is infinite."""

    def get_block_name(self) -> str:
        """Name of the front end's component."""
        return "number"

    def preprocess(self, payload: object) -> float | int | None:
        """Return the number that the handler gets."""
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        return super().preprocess(_clamped(payload, self.value, low, high))


def moved(value: float | None) -> object:
    """The update that moves a slider to a value; None leaves it where it is."""
    return gr.skip() if value is None else gr.Slider(value=value)


def _clamped(payload: object, initial: float, low: float, high: float) -> float:
    if isinstance(payload, bool) or not isinstance(payload, int | float) or math.isnan(payload):
        payload = initial
    return min(max(payload, low), high)
