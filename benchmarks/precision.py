"""What float32 and bfloat16 of OpenVINO cost in answers, against torch, on photos of coco128.

python -m benchmarks.precision [--data FOLDER] [--weights FOLDER]

Detectors: mAP50 and mAP50-95 over all photos, the classes that a detector knows alone (yolo11n was
trained on such photos: only the differences count). Classifiers: how many photos keep their first
answer, and how far its probability moves. All of it in each precision that the processor has.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch

from benchmarks import needs
from demo.backends.base import InferenceRunner
from demo.backends.openvino_cpu import (
    OpenvinoRunner,
    Precision,
    Shape,
    precision_here,
    processor,
    set_threads,
)
from demo.backends.torch_cpu import BACKEND
from demo.geometry.boxes import nms
from demo.inference.catalog import Catalog
from demo.inference.convert import export
from demo.lab.data.boxed_photos import Photo
from demo.lab.data.detection_photos import detection_photos
from demo.lab.data.read import read_photo
from demo.lab.evaluation.detector import measure_detector, with_labels
from demo.models.spec import ImageRequest, ModelSpec, WeightsFile
from demo.results import Detections, Result, Scores
from demo.results.metrics import GroundTruth, match
from demo.settings import Settings
from demo.system import cores

DETECTORS = ("yolo11n", "yolo-vitrine")
CLASSIFIERS = ("mobilenet_v2", "photo-101")
IOU = 0.7
"""Of the suppression of boxes, as mAP is usually measured."""
Pass = Callable[[Shape], InferenceRunner]


def torch_pass(spec: ModelSpec, file: WeightsFile) -> Pass:
    """The network of torch, for every shape."""
    runner = BACKEND.load(spec, file)
    return lambda shape: runner


def openvino_pass(spec: ModelSpec, file: WeightsFile, precision: Precision) -> Pass:
    """A converted network for each shape, made when the first photo has it."""
    runners: dict[Shape, OpenvinoRunner] = {}

    def find(shape: Shape) -> OpenvinoRunner:
        if shape not in runners:
            content = export(spec.network(file).requires_grad_(False), shape)
            runners[shape] = OpenvinoRunner(content, shape, precision, cores())
        return runners[shape]

    return find


def answers(spec: ModelSpec, find: Pass, photos: Sequence[Photo]) -> list[Result]:
    """The answer to each photo, before any threshold but the detector's lowest score."""
    found = []
    for photo in photos:
        prepared = spec.family.preprocess(ImageRequest(read_photo(photo.path)))
        outputs = find(prepared.inputs.shape[1:]).run(prepared.inputs)
        found.append(spec.family.postprocess(outputs, prepared))
    return found


def map_text(spec: ModelSpec, found: Sequence[Result], photos: Sequence[Photo]) -> str:
    """MAP50 and mAP50-95 of a detector's answers."""
    matches = []
    for answer, photo in zip(found, photos, strict=True):
        known = with_labels(photo, spec.labels)
        xyxy = np.array(known.boxes, np.float32).reshape(-1, 4)
        ids = np.array([spec.labels.index(label) for label in known.labels], np.int64)
        matches.append(match(nms(cast(Detections, answer), IOU), GroundTruth(xyxy, ids)))
    scores = measure_detector(matches, spec.labels)
    return f"mAP50 {scores.map50.value:.4f}, mAP50-95 {scores.map50_95.value:.4f}"


def top_text(found: Sequence[Result], expected: Sequence[Result]) -> str:
    """How many first answers of a classifier are kept, and how far their probability moves."""
    pairs = [
        (cast(Scores, a).top(1)[0], cast(Scores, b).top(1)[0])
        for a, b in zip(found, expected, strict=True)
    ]
    kept = sum(a[0] == b[0] for a, b in pairs)
    moved = [abs(a[1] - b[1]) for a, b in pairs]
    return (
        f"first answer kept on {kept} of {len(pairs)}, its probability moves by "
        f"{np.mean(moved):.4f} on average, {max(moved):.4f} at most"
    )


def main(words: list[str]) -> None:
    """Print a line for each model and precision."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, default=needs.DATA)
    arguments.add_argument("--weights", type=Path, default=needs.WEIGHTS)
    given = arguments.parse_args(words)
    if given.data == needs.DATA:
        needs.data("coco128")
        needs.weights("yolo11n.pt", "mobilenet_v2.pth")
    torch.set_num_threads(cores())
    set_threads(cores())
    photos = detection_photos(given.data, "coco128")
    catalog = Catalog(Settings(weights_dir=given.weights, offline=True, device="cpu"))
    precisions: list[Precision] = ["f32"]
    if precision_here("fast") == "bf16":
        precisions.append("bf16")
    print(f"{processor()}, {len(photos)} photos")
    for name in (*DETECTORS, *CLASSIFIERS):
        spec, file = catalog.spec(name), catalog.open(name, lambda share: None)
        expected = answers(spec, torch_pass(spec, file), photos)
        detects = name in DETECTORS
        if detects:
            print(f"{name} torch float32: {map_text(spec, expected, photos)}", flush=True)
        for precision in precisions:
            found = answers(spec, openvino_pass(spec, file, precision), photos)
            text = map_text(spec, found, photos) if detects else top_text(found, expected)
            print(f"{name} openvino-{precision}: {text}", flush=True)


if __name__ == "__main__":
    needs.run(main)
