"""A small working detector of red pixels that can be slowed down or made to fail."""

import threading
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from demo.backends.base import Backend
from demo.errors import DemoError
from demo.inference.catalog import Catalog
from demo.inference.local_engine import LocalEngine
from demo.models.spec import (
    ImageRequest,
    InputView,
    ModelSpec,
    Outputs,
    Prepared,
    Request,
    WeightsEntry,
    WeightsFile,
)
from demo.results import Detections, Result, Scores
from demo.settings import Settings
from tests.support.clips import red_box

LABELS = ("blue thing", "red thing")


class Finder:
    """Family and runner in one: a box around all red pixels, the square of `clips`."""

    size_bytes = 100
    device = "cpu"
    precision = "float32"
    parallel = True

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.batches: list[int] = []
        self.prepared = 0
        self.breaks_at: int | None = None
        self.gate = threading.Event()
        self.gate.set()

    def preprocess(self, request: Request) -> Prepared:
        if not isinstance(request, ImageRequest):
            raise DemoError("takes_pictures_only", name="finder")
        self.prepared += 1
        image = request.image
        size_wh = (image.shape[1], image.shape[0])
        view = InputView((0, 0, size_wh[0], size_wh[1]), image, size_wh)
        return Prepared(image.transpose(2, 0, 1)[None].astype(np.float32), None, view)

    def run(self, inputs: NDArray[np.float32]) -> Outputs:
        self.gate.wait(10)
        self.batches.append(len(inputs))
        if self.breaks_at is not None and sum(self.batches) >= self.breaks_at:
            raise ValueError("the network broke")
        time.sleep(self.seconds * len(inputs))
        return (inputs,)

    def module(self) -> nn.Module:
        return nn.Identity()

    def postprocess(self, outputs: Outputs, prepared: Prepared) -> Result:
        picture = outputs[0][0].transpose(1, 2, 0).astype(np.uint8)
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

    def postprocess(self, outputs: Outputs, prepared: Prepared) -> Scores:
        found = super().postprocess(outputs, prepared)
        assert isinstance(found, Detections)
        red = 0.75 if len(found) else 0.25
        return Scores(np.array([1 - red, red], np.float32), LABELS)


class FakeBackend:
    """Uses the given runners, by model name, instead of loading networks."""

    name = "fake"
    order = 0

    def __init__(self, runners: dict[str, Finder]) -> None:
        self.runners = runners

    def supports(self, spec: ModelSpec, device: str) -> bool:
        return spec.name in self.runners

    def load(self, spec: ModelSpec, file: WeightsFile) -> Finder:
        return self.runners[spec.name]

    def set_threads(self, count: int) -> None:
        """The fake passes use no threads."""


def fake_spec(folder: Path, name: str, task: str, family: Finder) -> ModelSpec:
    """A model without weights, whose file is nevertheless in the folder, of a size of its own."""
    (folder / f"{name}.pth").write_bytes(b"none" * len(name))
    return ModelSpec(
        name=name,
        title=name,
        task=task,
        labels=LABELS,
        input_size=64,
        architecture="finder",
        licence="none",
        source="here",
        weights=WeightsEntry(name, (".pth",)),
        family=family,
        network=lambda file: nn.Identity(),
        fixed_size=task == "classify",
    )


def engine(folder: Path, finder: Finder) -> LocalEngine:
    """An engine with the models `finder` (detect), `guesser` (classify), `painter` (generate)."""
    models: dict[str, tuple[str, Finder]] = {
        "finder": ("detect", finder),
        "guesser": ("classify", Guesser()),
        "painter": ("generate", finder),
    }
    specs = [fake_spec(folder, name, task, family) for name, (task, family) in models.items()]
    settings = Settings(weights_dir=folder, cache_dir=folder / "c", device="cpu", threads=1)
    backends: list[Backend] = [FakeBackend({name: model for name, (_, model) in models.items()})]
    return LocalEngine(settings, Catalog(settings, specs), backends)
