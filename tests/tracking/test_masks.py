"""A stream of a segmenter: its masks are drawn, followed and counted as boxes are."""

from dataclasses import replace

import numpy as np

from demo.inference.engine import Engine, Prediction
from demo.models.mask_prototypes import MaskPrototypes
from demo.models.spec import ImageRequest
from demo.results import Detections, Image
from demo.tracking.options import StreamOptions
from demo.tracking.stream import StreamProcessor


def square(left: int) -> Image:
    picture = np.full((120, 160, 3), 30, np.uint8)
    picture[40:80, left : left + 40] = (220, 20, 20)
    return picture


def masked(prediction: Prediction) -> Prediction:
    """The prediction with a mask for its boxes: of the picture, the upper half."""
    found = prediction.result
    assert isinstance(found, Detections)
    prototypes = np.ones((1, 30, 40), np.float32)
    prototypes[:, 15:] = -1
    masks = MaskPrototypes(prototypes, np.ones((len(found), 1), np.float32), found.xyxy, (160, 120))
    return replace(prediction, result=replace(found, masks=masks))


def test_masks_of_a_stream_are_followed_and_drawn(desk: Engine) -> None:
    spec = replace(desk.spec("finder"), task="segment")
    processor = StreamProcessor(StreamOptions(spec, track=True))
    rows, picture = [], square(0)
    for index in range(6):
        picture = square(20 + 4 * index)
        prediction = masked(desk.run("finder", ImageRequest(picture)))
        frame, drawn = processor.process(index, index / 10, picture, prediction)
        rows = frame.rows()
    [row] = rows
    assert row["track"] == 1
    assert row["area"] == 40 * 20
    inside, below = (slice(45, 55), slice(50, 70)), (slice(64, 78), slice(72, 80))
    assert (drawn[inside] != picture[inside]).any(axis=-1).all()
    assert np.array_equal(drawn[below], picture[below]), "no mask, and no box around it"
