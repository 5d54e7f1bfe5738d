"""The parts that one answer adds to files about many pictures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """One answer in each format of data sets; each is made when it is called, None where none is.

    table: CSV with a head. coco: file name of the picture → a COCO data set of it alone. yolo: the
    lines of a label file. yolo_yaml: what `data.yaml` says besides. voc: file name of the picture →
    a Pascal VOC annotation.
    """

    table: Callable[[], str] | None = None
    coco: Callable[[str], Mapping[str, object]] | None = None
    yolo: Callable[[], str] | None = None
    yolo_yaml: str = ""
    voc: Callable[[str], str] | None = None
