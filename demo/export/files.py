"""Download files of a result."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from demo.export import formats
from demo.export.names import download_stem, file_name, stem
from demo.export.parts import Parts
from demo.export.polygons import coco_segmentation, label_map
from demo.export.replay import (
    BOXES,
    MASKS,
    PICTURE,
    Listing,
    replay_local_detections,
    replay_local_scores,
    rest_script,
)
from demo.images.encode import encode_labels
from demo.results import Detections, Scores

_JSON, _ZIP = "application/json", "application/zip"


class File(NamedTuple):
    """A download: text of its link, file name, bytes and MIME type."""

    title: str
    name: str
    content: bytes
    mime: str


@dataclass(frozen=True, slots=True)
class DetectQuery:
    """The checked options of a request to a detector.

    confidence, iou: 0–1. classes: label names to keep, empty for all. size: longest side of the
    network's input, pixels; None is the size that the model was trained for.
    line_width: of drawn boxes, pixels; 0 fits the picture.
    """

    confidence: float
    iou: float
    classes: tuple[str, ...] = ()
    size: int | None = None
    line_width: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """The texts in which an answer is more than boxes, in place of those of boxes alone.

    table: CSV. coco: JSON. lines: YOLO's labels. yaml: what their `data.yaml` says besides.
    listing: how the script lists them. voc: whether VOC can say what they are.
    """

    table: str
    coco: str
    lines: str | None = None
    yaml: str = ""
    listing: Listing = BOXES
    voc: bool = True


def detection_files(
    found: Detections,
    facts: Mapping[str, object],
    url: str,
    query: DetectQuery | None = None,
    picture: str = PICTURE,
    route: str = "detect",
    write: Callable[[str], Written] | None = None,
) -> list[File]:
    """All download files of a detector's answer, and of its masks where it has any.

    Args:
        found: the boxes of the answer.
        facts: the JSON of `/detect`.
        url: address of the server, for the HTTP script.
        query: the options of the request; None leaves both scripts out.
        picture: the picture's own file name, see `demo.export.names.file_name`.
        route: of the REST API, for the HTTP script.
        write: name of the picture → the texts of an answer that is more than boxes.
    """
    name = file_name(picture)
    base = download_stem(name)
    written = write(name) if write else _written(found, name)
    masked = found.masks is not None
    scripts = query and _detection_scripts(facts, url, query, name, route, written.listing)
    title = "COCO · RLE" if masked else "COCO"
    return [
        *_tables(base, facts, written.table),
        File(title, f"{base}.coco.json", written.coco.encode(), _JSON),
        *(_mask_files(found, name) if masked else ()),
        *_labels(found, name, written),
        *(scripts or ()),
    ]


def detection_parts(found: Detections) -> Parts:
    """What boxes, and masks where there are any, add to files about many pictures."""
    return Parts(
        partial(formats.detections_csv, found),
        partial(formats.coco, found),
        partial(formats.yolo_txt, found),
        voc=partial(formats.voc_xml, found),
    )


def score_files(
    scores: Scores, facts: Mapping[str, object], url: str, picture: str = PICTURE
) -> list[File]:
    """All download files of a classifier's answer; facts: the JSON of `/classify`."""
    labels = facts["labels"]
    if not isinstance(labels, list):
        raise TypeError(f"expected a list of labels, got {type(labels).__name__}")
    name, model, top_k = file_name(picture), str(facts["model"]), len(labels)
    base = download_stem(name)
    return [
        *_tables(base, facts, formats.scores_csv(scores)),
        *_scripts(
            base,
            rest_script(url, "classify", [("model", model), ("top_k", top_k)], name),
            replay_local_scores(model, top_k, name),
        ),
    ]


def _written(found: Detections, name: str) -> Written:
    """The texts of boxes, and of masks where there are any."""
    return Written(
        formats.detections_csv(found),
        formats.to_json(formats.coco(found, name)),
        listing=BOXES if found.masks is None else MASKS,
    )


def _mask_files(found: Detections, name: str) -> list[File]:
    """Masks as COCO's polygons, and as a picture whose values are the numbers of the boxes."""
    base = download_stem(name)
    data = formats.to_json(formats.coco(found, name, coco_segmentation))
    return [
        File("COCO · polygons", f"{base}.coco-polygons.json", data.encode(), _JSON),
        File("PNG", f"{base}.masks.png", encode_labels(label_map(found)), "image/png"),
    ]


def _labels(found: Detections, name: str, written: Written) -> list[File]:
    """The label files, which carry the picture's own stem; in a ZIP where browsers change it."""
    own, base = stem(name), download_stem(name)
    zipped = formats.yolo_zip(found, own, written.lines, written.yaml)
    yolo = File("YOLO", f"{base}.yolo.zip", zipped, _ZIP)
    if not written.voc:
        return [yolo]
    if own == base:
        xml = formats.voc_xml(found, name).encode()
        return [yolo, File("VOC", f"{base}.xml", xml, "application/xml")]
    return [yolo, File("VOC", f"{base}.voc.zip", formats.voc_zip(found, name, own), _ZIP)]


def _tables(base: str, facts: Mapping[str, object], table: str) -> list[File]:
    # Spreadsheets read CSV as UTF-8 only if it starts with a byte order mark.
    return [
        File("JSON", f"{base}.json", formats.to_json(facts).encode(), _JSON),
        File("CSV", f"{base}.csv", table.encode("utf-8-sig"), "text/csv"),
    ]


def _detection_scripts(
    facts: Mapping[str, object],
    url: str,
    query: DetectQuery,
    picture: str,
    route: str,
    listing: Listing,
) -> list[File]:
    model = str(facts["model"])
    options: list[tuple[str, object]] = [
        ("model", model),
        ("confidence", query.confidence),
        ("iou", query.iou),
        ("classes", query.classes),
        *([] if query.size is None else [("size", query.size)]),
    ]
    client = rest_script(url, route, options, picture)
    local = replay_local_detections(
        model, query.confidence, query.iou, query.classes, query.size, picture, listing
    )
    return _scripts(download_stem(picture), client, local)


def _scripts(base: str, client: str, local: str) -> list[File]:
    # Never <base>.py alone: the script of a json.jpg would shadow Python's json module.
    both = (("Python · HTTP", f"{base}-http.py", client), ("Python", f"{base}-local.py", local))
    return [File(title, name, text.encode(), "text/x-python") for title, name, text in both if text]
