"""One way in to every model: `Engine.run`, the same answer alone and under load."""

import math
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from demo import validate
from demo.errors import DemoError
from demo.inference.batching import Worker
from demo.inference.catalog import Catalog
from demo.inference.model_cache import ModelCache, Status
from demo.models.spec import ModelSpec
from demo.results import Detections, Image, Scores, Timing, check_image
from demo.settings import Settings
from demo.system import cores, trim

_MOST = {"cpu": 4, "cuda": 32}
"""Pictures in one batch, by device."""
_FIRST_PAGE_S = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What a model says about a picture, and how it came to it.

    window_xyxy: the part of the upload that the network saw, pixels of the upload. seen: the
    network's input as an h×w×3 uint8 RGB picture. size_wh: of the upload.
    """

    model: str
    weights_sha256: str
    result: Scores | Detections
    timing: Timing
    device: str
    window_xyxy: tuple[float, float, float, float]
    seen: Image
    size_wh: tuple[int, int]


class Engine:
    """The catalog, the resident models and the worker of one device."""

    def __init__(self, settings: Settings, catalog: Catalog | None = None) -> None:
        """Loads nothing yet. Raises DemoError for a missing weights folder or device."""
        self._catalog = catalog or Catalog(settings)
        self._device = _device(settings.device)
        threads = settings.threads or cores()
        self._threads = threads
        self._resident = ModelCache(
            self._catalog, self._device, settings.model_budget_mb * 1_000_000
        )
        lanes = threads if self._device.type == "cpu" else 0
        self._worker = Worker(_MOST[self._device.type], self._free, threads, lanes=lanes)
        self._closing = threading.Event()

    def run(
        self, name: str, image: Image, size: int | None = None, *, bulk: bool = False
    ) -> Prediction:
        """What the model `name` says about an H×W×3 uint8 RGB picture; blocks, thread-safe.

        size: longest side of a detector's input, a multiple of 32 in 64–1280; None is the model's
        own. bulk: one of many pictures, asked for by `at_once` threads. Raises DemoError for an
        unknown name or size, and for weights that are missing, corrupt or too big for the memory.
        """
        check_image(image)
        spec = self._catalog.spec(name)
        side = _side(spec, size)
        with self._resident.lease(name) as loaded:
            start = time.perf_counter()
            prepared = loaded.model.preprocess(image, side)
            prepared_at = time.perf_counter()
            raw, forward_ms = self._worker.run(name, loaded.model, prepared.tensor, bulk=bulk)
            answered_at = time.perf_counter()
            result = loaded.model.postprocess(raw, prepared)
            end = time.perf_counter()
        timing = Timing(
            preprocess=(prepared_at - start) * 1000,
            forward=forward_ms,
            postprocess=(end - answered_at) * 1000,
        )
        return Prediction(
            name,
            loaded.weights_sha256,
            result,
            timing,
            self.device_text(),
            prepared.window_xyxy,
            prepared.seen,
            (image.shape[1], image.shape[0]),
        )

    @property
    def at_once(self) -> int:
        """How many pictures asked for together keep the device busy, one of them being prepared."""
        return self._threads + 1 if self._device.type == "cpu" else _MOST["cuda"]

    def spec(self, name: str) -> ModelSpec:
        """The facts of a model. Raises DemoError for an unknown name."""
        return self._catalog.spec(name)

    def status(self, name: str) -> Status:
        """Whether a model is absent, present, downloading, loading or resident."""
        return self._resident.status(name)

    def size_bytes(self, name: str) -> int | None:
        """Size of the model's file, here or at its source."""
        return self._catalog.size_bytes(name)

    def device_text(self) -> str:
        """The device for people: `CPU · 2 cores`, or the GPU's name and its free memory."""
        if self._device.type == "cuda":
            free = torch.cuda.mem_get_info(self._device)[0]
            return f"{torch.cuda.get_device_name(self._device)} · {free / 1e9:.0f} GB"
        return f"CPU · {self._threads} cores" if self._threads > 1 else "CPU · 1 core"

    def models(self) -> list[dict[str, Any]]:
        """Every model of the catalog: whether it can answer here, its size, scores and licence.

        Scores are in %.
        """
        here = self._catalog.present()
        return [self._row(spec, here.get(spec.name)) for spec in self._catalog.specs()]

    def default(self, task: str) -> str:
        """The best model of a task that is present: by published score, else our own first one.

        Raises DemoError where none is.
        """
        here = self._catalog.present()
        fit = [spec for spec in self._catalog.specs() if spec.task == task and spec.name in here]
        if not fit:
            raise DemoError("no_models")
        return max(fit, key=lambda spec: (spec.published or {"value": -math.inf})["value"]).name

    def warm_up(self) -> None:
        """Load what the page opens on in the background, once the first page is out."""
        threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()

    def close(self) -> None:
        """End the worker; nothing is answered any more."""
        self._closing.set()
        self._resident.close()
        self._worker.close()

    def _warm_up(self) -> None:
        """The detector alone: its library takes seconds to import, a classifier loads at once."""
        if self._closing.wait(_FIRST_PAGE_S):
            return
        # What is wrong with its file is told to the visitor who asks for it.
        with suppress(DemoError):
            self.run(self.default("detect"), np.full((480, 640, 3), 114, np.uint8))
        trim()

    def _row(self, spec: ModelSpec, path: Path | None) -> dict[str, Any]:
        return {
            "name": spec.name,
            "title": spec.title,
            "task": spec.task,
            "available": path is not None,
            "embedded": path is not None and path == spec.weights.embedded,
            "params": spec.params,
            "size_bytes": path.stat().st_size if path else spec.weights.size_bytes,
            "published": spec.published,
            "measured": spec.measured,
            "licence": spec.licence,
            "source": spec.source,
            "input_size": spec.input_size,
            "classes": len(spec.labels),
            "resident": self._resident.status(spec.name).stage == "resident",
        }

    def _free(self) -> None:
        self._resident.shrink(0)
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


def _device(wish: str) -> torch.device:
    if wish == "cpu":
        return torch.device("cpu")
    if torch.cuda.is_available():
        return torch.device("cuda")
    if wish == "cuda":
        raise DemoError("no_cuda")
    return torch.device("cpu")


def _side(spec: ModelSpec, size: int | None) -> int:
    if size is None or size == spec.input_size:
        return spec.input_size
    if spec.task == "classify":
        got = validate.brief(size)
        raise DemoError("size_fixed", got=got, name=spec.name, size=spec.input_size)
    side = validate.whole(size, "size", 64, 1280)
    if side % 32:
        raise DemoError("size_not_multiple", got=side)
    return side
