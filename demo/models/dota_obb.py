"""The official ultralytics networks that find the 15 classes of DOTA v1 from the air, turned.

No digest of their files is known here, so that none is downloaded: the user puts them into the
folder of weights.
"""

from functools import partial

from demo.models import about
from demo.models.coco import SIZES, TITLES, Facts
from demo.models.spec import ModelSpec, WeightsEntry
from demo.models.yolo import Yolo
from demo.models.yolo_obb import YoloObb, load_oriented

_NAMES = """
plane, ship, storage tank, baseball diamond, tennis court, basketball court, ground track field,
harbor, bridge, large vehicle, small vehicle, helicopter, roundabout, soccer ball field,
swimming pool
"""
LABELS = tuple(" ".join(name.split()) for name in _NAMES.split(","))
_SIDE = 1024
_ORDER = 160
"""Behind the pose models."""


# Scores on the test part as docs.ultralytics.com states them for each model: those of YOLO26 are of
# its one-to-one head. A test counts the parameters.
_TABLE = (
    Facts("yolo26n-obb", 2_652_984, 78.9),
    Facts("yolo26s-obb", 10_531_832, 80.9),
    Facts("yolo26m-obb", 23_493_688, 81.0),
    Facts("yolo26l-obb", 27_897_144, 81.6),
    Facts("yolo26x-obb", 62_661_528, 81.7),
    Facts("yolo11n-obb", 2_664_432, 78.4),
    Facts("yolo11s-obb", 9_719_776, 79.5),
    Facts("yolo11m-obb", 20_913_408, 80.9),
    Facts("yolo11l-obb", 26_170_880, 81.0),
    Facts("yolo11x-obb", 58_800_256, 81.3),
    Facts("yolov8n-obb", 3_085_440, 78.0),
    Facts("yolov8s-obb", 11_427_584, 79.5),
    Facts("yolov8m-obb", 26_425_600, 80.5),
    Facts("yolov8l-obb", 44_490_240, 80.7),
    Facts("yolov8x-obb", 69_493_056, 81.36),
)


def _spec(order: int, facts: Facts) -> ModelSpec:
    version, size = facts.stem[:6], facts.stem[6]
    nms_free = version == "yolo26"
    return ModelSpec(
        name=facts.stem,
        title=f"{TITLES[version]} {SIZES[size]}, oriented boxes",
        task="obb",
        labels=LABELS,
        input_size=_SIDE,
        architecture=facts.stem,
        licence="AGPL-3.0",
        source="ultralytics",
        weights=WeightsEntry(facts.stem, (".safetensors", ".pt"), f"{facts.stem}.pt"),
        family=YoloObb(Yolo(facts.stem, LABELS, _SIDE, nms_free)),
        network=partial(load_oriented, facts.stem, facts.stem, LABELS, nms_free),
        packs_convolutions=True,
        published={"dataset": "DOTA v1", "metric": "mAP50", "value": facts.score},
        needs_nms=not nms_free,
        params=facts.params,
        order=order,
        about=about.AERIAL,
    )


SPECS = tuple(_spec(order, facts) for order, facts in enumerate(_TABLE, _ORDER))
