"""The official ultralytics networks that find persons and the 17 keypoints of COCO.

No digest of their files is known here, so that none is downloaded: the user puts them into the
folder of weights.
"""

from functools import partial

from demo.models import about, example
from demo.models.coco import SIZES, TITLES, Facts
from demo.models.spec import ModelSpec, WeightsEntry
from demo.models.yolo import Yolo
from demo.models.yolo_pose import YoloPose, load_pose
from demo.results.poses import Skeleton

LABELS = ("person",)
_NAMES = """
nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow
left_wrist right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle
"""
_LIMBS = """
16-14 14-12 17-15 15-13 12-13 6-12 7-13 6-7 6-8 7-9 8-10 9-11 2-3 1-2 1-3 2-4 3-5 4-6 5-7
"""
"""Counted from 1, as the data set of COCO has them."""


def _limb(text: str) -> tuple[int, int]:
    one, other = text.split("-")
    return int(one) - 1, int(other) - 1


SKELETON = Skeleton(tuple(_NAMES.split()), tuple(map(_limb, _LIMBS.split())))
_SIDE = 640
_ORDER = 140
"""Behind the segmenters."""


# Scores of keypoints as docs.ultralytics.com states them for each model: those of YOLO26 are of its
# one-to-one head. A test counts the parameters.
_TABLE = (
    Facts("yolo26n-pose", 3_679_464, 57.2),
    Facts("yolo26s-pose", 11_809_352, 63.0),
    Facts("yolo26m-pose", 24_222_664, 68.8),
    Facts("yolo26l-pose", 28_626_120, 70.4),
    Facts("yolo26x-pose", 62_731_860, 71.6),
    Facts("yolo11n-pose", 2_874_462, 50.0),
    Facts("yolo11s-pose", 9_918_238, 58.9),
    Facts("yolo11m-pose", 20_912_364, 64.9),
    Facts("yolo11l-pose", 26_169_836, 66.1),
    Facts("yolo11x-pose", 58_798_636, 69.5),
    Facts("yolov8n-pose", 3_295_470, 50.4),
    Facts("yolov8s-pose", 11_626_046, 60.0),
    Facts("yolov8m-pose", 26_464_462, 65.0),
    Facts("yolov8l-pose", 44_489_196, 67.6),
    Facts("yolov8x-pose", 69_491_724, 69.2),
)


def _spec(order: int, facts: Facts) -> ModelSpec:
    version, size = facts.stem[:6], facts.stem[6]
    nms_free = version == "yolo26"
    return ModelSpec(
        name=facts.stem,
        title=f"{TITLES[version]} {SIZES[size]}, keypoints",
        task="pose",
        labels=LABELS,
        input_size=_SIDE,
        architecture=facts.stem,
        licence="AGPL-3.0",
        source="ultralytics",
        weights=WeightsEntry(facts.stem, (".safetensors", ".pt"), f"{facts.stem}.pt"),
        family=YoloPose(Yolo(facts.stem, LABELS, _SIDE, nms_free), SKELETON),
        network=partial(load_pose, facts.stem, facts.stem, LABELS, nms_free),
        packs_convolutions=True,
        published={"dataset": "COCO", "metric": "keypoint mAP50-95", "value": facts.score},
        needs_nms=not nms_free,
        params=facts.params,
        order=order,
        about=about.KEYPOINTS,
        examples=example.PERSONS,
    )


SPECS = tuple(_spec(order, facts) for order, facts in enumerate(_TABLE, _ORDER))
