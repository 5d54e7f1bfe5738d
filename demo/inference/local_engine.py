"""The engine of one process and one device."""

import threading
import time
from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial

from demo import tasks
from demo.backends import openvino_cpu
from demo.backends.base import Backend, InferenceRunner, all_backends
from demo.backends.device import Device
from demo.backends.openvino_cpu import Shape
from demo.errors import DemoError
from demo.inference.batching import Worker
from demo.inference.catalog import Catalog
from demo.inference.conversions import Conversions
from demo.inference.converted import WORTH_PASSES
from demo.inference.engine import ModelRow, Precision, Prediction, Status
from demo.inference.input_size import check_size
from demo.inference.leased_model import LeasedModel
from demo.inference.loaded import Loaded
from demo.inference.model_cache import ModelCache
from demo.inference.model_row import model_row
from demo.inference.own_models import RefusedFile
from demo.inference.precisions import ChosenPrecision, check_precision
from demo.models.score import rank
from demo.models.spec import ModelSpec, Request
from demo.results import Timing
from demo.settings import Settings
from demo.system import cores, trim

_MAX_BATCH = {"cpu": 4, "cuda": 32}
"""Requests in one batch, by device."""
_WARM_UP_DELAY_S = 2.0
"""Time for the first page to be served before models are loaded."""


