"""What a model was made of and for, and where it errs, in sentences."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class About:
    """The sentences of a model's card, in English.

    data: what it was trained on. failures: where it errs. good_for, not_for: its use; empty where
    nothing is stated.
    """

    data: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    good_for: str = ""
    not_for: str = ""


COCO = About(
    data=(
        "COCO train2017: 118,287 everyday photos with boxes and masks of 80 kinds of things "
        "(annotations CC BY 4.0, photos under the terms of Flickr).",
    ),
    failures=(
        "Things outside its 80 classes are not found, or named as one of them.",
        "Small, crowded and partly hidden things are missed first.",
    ),
    good_for="Finding common things in photos: people, vehicles, animals, food, furniture.",
    not_for="Identifying people, or decisions about them; measuring.",
)
"""Of the official detectors and segmenters of ultralytics."""
KEYPOINTS = About(
    data=(
        "COCO train2017: photos with 150,000 persons and their 17 keypoints "
        "(annotations CC BY 4.0, photos under the terms of Flickr).",
    ),
    failures=(
        "Joints of small, crowded and partly hidden persons are missed or mixed up first.",
        "Animals, statues and dolls may get the joints of a person.",
    ),
    good_for="The posture of persons in photos.",
    not_for="Identifying people, or decisions about them; medical measuring.",
)
"""Of the official pose networks of ultralytics."""
AERIAL = About(
    data=("DOTA v1: aerial photos with oriented boxes of 15 kinds of things.",),
    failures=(
        "Photos that were not taken from above are outside what it was trained on.",
        "Things of a few pixels are missed first.",
    ),
    good_for="Ships, vehicles, planes, courts and the like in photos from above.",
    not_for="Photos from the ground; measuring; decisions about anybody.",
)
"""Of the official networks of ultralytics for oriented boxes."""
IMAGENET = About(
    data=("ImageNet-1K (ILSVRC 2012): 1,281,167 photos of 1,000 classes.",),
    failures=(
        "It always names one of its 1,000 classes, also where a picture shows none of them.",
        "There is no class for a person; of 1,000 classes 118 are breeds of dogs.",
        "Of several things in a photo it names one.",
    ),
    good_for="Naming the main thing in a photo.",
    not_for="People, scenes of many things, drawings, and decisions about anybody.",
)
"""Of the classifiers with ImageNet's 1,000 classes."""
