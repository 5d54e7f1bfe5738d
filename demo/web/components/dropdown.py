"""A dropdown whose choices follow another control."""

import gradio as gr

_Sent = str | int | float | list[str | int | float] | None
_Value = _Sent | list[int | None]


class FollowingDropdown(gr.Dropdown):
    """A dropdown whose choices a handler sets; what another value means its handlers decide.

    The server knows new choices a moment before the browser has taken them up. What a visitor does
    in that moment is sent with the value of before, and Gradio would refuse the whole request.
    """

    def get_block_name(self) -> str:
        """Name of the front end's component."""
        return "dropdown"

    def preprocess(self, payload: _Sent) -> _Value:
        """Return what the handler gets: a name or a number, or a list of them, whatever they are.

        Raises gr.Error for anything else.
        """
        values = payload if self.multiselect else [payload]
        if isinstance(values, list) and all(isinstance(one, str | int) for one in values):
            return payload
        return super().preprocess(payload)