class LocalEngine:
    """The catalog, the loaded models and the worker of one device."""

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog | None = None,
        backends: Sequence[Backend] | None = None,
        *,
        converts: bool = False,
    ) -> None:
        """Loads nothing yet.

        Args:
            settings: of the owner.
            catalog: in place of that of the program.
            backends: in place of those of the program.
            converts: networks of the CPU are converted in the background, and answer from then on,
                as the settings say; else answers are those of `backends` alone.

        Raises:
            DemoError: the weights folder or the device is missing.
        """
        self._catalog = catalog or Catalog(settings)
        self._backends = all_backends() if backends is None else backends
        self._device = Device.choose(settings.device)
        self._threads = settings.threads or cores()
        budget_bytes = settings.model_budget_mb * 1_000_000
        kind = self._device.kind
        self._converts = converts and kind == "cpu" and settings.precision != "reference"
        self._conversions = Conversions(settings, self._threads)
        kept = self._conversions.has_any if self._converts else None
        self._cache = ModelCache(self._catalog, self._backends, kind, budget_bytes, kept)
        self._max_batch = _MAX_BATCH[kind]
        lanes = self._threads if kind == "cpu" else 0
        set_threads = self._set_threads
        self._worker = Worker(self._max_batch, self._free, self._threads, set_threads, lanes=lanes)
        self._closing = threading.Event()

    def run(self, model: str, request: Request, *, bulk: bool = False) -> Prediction:
        """Run one request, see `Engine.run`."""
        spec = self._catalog.spec(model)
        checked = check_size(spec, request)
        with self._cache.lease(model) as loaded:
            # The description of an owner's file may just have changed.
            family = loaded.spec.family
            start = time.perf_counter()
            prepared = family.preprocess(checked)
            prepared_at = time.perf_counter()
            runner, backend = self._runner(loaded, prepared.inputs.shape[1:])
            outputs, forward_ms = self._worker.run(model, runner, prepared.inputs, bulk=bulk)
            answered_at = time.perf_counter()
            result = family.postprocess(outputs, prepared)
            end = time.perf_counter()
        timing = Timing(
            preprocess=(prepared_at - start) * 1000,
            forward=forward_ms,
            postprocess=(end - answered_at) * 1000,
        )
        device = self.device_text()
        digest = loaded.file.sha256
        return Prediction(model, digest, backend, result, timing, device, prepared.view)

    def run_many(self, model: str, requests: Sequence[Request]) -> list[Prediction]:
        """Run requests together, see `Engine.run_many`."""
        if not requests:
            return []
        threads = min(len(requests), self.concurrency)
        with ThreadPoolExecutor(threads, "run-many") as pool:
            return list(pool.map(partial(self.run, model, bulk=True), requests))

    @contextmanager
    def exclusive(self, model: str) -> Iterator[LeasedModel]:
        """The model with its plain network for the length of the block, see `Engine.exclusive`."""
        with self._cache.lease(model) as loaded:
            yield LeasedModel(loaded.spec, loaded.runner, self._worker)

    @contextmanager
    def in_precision(self, model: str, precision: Precision) -> Iterator[ChosenPrecision]:
        """The model in one precision for the length of the block, see `Engine.in_precision`."""
        check_precision(self._catalog.spec(model), precision, self._device.kind)
        with self._cache.lease(model) as loaded:
            yield ChosenPrecision(loaded, precision, self._conversions, self._worker)

    @property
    def concurrency(self) -> int:
        """How many requests at once keep the device busy, one of them being prepared."""
        return self._threads + 1 if self._device.kind == "cpu" else self._max_batch

    def spec(self, name: str) -> ModelSpec:
        """The facts of a model. Raises DemoError for an unknown name."""
        return self._catalog.spec(name)

    def bring(self, name: str) -> None:
        """Download a model's weights where they are not here, and load it, see `Engine.bring`."""
        with self._cache.lease(name):
            pass

    def status(self, name: str) -> Status:
        """Whether a model is absent, present, downloading, loading or resident."""
        return self._cache.status(name)

    def size_bytes(self, name: str) -> int | None:
        """Size of the model's file, here or at its source."""
        return self._catalog.size_bytes(name)

    def weights_version(self, name: str) -> Hashable:
        """The stamp of the model's file, see `Engine.weights_version`."""
        found, spec = self._catalog.find(name), self._catalog.spec(name)
        # The spec of an owner's file changes with its description.
        return (found, spec) if spec.own else found

    def device_text(self) -> str:
        """The device for people: `CPU · 2 cores`, or the GPU's name and its free memory."""
        return self._device.text(self._threads)

    def models(self) -> list[ModelRow]:
        """Every model of the catalog: whether it can answer here, its size, scores and licence."""
        present = self._catalog.present()
        return [
            model_row(self._catalog, spec, present.get(spec.name), self._cache.backend(spec.name))
            for spec in self._catalog.specs()
        ]

    def default(self, task: str) -> str:
        """The best model of a task that is present: by published score, else the first in order.

        It is the one that the owner opens the page with, where that is of the task. One that does
        not fit into the memory budget is the last choice. Raises DemoError where none is present.
        """
        first = self._catalog.first()
        if first is not None and first.task == task:
            return first.name
        present = self._catalog.present()
        fit = [s for s in self._catalog.specs() if s.task == task and s.name in present]
        if not fit:
            raise DemoError("no_models")
        small = [spec for spec in fit if self._cache.fits(spec)]
        return max(small or fit, key=lambda spec: rank(spec.published)).name

    def warm_up(self) -> None:
        """Load in the background what the page opens on, once the first page is served."""
        threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()

    def close(self) -> None:
        """End the worker; nothing is answered any more."""
        self._closing.set()
        self._conversions.close()
        self._cache.close()
        self._worker.close()

    def _warm_up(self) -> None:
        if self._closing.wait(_WARM_UP_DELAY_S):
            return
        for task in tasks.all_tasks():
            request = task.warm_up_request()
            if request is not None:
                # A fault of the file is reported to the visitor who asks for the model.
                with suppress(DemoError):
                    for _ in range(WORTH_PASSES):  # so that it is converted, too
                        self.run(self.default(task.name), request)
        trim()

    def first(self) -> ModelSpec | None:
        """The model that the owner opens the page with, see `Engine.first`."""
        return self._catalog.first()

    def refused(self) -> list[RefusedFile]:
        """The files of the owner's folder that are no models here, see `Engine.refused`."""
        return list(self._catalog.refused())

    def _runner(self, loaded: Loaded, shape: Shape) -> tuple[InferenceRunner, str]:
        """What runs the model on inputs of that shape, and its name in answers."""
        if self._converts:
            faster = self._conversions.find(loaded, shape)
            if faster is not None:
                return faster, faster.backend
        return loaded.runner, loaded.backend

    def _set_threads(self, count: int) -> None:
        openvino_cpu.set_threads(count)
        for backend in self._backends:
            backend.set_threads(count)

    def _free(self) -> None:
        self._cache.shrink(0)
        self._device.release_memory()
