import time
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from demo.drawing.detections import draw_detections, draw_window
from demo.drawing.palette import COLOURS, palette
from demo.results import Detections, Image
from tests.support.masks import run_lengths

LABELS = tuple(f"thing {i}" for i in range(80))


def photo(width: int = 640, height: int = 480, seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def found(
    image: Image,
    xyxy: object,
    class_ids: object = None,
    masks: NDArray[np.bool_] | None = None,
) -> Detections:
    boxes = np.asarray(xyxy, np.float32).reshape(-1, 4)
    scores = np.linspace(0.95, 0.3, len(boxes)).astype(np.float32)
    ids = np.arange(len(boxes)) % 80 if class_ids is None else np.asarray(class_ids)
    size_wh = (image.shape[1], image.shape[0])
    runs = None if masks is None else run_lengths(masks)
    return Detections(boxes, scores, ids, LABELS, size_wh, runs)


def crowd(image: Image, count: int, seed: int = 0) -> Detections:
    dice = np.random.default_rng(seed)
    size = np.array([image.shape[1], image.shape[0]])
    centre, half = (
        dice.uniform(0, 1, (count, 2)) * size,
        dice.uniform(0.02, 0.15, (count, 2)) * size,
    )
    xyxy = np.concatenate([centre - half, centre + half], axis=1)
    return found(image, xyxy.clip(0, np.tile(size, 2)))


def test_the_input_stays_untouched() -> None:
    image = photo()
    before = image.copy()
    image.setflags(write=False)
    drawn = draw_detections(image, crowd(image, 12))
    np.testing.assert_array_equal(image, before)
    assert not np.shares_memory(drawn, image)


def test_nothing_found_is_an_equal_copy() -> None:
    image = photo()
    drawn = draw_detections(image, found(image, []))
    np.testing.assert_array_equal(drawn, image)
    assert not np.shares_memory(drawn, image)


def test_captions_stand_in_place_of_the_class_names() -> None:
    """The same pixels as from labels of that text, best box first or not, in the class's colour."""
    image = photo()
    boxes = [(20, 60, 120, 200), (200, 60, 300, 200), (400, 60, 500, 200)]
    plain = found(image, boxes, [3, 1, 3])[np.array([1, 2, 0])]
    captions = [f"{plain.labels[class_id]} #{i}" for i, class_id in enumerate(plain.class_ids)]
    apart = np.array([1, 3 + COLOURS, 3])
    labels = [""] * (2 * COLOURS)
    for class_id, caption in zip(apart, captions, strict=True):
        labels[class_id] = caption
    renamed = Detections(plain.xyxy, plain.scores, apart, tuple(labels), plain.size_wh)
    np.testing.assert_array_equal(
        draw_detections(image, plain, captions=captions), draw_detections(image, renamed)
    )
    np.testing.assert_array_equal(
        draw_detections(image, plain, show_labels=False, captions=captions),
        draw_detections(image, plain, show_labels=False),
    )


def test_each_box_needs_its_caption() -> None:
    image = photo()
    with pytest.raises(ValueError, match="expected 2 captions, got 1"):
        draw_detections(image, crowd(image, 2), captions=["one"])


@pytest.mark.parametrize("line_width", [1, 2, 3, 4, 7, 12])
def test_only_the_outline_changes(line_width: int) -> None:
    image = photo()
    box = [100, 120, 300, 320]
    drawn = draw_detections(
        image, found(image, [box], [3]), line_width, show_labels=False, show_scores=False
    )
    changed = (drawn != image).any(axis=2)
    out, into = line_width // 2, line_width - line_width // 2
    allowed = np.zeros(changed.shape, bool)
    allowed[120 - out : 320 + out, 100 - out : 300 + out] = True
    allowed[120 + into : 320 - into, 100 + into : 300 - into] = False
    np.testing.assert_array_equal(changed, allowed)
    for x, y in ((100, 200), (299, 200), (200, 120), (200, 319), (100, 120), (299, 319)):
        assert tuple(drawn[y, x]) == palette(3), (x, y)


def test_only_outlines_and_plates_change() -> None:
    image = photo()
    drawn = draw_detections(image, found(image, [[200, 200, 300, 300], [450, 60, 500, 100]]), 3)
    changed = (drawn != image).any(axis=2)
    far = np.ones(changed.shape, bool)
    far[199:302, 199:301] = False
    far[181:202, 199:320] = False
    far[38:102, 448:560] = False
    assert not changed[far].any()
    assert not changed[203:297, 203:297].any()
    assert changed[182:199, 203:260].mean() > 0.99


def test_labels_and_scores_can_be_left_out() -> None:
    image = photo()
    one = found(image, [[200, 200, 300, 300]])
    plate = (slice(170, 198), slice(195, 340))

    def inked(show_labels: bool = True, show_scores: bool = True) -> int:
        drawn = draw_detections(image, one, 3, show_labels, show_scores)
        return int((drawn[plate] != image[plate]).any(axis=2).sum())

    both, label = inked(), inked(show_scores=False)
    score, none = inked(show_labels=False), inked(show_labels=False, show_scores=False)
    assert both > label > score > none == 0


def test_the_best_box_lies_on_top() -> None:
    image = photo()
    two = found(image, [[100, 100, 200, 200], [100, 100, 200, 200]], [1, 2])
    drawn = draw_detections(image, two, 3)
    assert tuple(drawn[150, 100]) == palette(1)
    back = draw_detections(image, two[np.array([1, 0])], 3)
    np.testing.assert_array_equal(back, drawn)


@pytest.mark.parametrize("line_width", [1, 3, 10])
def test_an_outline_at_the_edge_is_whole(line_width: int) -> None:
    image = photo()
    drawn = draw_detections(image, found(image, [[0, 0, 640, 480]], [0]), line_width, False, False)
    colour = palette(0)
    assert (drawn[240, :line_width] == colour).all()
    assert (drawn[240, -line_width:] == colour).all()
    assert (drawn[:line_width, 320] == colour).all()
    assert (drawn[-line_width:, 320] == colour).all()
    np.testing.assert_array_equal(drawn[20:-20, 20:-20], image[20:-20, 20:-20])


@pytest.mark.parametrize(
    "box",
    [
        [50, 50, 50, 50],
        [0, 0, 0, 0],
        [640, 480, 640, 480],
        [-30, -20, 900, 700],
        [700, 500, 800, 600],
        [99.6, 10, 99.7, 200],
    ],
)
def test_boxes_of_any_kind_are_drawn(box: list[float]) -> None:
    image = photo()
    drawn = draw_detections(image, found(image, [box]))
    assert drawn.shape == image.shape
    assert (drawn != image).any()


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 200), (40, 30), (300, 8)])
def test_small_pictures_are_drawn(width: int, height: int) -> None:
    image = photo(width, height)
    drawn = draw_detections(image, found(image, [[0, 0, width, height], [0, 0, 1, 1]]))
    assert drawn.shape == image.shape
    assert (drawn != image).any()


