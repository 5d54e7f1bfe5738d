"""The official ultralytics detectors of the 80 COCO classes."""

from functools import partial

from demo.models import yolo
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
        published={"metric": "COCO mAP50-95", "value": published},
        needs_nms=not nms_free,
        params=params,
        order=order,
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

# Scores on COCO val2017 at 640 px, as docs.ultralytics.com states them for each model and head.
SPECS = (
    _spec("yolo26n", "YOLO26 nano", _YOLO26N, 40.9, 2_572_280, 100),
    _spec("yolo26n-nmsfree", "YOLO26 nano, NMS-free", _YOLO26N, 40.1, 2_572_280, 101, True),
    _spec("yolo11n", "YOLO11 nano", _YOLO11N, 39.5, 2_624_080, 102),
)
