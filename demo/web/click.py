"""A click on a picture, checked: anybody may send any event."""

from math import isfinite

import gradio as gr

from demo.errors import DemoError


class Click(gr.EventData):
    """What a handler of `select` takes in place of `gr.SelectData`, which reads it unchecked."""

    @property
    def place(self) -> tuple[float, float]:
        """x and y, pixels of the picture. Raises DemoError for what is no click on a picture."""
        data = self._data if isinstance(self._data, dict) else {}
        pair = data.get("index")
        index = pair if isinstance(pair, list | tuple) else ()
        # Neither true nor false is a number here.
        numbers = [one for one in index if type(one) in (int, float)]
        if len(numbers) != 2 or len(index) != 2 or not all(isfinite(one) for one in numbers):
            raise DemoError("unreadable_value")
        return float(numbers[0]), float(numbers[1])
