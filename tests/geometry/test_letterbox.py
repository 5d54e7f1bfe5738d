"""Letterbox against ultralytics, centre crop against torchvision, both through their inverses."""

import numpy as np
import pytest
import torch
from torchvision.transforms import v2
from ultralytics.data.augment import LetterBox as Peer
from ultralytics.utils import ops

from demo.geometry.letterbox import CenterCrop, Letterbox

SIZES = [
    (810, 1080),
    (640, 480),
    (1280, 720),
    (333, 517),
    (97, 1023),
    (1, 700),
    (3000, 1),
    (31, 33),
]


def picture(
    size_wh: tuple[int, int], seed: int = 0
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    width, height = size_wh
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("scale_up", [True, False])
@pytest.mark.parametrize("size", [320, 640])
@pytest.mark.parametrize("size_wh", SIZES)
def test_pixels_equal_the_letterbox_of_ultralytics(
    size_wh: tuple[int, int], size: int, scale_up: bool
) -> None:
    image = picture(size_wh)
    before = image.copy()
    box = Letterbox.fit(size_wh, size, scale_up=scale_up)
    ours = box.apply(image)
    peer = Peer(size, auto=True, stride=32, scaleup=scale_up)(image=before.copy())
    np.testing.assert_array_equal(ours, peer)
    np.testing.assert_array_equal(image, before)
    assert ours.shape[:2] == box.input_hw
    assert box.input_hw[0] % 32 == 0
    assert box.input_hw[1] % 32 == 0


def test_geometry_equals_ultralytics_for_every_size() -> None:
    """2,000 random sizes: the scale, the border and the input, without pixels."""
    rng = np.random.default_rng(1)
    peer = Peer(640, auto=True, stride=32)
    for width, height in rng.integers(1, 5000, (2000, 2)).tolist():
        box = Letterbox.fit((width, height), 640)
        params = peer.get_params({"img": np.broadcast_to(np.uint8(0), (height, width, 3))})
        assert box.scale == params["ratio"][0]
        assert box.resized_wh == params["new_unpad"]
        assert box.pad_xy == (params["left"], params["top"])
        assert box.input_hw == (
            params["new_unpad"][1] + params["top"] + params["bottom"],
            params["new_unpad"][0] + params["left"] + params["right"],
        )


@pytest.mark.parametrize("size_wh", SIZES)
def test_restore_equals_scale_boxes(size_wh: tuple[int, int]) -> None:
    """Given the letterbox's own gains, the result is that of ultralytics, clipping included."""
    box = Letterbox.fit(size_wh, 640)
    network = np.random.default_rng(2).uniform(-20, 660, (50, 4)).astype(np.float32)
    gain_yx = (box.resized_wh[1] / size_wh[1], box.resized_wh[0] / size_wh[0])
    peer = ops.scale_boxes(
        box.input_hw, torch.from_numpy(network.copy()), size_wh[::-1], (gain_yx, box.pad_xy)
    )
    np.testing.assert_allclose(box.restore(network), peer.numpy(), atol=1e-3)


def test_restore_equals_scale_boxes_as_predict_calls_it() -> None:
    """Without gains ultralytics guesses them from the shapes; on the usual sizes that is exact."""
    for size_wh in [(810, 1080), (640, 480), (1280, 720), (1920, 1080), (4032, 3024)]:
        box = Letterbox.fit(size_wh, 640)
        network = np.random.default_rng(3).uniform(0, 640, (20, 4)).astype(np.float32)
        peer = ops.scale_boxes(box.input_hw, network.copy(), size_wh[::-1])
        np.testing.assert_allclose(box.restore(network), peer, atol=1e-3)


@pytest.mark.parametrize("size_wh", SIZES)
def test_restore_inverts_forward(size_wh: tuple[int, int]) -> None:
    width, height = size_wh
    corners = np.random.default_rng(4).uniform(0, 1, (100, 4)) * [width, height, width, height]
    box = Letterbox.fit(size_wh, 640)
    np.testing.assert_allclose(box.restore(box.forward(corners)), corners, atol=0.01)


def test_pixels_move_as_forward_moves_their_box() -> None:
    """A white square is found at its forwarded box."""
    image = np.zeros((1080, 810, 3), np.uint8)
    image[300:500, 200:440] = 255
    box = Letterbox.fit((810, 1080), 640)
    ys, xs = np.nonzero((box.apply(image) == 255).all(axis=2))
    found = [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
    np.testing.assert_allclose(found, box.forward(np.array([[200, 300, 440, 500]]))[0], atol=1)


def test_restore_clips_to_the_upload() -> None:
    box = Letterbox.fit((640, 480), 640)
    wide = box.restore(np.array([[-50, -50, 900, 900]]))
    np.testing.assert_array_equal(wide, [[0, 0, 640, 480]])
    assert wide.dtype == np.float32
    assert box.restore(np.zeros((0, 4))).shape == (0, 4)


def test_errors_state_the_expected_values() -> None:
    with pytest.raises(ValueError, match="divisible by the stride 32"):
        Letterbox.fit((640, 480), 650)
    with pytest.raises(ValueError, match="sides ≥ 1"):
        Letterbox.fit((0, 480), 640)
    with pytest.raises(ValueError, match="expected a picture of"):
        Letterbox.fit((640, 480), 640).apply(picture((480, 640)))
    with pytest.raises(ValueError, match="sides ≥ 1"):
        CenterCrop.fit((0, 5), 256, 224)


@pytest.mark.parametrize("resize", [256, 232, (64, 48)])
@pytest.mark.parametrize("size_wh", [(810, 1080), (500, 375), (257, 1023), (300, 300)])
def test_centre_crop_sees_the_window_that_torchvision_crops(
    size_wh: tuple[int, int], resize: int | tuple[int, int]
) -> None:
    """A picture whose channels are its coordinates shows where torchvision's crop lies."""
    width, height = size_wh
    crop = 224 if isinstance(resize, int) else 32
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32) + 0.5
    coordinates = torch.from_numpy(np.stack([xs, ys]))
    resized = v2.functional.resize(coordinates, list(np.atleast_1d(resize)), antialias=True)
    fit = CenterCrop.fit(size_wh, resize, crop)
    assert resized.shape[1:] == fit.resized_wh[::-1]
    seen = v2.functional.center_crop(resized, [crop, crop])
    step = np.array(size_wh) / fit.resized_wh
    x0, y0, x1, y1 = fit.window_xyxy
    middle = crop // 2
    np.testing.assert_allclose(float(seen[0, middle, 0]), x0 + step[0] / 2, atol=0.15)
    np.testing.assert_allclose(float(seen[1, 0, middle]), y0 + step[1] / 2, atol=0.15)
    np.testing.assert_allclose(float(seen[0, middle, -1]), x1 - step[0] / 2, atol=0.15)
    np.testing.assert_allclose(float(seen[1, -1, middle]), y1 - step[1] / 2, atol=0.15)


def test_centre_crop_larger_than_the_picture_sees_all_of_it() -> None:
    assert CenterCrop.fit((100, 50), (40, 80), 96).window_xyxy == (0, 0, 100, 50)
