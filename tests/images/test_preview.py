import cv2
import numpy as np
import pytest

from demo.images.preview import PREVIEW_SIDE, encode_preview, needs_preview


def decoded(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert bgr is not None
    return np.asarray(bgr, np.uint8)


@pytest.mark.parametrize("size_wh", [(6000, 4000), (300, 5000), (5000, 1)])
def test_a_preview_has_the_shape_of_its_picture(size_wh: tuple[int, int]) -> None:
    width, height = size_wh
    rgb = np.full((height, width, 3), 90, np.uint8)
    assert needs_preview(rgb)
    shown = decoded(encode_preview(rgb))
    scale = PREVIEW_SIDE / max(size_wh)
    assert max(shown.shape) == PREVIEW_SIDE
    assert abs(shown.shape[1] - max(1, width * scale)) <= 1
    assert abs(int(shown.mean()) - 90) <= 2


def test_a_small_picture_keeps_its_pixels() -> None:
    rgb = np.zeros((PREVIEW_SIDE, 20, 3), np.uint8)
    assert not needs_preview(rgb)
    assert decoded(encode_preview(rgb)).shape == rgb.shape
