"""The official ultralytics detectors of the 80 COCO classes."""

from functools import partial
from typing import NamedTuple

from demo.models import about, example, yolo
from demo.models.spec import ModelSpec, WeightsEntry

_NAMES = """
person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light, fire hydrant,
stop sign, parking meter, bench, bird, cat, dog, horse, sheep, cow, elephant, bear, zebra, giraffe,
backpack, umbrella, handbag, tie, suitcase, frisbee, skis, snowboard, sports ball, kite,
baseball bat, baseball glove, skateboard, surfboard, tennis racket, bottle, wine glass, cup, fork,
knife, spoon, bowl, banana, apple, sandwich, orange, broccoli, carrot, hot dog, pizza, donut, cake,
chair, couch, potted plant, bed, dining table, toilet, tv, laptop, mouse, remote, keyboard,
cell phone, microwave, oven, toaster, sink, refrigerator, book, clock, vase, scissors, teddy bear,
hair drier, toothbrush
"""
LABELS = tuple(" ".join(name.split()) for name in _NAMES.split(","))
_ASSETS = "https://github.com/ultralytics/assets/releases/download"


def _spec(
    name: str,
    title: str,
    weights: WeightsEntry,
    published: float,
    params: int,
    order: int,
    nms_free: bool = False,
) -> ModelSpec:
    return ModelSpec(
        name=name,
        title=title,
        task="detect",
        labels=LABELS,
        input_size=640,
        architecture=weights.stem,
        licence="AGPL-3.0",
        source="ultralytics",
        weights=weights,
        family=yolo.Yolo(name, LABELS, 640, nms_free),
        cam_layers=yolo.CAM_LAYERS,
        network=partial(yolo.load_network, name, weights.stem, LABELS, nms_free),
        packs_convolutions=True,
        published={"dataset": "COCO", "metric": "mAP50-95", "value": published},
        needs_nms=not nms_free,
        params=params,
        order=order,
        about=about.COCO,
        examples=example.COCO,
    )


_YOLO11N = WeightsEntry(
    "yolo11n",
    (".safetensors", ".pt"),
    "yolo11n.pt",
    f"{_ASSETS}/v8.3.0/yolo11n.pt",
    "0ebbc80d4a7680d14987a577cd21342b65ecfd94632bd9a8da63ae6417644ee1",
    5_613_764,
)
_YOLO26N = WeightsEntry(
    "yolo26n",
    (".safetensors", ".pt"),
    "yolo26n.pt",
    f"{_ASSETS}/v8.4.0/yolo26n.pt",
    "9b09cc8bf347f0fc8a5f7657480587f25db09b34bf33b0652110fb03a8ad4fef",
    5_544_453,
)


class Facts(NamedTuple):
    """Stem of the file; parameters; the score that is published, in %."""

    stem: str
    params: int
    score: float


_LARGER = (
    Facts("yolo26s", 10_009_784, 48.6),
    Facts("yolo26m", 21_896_248, 53.1),
    Facts("yolo26l", 26_299_704, 55.0),
    Facts("yolo26x", 58_993_368, 57.5),
    Facts("yolo11s", 9_458_752, 47.0),
    Facts("yolo11m", 20_114_688, 51.5),
    Facts("yolo11l", 25_372_160, 53.4),
    Facts("yolo11x", 56_966_176, 54.7),
    Facts("yolov8n", 3_157_200, 37.3),
    Facts("yolov8s", 11_166_560, 44.9),
    Facts("yolov8m", 25_902_640, 50.2),
    Facts("yolov8l", 43_691_520, 52.9),
    Facts("yolov8x", 68_229_648, 53.9),
)
"""No digest of their files is known here: the user puts them into the folder of weights."""
TITLES = {"yolo26": "YOLO26", "yolo11": "YOLO11", "yolov8": "YOLOv8"}
SIZES = {"n": "nano", "s": "small", "m": "medium", "l": "large", "x": "extra large"}
"""By the beginning of a stem and by the letter behind it."""


def _larger(order: int, facts: Facts) -> ModelSpec:
    title = f"{TITLES[facts.stem[:6]]} {SIZES[facts.stem[6]]}"
    weights = WeightsEntry(facts.stem, (".safetensors", ".pt"), f"{facts.stem}.pt")
    return _spec(facts.stem, title, weights, facts.score, facts.params, order)


# Scores as docs.ultralytics.com states them for each model and head. A test counts the parameters.
SPECS = (
    _spec("yolo26n", "YOLO26 nano", _YOLO26N, 40.9, 2_572_280, 100),
    _spec("yolo26n-nmsfree", "YOLO26 nano, NMS-free", _YOLO26N, 40.1, 2_572_280, 101, True),
    _spec("yolo11n", "YOLO11 nano", _YOLO11N, 39.5, 2_624_080, 102),
    *(_larger(order, facts) for order, facts in enumerate(_LARGER, 103)),
)
