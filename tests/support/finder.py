"""A small honest detector: it finds what is red, and can be told to take its time."""

import threading
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from demo.inference.catalog import Catalog
from demo.inference.engine import Engine
from demo.models.spec import Model, ModelSpec, Prepared, WeightsEntry, WeightsFile
from demo.results import Detections, Image, Scores
from demo.settings import Settings
from tests.support.clips import red_box

LABELS = ("blue thing", "red thing")


class Finder:
    """Boxes of what is red: the square of `tests.support.clips`."""

    size_bytes = 100

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.batches: list[int] = []
        self.prepared = 0
        self.breaks_at: int | None = None
        self.gate = threading.Event()
        self.gate.set()

    def preprocess(self, image: Image, size: int) -> Prepared:
        self.prepared += 1
        tensor = torch.from_numpy(image.copy()).permute(2, 0, 1)[None].float()
        return Prepared(tensor, (0, 0, image.shape[1], image.shape[0]), image, None)

    def forward(self, batch: Tensor) -> Tensor:
        self.gate.wait(10)
        self.batches.append(len(batch))
        if self.breaks_at is not None and sum(self.batches) >= self.breaks_at:
            raise ValueError("the network broke")
        time.sleep(self.seconds * len(batch))
        return batch

    def postprocess(self, raw: Tensor, prepared: Prepared) -> Detections | Scores:
        picture = raw[0].permute(1, 2, 0).numpy().astype(np.uint8)
        box = red_box(picture)
        size_wh = (picture.shape[1], picture.shape[0])
        if box is None:
            return Detections.empty(LABELS, size_wh)
        return Detections(
            np.array([box], np.float32),
            np.array([0.9], np.float32),
            np.array([1], np.int64),
            LABELS,
            size_wh,
        )


class Guesser(Finder):
    """A classifier: red or not."""

    def postprocess(self, raw: Tensor, prepared: Prepared) -> Scores:
        red = 0.75 if super().postprocess(raw, prepared) else 0.25
        return Scores(np.array([1 - red, red], np.float32), LABELS)


def engine(folder: Path, finder: Finder) -> Engine:
    """An engine that knows `finder`, `guesser` and a `painter`, which takes no pictures."""
    models: dict[str, tuple[str, Finder]] = {
        "finder": ("detect", finder),
        "guesser": ("classify", Guesser()),
        "painter": ("generate", finder),
    }
    specs = []
    for name, (task, model) in models.items():
        (folder / f"{name}.pth").write_bytes(b"none")

        def load(file: WeightsFile, device: torch.device, found: Finder = model) -> Model:
            return found

        entry = WeightsEntry(name, (".pth",))
        specs.append(ModelSpec(name, name, task, LABELS, 64, "finder", "none", "here", entry, load))
    settings = Settings(weights_dir=folder, cache_dir=folder / "c", device="cpu", threads=1)
    return Engine(settings, Catalog(settings, specs))
