"""A YOLO11-nano from random weights on eight classes; `yolo-vitrine-taught` starts from it."""

from demo.lab.about import About
from demo.lab.recipe import DetectorRecipe

RECIPE = DetectorRecipe(
    name="yolo-vitrine-base",
    datasets=("boxes3", "animals"),
    architecture="yolo11n.yaml",
    labels=("face", "motorcycle", "airplane", "dog", "cat", "sheep", "horse", "cow"),
    imgsz=256,
    sizes=((0.5, 160), (0.35, 224), (0.15, 256)),
    epochs=18,
    batch=16,
    negatives=400,
    options={
        "optimizer": "AdamW",
        "lr0": 0.0015,
        "lrf": 0.02,
        "cos_lr": True,
        "momentum": 0.9,
        "weight_decay": 0.01,
        "warmup_epochs": 1.0,
        "warmup_bias_lr": 0.0,
        "mosaic": 0.6,
        "close_mosaic": 3,
        "scale": 0.5,
        "cache": "ram",
        "deterministic": True,
    },
    about=About(
        good_for=(
            "Finding faces, motorcycles, airplanes, dogs, cats, sheep, horses and cows in everyday "
            "photos with nothing downloaded; trained from random weights."
        ),
        not_for=(
            "counting, safety, identification of people, or any decision about them. It knows "
            "eight things; persons, cars and the rest of the world are not among them."
        ),
        licence="AGPL-3.0",
        data=(
            "boxes3: 2,032 Caltech-101 photos (Li et al., CC BY 4.0) with one person-drawn box "
            "each; the test part is never trained on.",
            "animals: 4,608 photos of Animal-Pose (Cao et al. 2019; from PASCAL VOC and the web, "
            "for research use, Flickr terms) with 6,117 person-drawn boxes; the test part is "
            "never trained on.",
            "400 Caltech-101 photos of other things without boxes, as examples of nothing to find.",
            "Test part: the SHA-1 of a file's path inside its set is 0 modulo 5.",
        ),
        failures=("It was trained to be gone on from, not to be shown.",),
    ),
)