def test_a_thumbnail_is_not_hidden_by_plates() -> None:
    image = photo(40, 30)
    drawn = draw_detections(image, found(image, [[2, 2, 38, 28]]))
    np.testing.assert_array_equal(drawn[5:25, 5:35], image[5:25, 5:35])


def test_line_width_fits_the_picture() -> None:
    for (width, height), expected in (((40, 30), 1), ((640, 480), 3), ((2000, 1500), 7)):
        image = np.zeros((height, width, 3), np.uint8)
        box = [0, 0, width, height]
        drawn = draw_detections(image, found(image, [box], [0]), None, False, False)
        assert (drawn[height // 2, : width // 2] != 0).any(axis=1).sum() == expected


def test_masks_are_translucent_inside_and_leave_the_rest() -> None:
    image = photo()
    masks = np.zeros((1, 480, 640), bool)
    masks[0, 210:290, 210:290] = True
    masks[0, 250, 250] = False
    drawn = draw_detections(image, found(image, [[200, 200, 300, 300]], [5], masks), 3)
    np.testing.assert_array_equal(drawn[230, 210:213], [palette(5)] * 3)
    expected = image[220:240, 220:240] * 0.55 + np.array(palette(5)) * 0.45
    np.testing.assert_allclose(drawn[220:240, 220:240], expected, atol=1)
    np.testing.assert_array_equal(drawn[250, 250], image[250, 250])
    np.testing.assert_array_equal(drawn[205:209, 205:295], image[205:209, 205:295])


def test_the_contour_of_a_mask_goes_along_the_edge_of_the_picture() -> None:
    image = photo()
    drawn = draw_detections(
        image, found(image, [[0, 0, 640, 480]], [5], np.ones((1, 480, 640), bool)), 2, False, False
    )
    assert (drawn[240, -2:] == palette(5)).all()
    assert (drawn[240, -3] != palette(5)).any()


def test_masks_without_boxes_leave_the_outlines_out() -> None:
    image = photo()
    masks = np.zeros((1, 480, 640), bool)
    masks[0, 230:250, 230:250] = True
    masked = found(image, [[200, 200, 300, 300]], [5], masks)
    drawn = draw_detections(image, masked, 3, False, False, show_boxes=False)
    drawn[230:250, 230:250] = image[230:250, 230:250]
    np.testing.assert_array_equal(drawn, image)


def test_an_empty_mask_fills_nothing() -> None:
    image = photo()
    box = [[200, 200, 300, 300]]
    masked = found(image, box, masks=np.zeros((1, 480, 640), bool))
    drawn = draw_detections(image, masked)
    np.testing.assert_array_equal(drawn, draw_detections(image, found(image, box)))


def test_another_picture_is_refused() -> None:
    image = photo()
    with pytest.raises(ValueError, match="expected a picture of"):
        draw_detections(photo(100, 100), crowd(image, 2))
    with pytest.raises(ValueError, match="H×W×3 uint8"):
        draw_detections(image.astype(np.float32), crowd(image, 2))


def test_threads_draw_what_one_draws() -> None:
    image = photo()
    many = [crowd(image, 30, seed) for seed in range(8)]
    alone = [draw_detections(image, one) for one in many]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda one: draw_detections(image, one), many * 4))
    for i, drawn in enumerate(together):
        np.testing.assert_array_equal(drawn, alone[i % 8])


