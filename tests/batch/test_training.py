"""What is written as YOLO is trained on by ultralytics as it is, from any folder."""

import os
from pathlib import Path

import numpy as np
import pytest

from demo import tasks
from demo.batch.export.exporter import Exporter, chosen_formats
from demo.batch.sinks import FolderSink
from demo.images.limits import Limits
from demo.results import Detections, Result
from tests.support.batches import answer, picture
from tests.support.masks import blobs, segments
from tests.support.poses import persons
from tests.support.preloaded import Preloaded
from tests.support.turned import fleet

SIZE = (96, 64)
LABELS = ("red: thing", "no")
PROGRAM = """
import sys
import torch
from ultralytics import YOLO
from ultralytics.data.utils import check_det_dataset

data = check_det_dataset(sys.argv[1])
print("names", list(data["names"].values()))
trained = YOLO(sys.argv[2]).train(
    data=sys.argv[1], epochs=1, imgsz=64, batch=4, workers=0, device="cpu", plots=False,
    project=sys.argv[3], amp=False, exist_ok=True,
)
print("validated on", int(trained.nt_per_class.sum()))
"""


def boxes(count: int) -> Detections:
    corners = [(8 * i, 4 * i, 8 * i + 30, 4 * i + 20) for i in range(count)]
    xyxy = np.array(corners, np.float32).reshape(-1, 4)
    return Detections(xyxy, np.full(count, 0.9, np.float32), np.zeros(count, int), LABELS, SIZE)


RESULTS: dict[str, tuple[str, list[Result]]] = {
    "detect": ("yolov8n.yaml", [boxes(2), boxes(0), boxes(1), boxes(3)]),
    "segment": ("yolov8n-seg.yaml", [segments(blobs(2, SIZE, i), LABELS) for i in range(4)]),
    "pose": ("yolov8n-pose.yaml", [persons(count, SIZE) for count in (1, 0, 2, 1)]),
    "obb": ("yolov8n-obb.yaml", [fleet(count, count, SIZE) for count in (3, 0, 1, 2)]),
}


@pytest.mark.parametrize("task", RESULTS)
def test_one_epoch_of_ultralytics_own_trainer(
    preloaded: Preloaded, tmp_path: Path, task: str
) -> None:
    """On four small pictures; every box is counted in the validation."""
    network, results = RESULTS[task]
    out = tmp_path / "out"
    out.mkdir()
    steps = []
    for i, result in enumerate(results):
        file = tmp_path / f"{i}.png"
        file.write_bytes(picture(i, SIZE))
        steps.append(answer(file, f"folder/{i}.png", task, result))
    owner, spec = tasks.find(task), steps[0].spec
    query = owner.parse(spec, {"confidence": 0.1, "iou": 1.0})
    formats = chosen_formats(owner, ["yolo"])
    with Exporter(spec, query, formats, FolderSink(out), Limits()) as exporter:
        for step in steps:
            exporter.add(step)
        exporter.finish()
    away = tmp_path / "elsewhere"
    away.mkdir()
    quiet = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "YOLO_CONFIG_DIR": str(away)}
    words = ["-c", PROGRAM, str(out / "data.yaml"), network, str(tmp_path / "runs")]
    ran = preloaded.run(words, away, os.environ | quiet)
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert f"names {list(results[0].labels)}" in ran.stdout
    total = sum(len((out / f"labels/folder__{i}.txt").read_text().splitlines()) for i in range(4))
    assert f"validated on {total}" in ran.stdout, ran.stdout[-3000:]
    assert "corrupt" not in ran.stdout.replace("0 corrupt", "")
