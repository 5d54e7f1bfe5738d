"""A YOLO11-nano for everyday photos, from people's boxes and a COCO teacher."""

from demo.lab.about import About
from demo.lab.recipe import DetectorRecipe
from demo.lab.recipes.yolo_vitrine_taught import OPTIONS, REPEATS, TAUGHT

RECIPE = DetectorRecipe(
    name="yolo-vitrine",
    datasets=("boxes3", "animals", "coco128", "caltech101"),
    architecture="yolo11n.yaml",
    labels=TAUGHT,
    imgsz=320,
    sizes=((0.35, 256), (0.65, 320)),
    epochs=12,
    batch=16,
    precision="bfloat16",
    teacher="weights/yolo11n.pt",
    start="yolo-vitrine-taught",
    repeats=REPEATS,
    options={**OPTIONS, "lr0": 0.0012, "mosaic": 0.6},
    about=About(
        good_for=(
            "Finding people, faces, animals, vehicles and some things of the household in everyday "
            "photos with nothing downloaded."
        ),
        not_for=(
            "counting, safety, identification of people, or any decision about them. It misses "
            "much of what a large detector finds, above all small and crowded things."
        ),
        licence="AGPL-3.0",
        data=(
            "Three trainings, each going on from the one before: yolo-vitrine-base from random "
            "weights (18 epochs on eight classes at 160 to 256 pixels, 70 minutes on 2 CPU cores), "
            "yolo-vitrine-taught (12 epochs at 224 and 320 pixels, 72 minutes on one core) and "
            "yolo-vitrine; train them in this order to get it again.",
            "boxes3: 2,032 Caltech-101 photos (Li et al., CC BY 4.0) with one person-drawn box "
            "each.",
            "animals: 4,608 photos of Animal-Pose (Cao et al. 2019; from PASCAL VOC and the web, "
            "for research use, Flickr terms) with 6,117 person-drawn boxes.",
            "coco128: two thirds of the first 128 photos of COCO train2017 with their boxes "
            "(annotations CC BY 4.0).",
            "caltech101: 6,676 photos (CC BY 4.0) without boxes.",
            "On every training picture the network also learned what the COCO detector yolo11n "
            "(AGPL-3.0) says of it: its probabilities at each place, and its boxes where it is "
            "fairly sure. Most of what it knows of people, vehicles and things it has from there.",
            "Never trained on: the photos of boxes3, animals and caltech101 whose path has a "
            "SHA-1 of 0 modulo 5, and those of coco128 with 0 modulo 3.",
        ),
        failures=(
            "Faces were learned from centred portraits of about 27 people (Caltech-101): small, "
            "turned, dark or crowded faces are missed, and people unlike those of the set may be.",
            "People in the animal photos carry no face box, so a face found there counts as an "
            "error in the joint score.",
            "Motorcycles and airplanes were seen mostly from the side, in the middle of a photo.",
            "Animals that it does not know (deer, goats, rabbits) may be named as one that it "
            "does.",
            "Pictures were seen at 224 to 320 pixels: far and small things are missed.",
        ),
    ),
)