def test_drawing_costs_less_than_sending() -> None:
    """A quarter of encoding the picture when measured; alternating, so that both meet the load."""
    image = photo(1633, 1225)
    many = crowd(image, 20)
    drawing, sending = [], []
    for _ in range(9):
        start = time.perf_counter()
        drawn = draw_detections(image, many)
        middle = time.perf_counter()
        cv2.imencode(".jpg", drawn)
        drawing.append(middle - start)
        sending.append(time.perf_counter() - middle)
    assert min(drawing) < 0.6 * min(sending)


def test_the_window_is_bright_and_the_rest_dim() -> None:
    image = photo()
    before = image.copy()
    shown = draw_window(image, (100, 50, 300.4, 250))
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(shown[60:240, 110:290], image[60:240, 110:290])
    np.testing.assert_allclose(shown[300:], image[300:] * 0.4, atol=0.51)
    for x, y in ((100, 150), (299, 150), (200, 50), (200, 249)):
        assert tuple(shown[y, x]) == (37, 99, 235)


def test_a_window_over_everything_has_a_border_and_no_dim_pixel() -> None:
    image = photo(200, 100)
    shown = draw_window(image, (0, 0, 200, 100))
    np.testing.assert_array_equal(shown[5:-5, 5:-5], image[5:-5, 5:-5])
    assert tuple(shown[0, 50]) == (37, 99, 235)
    assert tuple(shown[99, 50]) == (37, 99, 235)
