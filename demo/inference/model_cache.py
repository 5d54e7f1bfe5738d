"""Loaded models: each is loaded once however many ask, within a budget of bytes."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from demo.augment.torchvision_import import import_torchvision
from demo.backends.base import Backend, OutOfMemory, Runner, choose
from demo.errors import DemoError
from demo.inference.catalog import Catalog
from demo.inference.engine import Status
from demo.inference.loaded import Loaded, Slot
from demo.models.file_stamp import FileStamp
from demo.models.spec import ModelSpec, WeightsFile
from demo.system import trim

_log = logging.getLogger(__name__)

_PARAMETER_BYTES = 4
"""Networks run in float32; their files may be of half precision."""


class ModelCache:
    """Leases loaded models; the least recently used are evicted beyond the budget.

    A model in use is never evicted, nor is the one that was asked for last. A model whose file has
    changed is loaded again; one whose file is gone answers as long as it is resident.
    """

    def __init__(
        self,
        catalog: Catalog,
        backends: Sequence[Backend],
        device: str,
        budget_bytes: int,
        has_converted: Callable[[ModelSpec, WeightsFile], bool] | None = None,
    ) -> None:
        """Loads nothing yet.

        Args:
            catalog: of the models and their files.
            backends: the preferred one first.
            device: kind of device, `cpu` or `cuda`.
            budget_bytes: memory of all models.
            has_converted: whether something may answer in the place of a model's network, which is
                then loaded when it is needed.
        """
        self._catalog = catalog
        self._backends = backends
        self._device = device
        self._budget_bytes = budget_bytes
        self._lock = threading.Lock()
        self._slots: dict[str, Slot] = {}
        self._measured: dict[str, tuple[FileStamp | None, int]] = {}
        """Bytes of models that have been loaded, and the file that they were loaded from."""
        self._clock = 0
        self._closed = threading.Event()
        self._has_converted = has_converted

    def close(self) -> None:
        """Break off running downloads."""
        self._closed.set()

    @contextmanager
    def lease(self, name: str) -> Iterator[Loaded]:
        """The model for the length of the block; it is not evicted meanwhile.

        The first caller loads it, others wait for that. Raises the DemoError of a failed load to
        all callers that waited; the next one tries again. Raises DemoError for a model that does
        not fit into the budget.
        """
        slot, first = self._take(name, self._catalog.find(name), self._catalog.spec(name))
        try:
            if first:
                self._load(name, slot)
            yield slot.future.result()
        finally:
            with self._lock:
                slot.leases -= 1
            self._keep_budget()

    def status(self, name: str) -> Status:
        """What the model is doing now. Raises DemoError for an unknown name."""
        with self._lock:
            slot = self._slots.get(name)
            if slot is not None and slot.future.done():
                return Status("resident")
            if slot is not None:
                fraction = slot.fraction
                return Status("loading") if fraction is None else Status("downloading", fraction)
        return Status("absent" if self._catalog.find(name) is None else "present")

    def backend(self, name: str) -> str | None:
        """What the model answers by now; None unless it is in memory. Looks for no file."""
        with self._lock:
            slot = self._slots.get(name)
            if slot is None or not slot.future.done() or slot.future.exception() is not None:
                return None
            loaded = slot.future.result()
        return loaded.converted.backend or loaded.backend

    def fits(self, spec: ModelSpec) -> bool:
        """Whether the model fits into the budget, as far as can be known before it is loaded."""
        return self._needed_bytes(spec) <= self._budget_bytes

    def shrink(self, budget_bytes: int) -> int:
        """Evict models that are not in use, least recently used first.

        Returns the bytes that are held then.
        """
        with self._lock:
            idle = [name for name, slot in self._slots.items() if slot.leases == 0]
            evicted, held_bytes = self._evict(idle, budget_bytes)
        _release(evicted)
        return held_bytes

    def _keep_budget(self) -> None:
        """Evict as `shrink` does, but for the model that was asked for last."""
        with self._lock:
            latest = max((slot.last_use for slot in self._slots.values()), default=0)
            idle = [
                name
                for name, slot in self._slots.items()
                if slot.leases == 0 and slot.last_use < latest
            ]
            evicted, _ = self._evict(idle, self._budget_bytes)
        _release(evicted)

    def _evict(self, names: Sequence[str], budget_bytes: int) -> tuple[list[Slot], int]:
        """The slots that are no longer listed, and the bytes that are held then."""
        evicted = []
        held = {name: _size_bytes(slot) for name, slot in self._slots.items()}
        total = sum(held.values())
        for name in sorted(names, key=lambda name: self._slots[name].last_use):
            if total <= budget_bytes:
                break
            total -= held[name]
            evicted.append(self._slots.pop(name))
            _log.info("evicted %s (%.1f MB)", name, held[name] / 1e6)
        return evicted, total

    def _take(self, name: str, found: FileStamp | None, spec: ModelSpec) -> tuple[Slot, bool]:
        """The model's slot, and whether the caller is to load it; found, spec: its file now."""
        with self._lock:
            slot = self._slots.get(name)
            if slot is not None and slot.future.done() and slot.is_old(found, spec):
                # Callers that lease the old one keep it until they are done.
                _log.info("the file of %s has changed", name)
                slot = None
            first = slot is None
            if slot is None:
                slot = self._slots[name] = Slot()
            self._clock += 1
            slot.leases += 1
            slot.last_use = self._clock
            return slot, first

    def _load(self, name: str, slot: Slot) -> None:
        def progress(fraction: float) -> None:
            if self._closed.is_set():
                raise DemoError("server_stopping")
            slot.fraction = fraction

        try:
            spec = self._catalog.spec(name)
            self._check_fits(spec)
            file = self._catalog.open(name, progress)
            slot.stamp = self._catalog.find(name)
            slot.fraction = None
            backend = choose(spec, self._device, self._backends)
            load = partial(self._network, spec, backend, file, slot.stamp)
            loaded = Loaded(spec, file, backend.name, load)
            if self._has_converted is None or not self._has_converted(spec, file):
                _ = loaded.runner
            slot.future.set_result(loaded)
        except BaseException as error:
            # Every exception is passed on to the callers that wait, and raised here.
            _log.warning("loading %s failed: %s", name, error)
            with self._lock:
                if self._slots.get(name) is slot:
                    del self._slots[name]
            slot.future.set_exception(error)
            raise

    def _network(
        self, spec: ModelSpec, backend: Backend, file: WeightsFile, stamp: FileStamp | None
    ) -> Runner:
        """Load the network in the place of others, as far as that is needed."""
        import_torchvision()
        self.shrink(self._budget_bytes - self._needed_bytes(spec))
        runner = self._runner(backend, spec, file)
        file.check_unchanged()
        self._measured[spec.name] = stamp, runner.size_bytes
        self._check_fits(spec)
        _log.info("loaded %s with %s (%.1f MB)", spec.name, backend.name, runner.size_bytes / 1e6)
        return runner

    def _runner(self, backend: Backend, spec: ModelSpec, file: WeightsFile) -> Runner:
        try:
            return backend.load(spec, file)
        except OutOfMemory:
            _log.warning("out of memory while loading %s: evicting all others", spec.name)
        self.shrink(0)
        try:
            return backend.load(spec, file)
        except OutOfMemory:
            raise DemoError("out_of_memory", name=spec.name) from None

    def _check_fits(self, spec: ModelSpec) -> None:
        if not self.fits(spec):
            needed_mb, budget_mb = self._needed_bytes(spec) / 1e6, self._budget_bytes / 1e6
            raise DemoError("model_too_large", name=spec.name, needed=needed_mb, budget=budget_mb)

    def _needed_bytes(self, spec: ModelSpec) -> int:
        """Memory of the model: as measured, else by its parameters; 0 where nothing is known."""
        stamp, measured = self._measured.get(spec.name, (None, 0))
        if stamp is not None and stamp == self._catalog.find(spec.name):
            return measured
        return (spec.params or 0) * _PARAMETER_BYTES


def _release(evicted: list[Slot]) -> None:
    """Free evicted models and give their memory back to the operating system."""
    if evicted:
        evicted.clear()
        trim()


def _size_bytes(slot: Slot) -> int:
    done = slot.future.done() and slot.future.exception() is None
    return slot.future.result().size_bytes if done else 0
