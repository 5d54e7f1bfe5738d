"""Keypoints in files: CSV, COCO's keypoints and ultralytics' labels of poses."""

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from demo.export import formats
from demo.export.files import Written
from demo.export.parts import Parts
from demo.export.replay import POSES
from demo.results.poses import Poses, Skeleton

_SEEN, _NOT_LABELLED = 2, 0
"""Visibility as COCO counts it."""
_DECIMALS = 6


def keypoint_rows(found: Poses) -> list[list[dict[str, object]]]:
    """For JSON, the keypoints of each box: name, score 0–1, x and y in pixels of the upload."""
    return [
        [
            {"name": name, "score": round(score, 4), "xy": [round(x, 1), round(y, 1)]}
            for name, (x, y, score) in zip(found.skeleton.names, points, strict=True)
        ]
        for points in found.keypoints.tolist()
    ]


def written(found: Poses, name: str) -> Written:
    """The texts of poses; name: of the picture."""
    return Written(
        table(found),
        formats.to_json(coco_keypoints(found, name)),
        "".join(yolo_pose_lines(found)),
        yolo_pose_yaml(found.skeleton),
        POSES,
    )


def parts(found: Poses) -> Parts:
    """What poses add to files about many pictures."""
    return Parts(
        partial(table, found),
        partial(coco_keypoints, found),
        lambda: "".join(yolo_pose_lines(found)),
        yolo_pose_yaml(found.skeleton),
        partial(formats.voc_xml, found),
    )


def table(found: Poses) -> str:
    """CSV as of boxes, with place and score of each keypoint."""
    numbers = found.keypoints.reshape(len(found), 3 * len(found.skeleton.names)).tolist()
    cells = [[f"{number:.2f}" for number in row] for row in numbers]
    columns = [f"{point}_{part}" for point in found.skeleton.names for part in ("x", "y", "score")]
    return formats.detections_csv(found, columns, cells)


def coco_keypoints(found: Poses, file_name: str) -> Mapping[str, object]:
    """As `formats.coco`, with the keypoints of each (https://cocodataset.org/#format-data).

    A keypoint that does not count as seen is 0, 0, 0, as one that nobody has labelled.
    """
    data = formats.coco(found, file_name)
    points = _labelled(found, found.keypoints[:, :, :2].astype(np.float64).round(2))
    counts = found.visible().sum(axis=1).tolist()
    limbs = [[one + 1, other + 1] for one, other in found.skeleton.limbs]
    names = {"keypoints": list(found.skeleton.names), "skeleton": limbs}
    annotations, categories = data["annotations"], data["categories"]
    assert isinstance(annotations, list)
    assert isinstance(categories, list)
    pairs = zip(
        annotations,
        points.reshape(len(found), 3 * len(found.skeleton.names)).tolist(),
        counts,
        strict=True,
    )
    return {
        **data,
        "annotations": [
            {**one, "keypoints": numbers, "num_keypoints": seen} for one, numbers, seen in pairs
        ],
        "categories": [{**one, **names} for one in categories],
    }


def yolo_pose_lines(found: Poses) -> list[str]:
    """A line a box: as of boxes, then x, y relative to the picture and visibility of each keypoint.

    A keypoint that does not count as seen is 0 0 0.
    """
    size = np.array(found.size_wh, np.float64)
    shares = _labelled(found, (found.keypoints[:, :, :2] / size).clip(0, 1))
    boxes = formats.yolo_lines(found.xyxy, found.class_ids, found.size_wh)
    lines = []
    for box, points in zip(boxes, shares.tolist(), strict=True):
        numbers = " ".join(
            f"{x:.{_DECIMALS}f} {y:.{_DECIMALS}f} {seen:.0f}" for x, y, seen in points
        )
        lines.append(f"{box.rstrip()} {numbers}\n")
    return lines


def yolo_pose_yaml(skeleton: Skeleton) -> str:
    """What a `data.yaml` says of keypoints: how many, and which a mirrored picture exchanges."""
    names = skeleton.names
    others = (_mirrored(name, names) for name in names)
    flipped = [
        i if name == other else names.index(other)
        for i, (name, other) in enumerate(zip(names, others, strict=True))
    ]
    return f"kpt_shape: [{len(names)}, 3]\nflip_idx: {flipped}\n"


def _mirrored(name: str, names: tuple[str, ...]) -> str:
    """The name of the keypoint on the other side; the name itself where there is none."""
    for one, other in (("left", "right"), ("right", "left")):
        if one in name and name.replace(one, other) in names:
            return name.replace(one, other)
    return name


def _labelled(found: Poses, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """N×K×3: places and visibility of the keypoints that count as seen; zeros of the others."""
    seen = found.visible()[:, :, None]
    flags = np.where(seen, _SEEN, _NOT_LABELLED)
    return np.concatenate([np.where(seen, places, 0.0), flags], axis=2)
