"""Peak of the resident memory of large pictures; run in a process of its own (Linux).

    python -m tests.support.watch_memory decode FILE…    decode one after the other
    python -m tests.support.watch_memory answer FILE…    answer about all at once, as `/detect` does

Prints a line of JSON for each measurement: a name, and the growth of the peak in MB.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import numpy as np

from demo.images.decode import decode
from demo.images.encode import encode_jpeg, encode_png
from demo.images.limits import Limits
from demo.inference.engine import Engine, Prediction, Status
from demo.models.spec import ImageRequest, InputView, ModelSpec
from demo.results import Detections, Timing
from demo.service.service import Service
from demo.service.uploads import UploadStore
from demo.settings import Settings
from demo.system import settle_heaps

VALUES = {"confidence": 0.2, "iou": 0.7, "classes": [], "size": None, "line_width": 0}


class _Spec:
    name, task, needs_nms, labels = "yolo", "detect", True, ("cat",)
    confidence, iou = None, None


class _Engine:
    """One box at once: what the pictures cost, without a network."""

    concurrency = 8

    def spec(self, name: str) -> ModelSpec:
        return cast(ModelSpec, _Spec())

    def status(self, name: str) -> Status:
        return Status("resident")

    def weights_version(self, name: str) -> int:
        return 1

    def run(self, name: str, request: ImageRequest) -> Prediction:
        height, width = request.image.shape[:2]
        box = np.array([[0, 0, 200, 200]], np.float32)
        found = Detections(
            box, np.ones(1, np.float32), np.zeros(1, np.int64), ("cat",), (width, height)
        )
        small = np.zeros((64, 64, 3), np.uint8)
        view = InputView((0.0, 0.0, 64.0, 64.0), small, (width, height))
        return Prediction(name, "0" * 64, "torch-cpu", found, Timing(), "CPU", view)


def _status_mb(field: str) -> float:
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if field in x)
    return int(line.split()[1]) / 1024


class Peak:
    """Growth of the peak since it was made, MB."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")  # proc(5): resets the peak
        self._before = _status_mb("VmRSS")

    def grown_mb(self) -> float:
        return _status_mb("VmHWM") - self._before


def decode_each(files: list[str]) -> None:
    decode(encode_png(np.zeros((8, 8, 3), np.uint8)), Limits())
    for file in files:
        data = Path(file).read_bytes()
        peak = Peak()
        decode(data, Limits())
        print(json.dumps([Path(file).name, peak.grown_mb()]), flush=True)


def answer_all(files: list[str]) -> None:
    uploads = UploadStore(keep_s=600)
    service = Service(Settings(), cast(Engine, _Engine()), uploads)
    warm = uploads.folder / "warm.png"
    warm.write_bytes(encode_png(np.zeros((64, 64, 3), np.uint8)))

    def answer(path: str) -> None:
        annotated = service.predict("detect", path, "yolo", VALUES).annotated
        assert annotated is not None
        encode_jpeg(annotated)

    answer(str(warm))
    paths = []
    for number, file in enumerate(files):
        path = uploads.folder / f"{number}"
        path.write_bytes(Path(file).read_bytes())
        paths.append(str(path))
    peak = Peak()
    with ThreadPoolExecutor(len(paths)) as clients:
        list(clients.map(answer, paths))
    print(json.dumps(["all", peak.grown_mb()]), flush=True)
    uploads.close()


if __name__ == "__main__":
    settle_heaps()
    {"decode": decode_each, "answer": answer_all}[sys.argv[1]](sys.argv[2:])
