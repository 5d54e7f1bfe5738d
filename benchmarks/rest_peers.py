"""The peers of the REST measurement: ultralytics itself, in a process of its own.

`python -m benchmarks.rest_peers MODEL [--export FOLDER]`: MODEL is yolo11n.pt, or with --export the
file of which ultralytics' OpenVINO export is made into that folder and then run. Answers bus.jpg
for each line on its input: `one` by `predict()` and `plot()`, `many N` by 8 threads with a model
each, N times in a row.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from benchmarks import needs
from benchmarks.detect_http import photo
from benchmarks.rest_client import Box
from benchmarks.servers import ROOT
from demo.system import cores

if TYPE_CHECKING:
    from ultralytics import YOLO

THREADS = 8
_SIZE = 640
_ENVIRON = {
    "YOLO_OFFLINE": "true",
    "YOLO_AUTOINSTALL": "false",
    "ULTRALYTICS_SKIP_REQUIREMENTS_CHECKS": "1",
}
_MARK = "peer: "
"""Before each answer; ultralytics prints other lines."""


class PeerAnswer(TypedDict):
    """ms: of one call, or of all calls of all threads. boxes: of one call."""

    ms: float
    boxes: list[Box]


class Peer:
    """The process, which answers one question after the other."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def one(self) -> PeerAnswer:
        """Run `predict()` and `plot()` once."""
        return self._ask("one")

    def many(self, each: int) -> float:
        """Pictures a second of `THREADS` threads, `each` in a row."""
        return THREADS * each / self._ask(f"many {each}")["ms"] * 1000

    def _ask(self, question: str) -> PeerAnswer:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{question}\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> PeerAnswer:
        """The next answer. Raises RuntimeError where the process has ended."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(_MARK):
                found: PeerAnswer = json.loads(line.removeprefix(_MARK))
                return found
        raise RuntimeError("the peer has ended")


@contextmanager
def peer(model: Path, export: Path | None = None) -> Iterator[Peer]:
    """A peer that is warm, ended after the block. export: a folder for ultralytics' export."""
    words = [] if export is None else ["--export", str(export)]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.rest_peers", str(model), *words],
        cwd=ROOT,
        env=os.environ | _ENVIRON,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    # At its end both pipes are closed, and the process ends with its input.
    with process:
        started = Peer(process)
        started.answer()
        yield started


def exported(model: Path, folder: Path) -> Path:
    """Ultralytics' own OpenVINO export of a file, all as it comes."""
    from ultralytics import YOLO

    copy = shutil.copy(model, folder)
    return Path(YOLO(copy).export(format="openvino", imgsz=_SIZE, verbose=False))


def predict(model: "YOLO") -> PeerAnswer:
    """One call on bus.jpg, which is read before."""
    import cv2
    import torch

    picture = cv2.imread(str(photo()))
    # The first call of a predictor leaves torch one thread fewer than there are cores.
    torch.set_num_threads(cores())
    start = time.perf_counter()
    found = model.predict(picture, imgsz=_SIZE, verbose=False)[0]
    found.plot()
    ms = (time.perf_counter() - start) * 1000
    boxes: list[Box] = [
        {"xyxy": row[:4], "score": row[4], "class_id": int(row[5])}
        for row in found.boxes.data.tolist()
    ]
    return {"ms": ms, "boxes": boxes}


def predict_many(models: "list[YOLO]", each: int) -> PeerAnswer:
    """Calls of one thread a model at once."""

    def turn(model: "YOLO") -> None:
        for _ in range(each):
            predict(model)

    start = time.perf_counter()
    with ThreadPoolExecutor(len(models)) as pool:
        list(pool.map(turn, models))
    return {"ms": (time.perf_counter() - start) * 1000, "boxes": []}


def main(words: list[str]) -> None:
    """Answer until the input ends."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rest_peers", description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--export", type=Path, metavar="FOLDER")
    options = parser.parse_args(words)
    if not options.model.is_file():
        raise needs.MissingError(f"There is no file {options.model}; name a yolo11n.pt.")
    import torch  # noqa: F401  first: ultralytics limits the threads of a torch imported after it
    from ultralytics import YOLO

    file = options.model
    if options.export is not None:
        needs.packages("openvino")
        file = exported(file, options.export)
    model = YOLO(file, task="detect")
    crowd: list[YOLO] = []
    for _ in range(3):
        first = predict(model)
    print(f"{_MARK}{json.dumps(first)}", flush=True)
    for line in sys.stdin:
        kind, *number = line.split()
        if kind == "many" and not crowd:
            crowd = [YOLO(file, task="detect") for _ in range(THREADS)]
            for one in crowd:
                predict(one)
        answer = predict(model) if kind == "one" else predict_many(crowd, int(number[0]))
        print(f"{_MARK}{json.dumps(answer)}", flush=True)


if __name__ == "__main__":
    needs.run(main)
