"""A YOLO11-nano from people's boxes and a COCO teacher; `yolo-vitrine` starts from it."""

from collections.abc import Mapping

from demo.lab.about import About
from demo.lab.recipe import DetectorRecipe
from demo.models.coco import LABELS

_WITHOUT = {
    *("baseball bat", "baseball glove", "fire hydrant", "fork", "hair drier", "hot dog", "oven"),
    *("parking meter", "sandwich", "skis", "snowboard", "spoon", "surfboard", "tennis racket"),
    *("toaster", "toilet", "toothbrush"),
}
"""Rare classes of COCO; without them the head is no wider than for eight classes."""

TAUGHT = ("face", *(label for label in LABELS if label not in _WITHOUT))

REPEATS = tuple((label, 2) for label in ("person", "car", "chair", "bottle", "cup"))
"""Photos with these things are shown twice an epoch."""

OPTIONS: Mapping[str, object] = {
    "optimizer": "AdamW",
    "lr0": 0.0015,
    "lrf": 0.02,
    "cos_lr": True,
    "momentum": 0.9,
    "weight_decay": 0.01,
    "warmup_epochs": 0.5,
    "warmup_bias_lr": 0.0,
    "mosaic": 0.7,
    "close_mosaic": 2,
    "scale": 0.5,
    "cache": "ram",
    "deterministic": True,
}
"""Arguments of the trainer."""

RECIPE = DetectorRecipe(
    name="yolo-vitrine-taught",
    datasets=("boxes3", "animals", "coco128", "caltech101"),
    architecture="yolo11n.yaml",
    labels=TAUGHT,
    imgsz=320,
    sizes=((0.65, 224), (0.35, 320)),
    epochs=12,
    batch=16,
    precision="bfloat16",
    teacher="weights/yolo11n.pt",
    start="yolo-vitrine-base",
    repeats=REPEATS,
    options=dict(OPTIONS),
    about=About(
        good_for="A step on the way to yolo-vitrine.",
        not_for="anything but to be gone on from.",
        licence="AGPL-3.0",
        data=("See yolo-vitrine.",),
        failures=("It was trained to be gone on from, not to be shown.",),
    ),
)
