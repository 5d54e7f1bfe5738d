"""The official ultralytics segmenters of the 80 COCO classes.

No digest of their files is known here, so that none is downloaded: the user puts them into the
folder of weights.
"""

from functools import partial

from demo.models import about, example
from demo.models.coco import LABELS, SIZES, TITLES, Facts
from demo.models.spec import ModelSpec, WeightsEntry
from demo.models.yolo import CAM_LAYERS, Yolo
from demo.models.yolo_segment import YoloSegment, load_segmenter

_SIDE = 640
_ORDER = 120
"""Behind the detectors."""


# Scores as docs.ultralytics.com states them for each model: those of YOLO26 are of its one-to-one
# head. A test counts the parameters.
_TABLE = (
    Facts("yolo26n-seg", 3_126_280, 33.9),
    Facts("yolo26s-seg", 11_505_800, 40.0),
    Facts("yolo26m-seg", 27_112_072, 44.1),
    Facts("yolo26l-seg", 31_515_528, 45.5),
    Facts("yolo26x-seg", 70_693_800, 47.0),
    Facts("yolo11n-seg", 2_876_848, 32.0),
    Facts("yolo11s-seg", 10_113_248, 37.8),
    Facts("yolo11m-seg", 22_420_896, 41.5),
    Facts("yolo11l-seg", 27_678_368, 42.9),
    Facts("yolo11x-seg", 62_142_656, 43.8),
    Facts("yolov8n-seg", 3_409_968, 30.5),
    Facts("yolov8s-seg", 11_821_056, 36.8),
    Facts("yolov8m-seg", 27_285_968, 40.8),
    Facts("yolov8l-seg", 45_997_728, 42.6),
    Facts("yolov8x-seg", 71_827_888, 43.4),
)


def _spec(order: int, facts: Facts) -> ModelSpec:
    version, size = facts.stem[:6], facts.stem[6]
    nms_free = version == "yolo26"
    return ModelSpec(
        name=facts.stem,
        title=f"{TITLES[version]} {SIZES[size]}, masks",
        task="segment",
        labels=LABELS,
        input_size=_SIDE,
        architecture=facts.stem,
        licence="AGPL-3.0",
        source="ultralytics",
        weights=WeightsEntry(facts.stem, (".safetensors", ".pt"), f"{facts.stem}.pt"),
        family=YoloSegment(Yolo(facts.stem, LABELS, _SIDE, nms_free)),
        network=partial(load_segmenter, facts.stem, facts.stem, LABELS, nms_free),
        packs_convolutions=True,
        cam_layers=CAM_LAYERS,
        published={"dataset": "COCO", "metric": "mask mAP50-95", "value": facts.score},
        needs_nms=not nms_free,
        params=facts.params,
        order=order,
        about=about.COCO,
        examples=example.COCO,
    )


SPECS = tuple(_spec(order, facts) for order, facts in enumerate(_TABLE, _ORDER))
