"""The result side of Video: what it shows while a run is idle, queued, going or done."""

from dataclasses import dataclass

import gradio as gr
from gradio.components import Component

from demo.web.components.picture import PictureOut
from demo.web.tab import Context
from demo.web.views import answer as answer_view

Updates = dict[Component, object]
"""New values by component; a component that is missing stays as it is."""


@dataclass(frozen=True, slots=True)
class ResultArea:
    """The components that a run changes.

    player: the finished video, or how to get one. preview: the newest frame of a run that is
    going. start, leave, stop: buttons, of which one is visible.
    """

    player: gr.HTML
    preview: PictureOut
    status: gr.HTML
    start: gr.Button
    leave: gr.Button
    stop: gr.Button

    def all(self) -> list[Component]:
        """The outputs of an event; its answer may name only some of them."""
        return [self.player, self.preview, self.status, self.start, self.leave, self.stop]

    def idle(self, status: str = "", player: str | None = None) -> Updates:
        """No run: the last result, or with `player` None how to get one."""
        html = empty_player() if player is None else player
        return {
            self.player: gr.HTML(html, visible=True),
            self.preview: gr.Image(None, visible=False),
            self.status: status,
            **self._buttons(start=True),
        }

    def queued(self, status: str) -> Updates:
        """The video waits in the queue."""
        return {**self.idle(status), **self._buttons(leave=True)}

    def going(self, status: str, picture: str | None) -> Updates:
        """The video is processed; picture: path of the newest frame, None before the first."""
        updates = {self.status: status, **self._buttons(stop=True)}
        if picture is not None:
            updates[self.player] = gr.HTML(visible=False)
            updates[self.preview] = gr.Image(picture, visible=True)
        return updates

    def _buttons(self, start: bool = False, leave: bool = False, stop: bool = False) -> Updates:
        return {
            self.start: gr.Button(visible=start),
            self.leave: gr.Button(visible=leave),
            self.stop: gr.Button(visible=stop),
        }


def result_area(context: Context) -> ResultArea:
    """Lay the area out, idle."""
    t = context.t
    start = gr.Button(t("video_start"), variant="primary", elem_id="video-start")
    leave = gr.Button(t("video_leave"), visible=False, elem_id="video-leave")
    stop = gr.Button(t("video_stop"), variant="stop", visible=False, elem_id="video-stop")
    player = gr.HTML(empty_player(), elem_id="video-player", padding=False)
    preview = PictureOut(
        label=t("video_now"),
        interactive=False,
        visible=False,
        height=380,
        buttons=[],
        elem_id="video-preview",
    )
    status = gr.HTML(elem_id="video-status", elem_classes="status", padding=False)
    return ResultArea(player, preview, status, start, leave, stop)


def empty_player() -> str:
    """The place of the player before there is a video."""
    return answer_view.empty("video_empty")
