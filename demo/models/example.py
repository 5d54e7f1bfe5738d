"""Example pictures of models: files of installed packages on which a model is worth seeing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """A picture, and what a right answer about it holds.

    package, path: the file, inside an installed Python package. shows: labels of what it shows in
    the model's words: the first has to be in the answer, and no other label may be. None of them:
    the picture shows none of the model's classes, and the answer has to say so.
    """

    package: str
    path: str
    shows: tuple[str, ...] = ()


_BUS = ("ultralytics", "assets/bus.jpg")
_TWO_MEN = ("ultralytics", "assets/zidane.jpg")
_LION = ("gradio", "media_assets/images/lion.jpg")
_CHEETAH = ("gradio", "media_assets/images/cheetah1.jpg")
_TOWER = ("gradio", "media_assets/images/tower.jpg")

# Of a part of the bus, as in a film, not every model says that it is a bus: the film pans over the
# last one.
COCO = (Example(*_BUS, ("bus", "person")), Example(*_TWO_MEN, ("person", "tie")))
"""Of detectors and segmenters of COCO's classes."""
PERSONS = (Example(*_TWO_MEN, ("person",)), Example(*_BUS, ("person",)))
"""Of models that know persons alone."""
IMAGENET = (Example(*_LION, ("lion",)), Example(*_CHEETAH, ("cheetah",)))
"""Of classifiers of ImageNet's classes."""
# No photo in the packages shows a class of the small classifiers clearly; what there is shows that
# they know when a picture is none of theirs.
_NONE_OF_ITS_CLASSES = (Example(*_TWO_MEN), Example(*_TOWER))
_CARDED = {
    "yolo-vitrine": (Example(*_TWO_MEN, ("person", "face")),),
    "photo-101": _NONE_OF_ITS_CLASSES,
    "cnn-cifar10": _NONE_OF_ITS_CLASSES,
    "cnn3-cifar10": _NONE_OF_ITS_CLASSES,
    "resnet9-cifar10": _NONE_OF_ITS_CLASSES,
}


def of_card(name: str) -> tuple[Example, ...]:
    """The examples of a model of this project's own; none where none suits it."""
    return _CARDED.get(name, ())
