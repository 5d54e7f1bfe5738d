"""The peer of the live camera: the same network behind Gradio's own webcam streaming.

`python -m benchmarks.camera_peer` serves it on GRADIO_SERVER_PORT.
"""

import os
from typing import Any

import gradio as gr

from benchmarks import needs
from demo.drawing.detections import draw_detections
from demo.geometry import boxes
from demo.inference.engine import Engine
from demo.inference.local_engine import LocalEngine
from demo.models.spec import ImageRequest
from demo.results import Detections
from demo.settings import Settings
from demo.web.components.picture import PictureOut

_EVERY_S = 0.03
"""Interval at which Gradio's page takes a frame: the interval of the camera."""


def build(engine: Engine) -> gr.Blocks:
    """A webcam and its answers, drawn and sent as on our own page (JPEG)."""

    def detect(frame: Any) -> Any:
        if frame is None:
            return None
        found = engine.run("yolo11n", ImageRequest(frame)).result
        assert isinstance(found, Detections)
        return draw_detections(frame, boxes.nms(found.select(0.25), 0.7))

    page = gr.Blocks()
    with page:
        options = gr.WebcamOptions(mirror=False)
        camera = gr.Image(
            sources=["webcam"], streaming=True, type="numpy", webcam_options=options, elem_id="in"
        )
        answer = PictureOut(elem_id="out", streaming=False)
        camera.stream(detect, camera, answer, stream_every=_EVERY_S, time_limit=600)
    return page


def main(_: list[str]) -> None:
    """Serve until the process is ended."""
    engine = LocalEngine(Settings.from_env(os.environ))
    if engine.status("yolo11n").state == "absent":
        raise needs.MissingError(
            "This page needs yolo11n.pt in the folder that VITRINE_WEIGHTS names."
        )
    build(engine).launch(quiet=True, ssr_mode=False)


if __name__ == "__main__":
    needs.run(main)
