"""Turned boxes in files: CSV, COCO's polygons and ultralytics' labels of oriented boxes."""

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from demo.export import formats
from demo.export.files import Written
from demo.export.parts import Parts
from demo.export.replay import ORIENTED
from demo.geometry.rotated_boxes import corners
from demo.results.oriented_boxes import OrientedBoxes

_COLUMNS = ("center_x", "center_y", "box_width", "box_height", "angle_degrees")
_DECIMALS = 6


def oriented_rows(found: OrientedBoxes) -> list[dict[str, object]]:
    """For JSON, the place of each box: centre, size and angle in radians; and its four corners."""
    pairs = zip(found.xywhr.tolist(), corners(found.xywhr).tolist(), strict=True)
    return [
        {
            "xywhr": [*(round(value, 1) for value in place), round(angle, 4)],
            "corners": [[round(x, 1), round(y, 1)] for x, y in points],
        }
        for (*place, angle), points in pairs
    ]


def written(found: OrientedBoxes, name: str) -> Written:
    """The texts of turned boxes; name: of the picture. VOC knows no such boxes."""
    return Written(
        table(found),
        formats.to_json(coco_polygons(found, name)),
        "".join(yolo_obb_lines(found)),
        listing=ORIENTED,
        voc=False,
    )


def parts(found: OrientedBoxes) -> Parts:
    """What turned boxes add to files about many pictures."""
    return Parts(
        partial(table, found),
        partial(coco_polygons, found),
        lambda: "".join(yolo_obb_lines(found)),
    )


def table(found: OrientedBoxes) -> str:
    """CSV as of boxes, with centre, size and angle in degrees of each."""
    numbers = found.xywhr.astype(np.float64)
    numbers[:, 4] = np.degrees(numbers[:, 4])
    cells = [[f"{number:.2f}" for number in row] for row in numbers.tolist()]
    return formats.detections_csv(found, _COLUMNS, cells)


def coco_polygons(found: OrientedBoxes, file_name: str) -> Mapping[str, object]:
    """As `formats.coco`, with the corners of each as its `segmentation`, inside of the picture."""
    data = formats.coco(found, file_name)
    annotations = data["annotations"]
    assert isinstance(annotations, list)
    pairs = zip(annotations, _inside(found).round(2), strict=True)
    return {
        **data,
        "annotations": [
            {
                **one,
                "segmentation": [points.ravel().tolist()],
                "area": round(_area(points), 2),
            }
            for one, points in pairs
        ],
    }


def yolo_obb_lines(found: OrientedBoxes) -> list[str]:
    """A line a box: class id; x and y of its four corners relative to the picture, 0–1."""
    shares = (_inside(found) / np.array(found.size_wh, np.float64)).reshape(-1, 8)
    return [
        f"{class_id} " + " ".join(f"{value:.{_DECIMALS}f}" for value in row) + "\n"
        for class_id, row in zip(found.class_ids.tolist(), shares.tolist(), strict=True)
    ]


def _inside(found: OrientedBoxes) -> NDArray[np.float64]:
    """N×4×2 corners moved into the picture: training code refuses what leaves it."""
    size = np.array(found.size_wh, np.float64)
    return corners(found.xywhr).astype(np.float64).clip(0, size)


def _area(points: NDArray[np.float64]) -> float:
    """The area inside of the corners of a polygon, px²."""
    x, y = points.T
    return abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())) / 2
