"""Loaded models: each is loaded once however many ask, within a budget of bytes."""

import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field

from demo.backends.base import Backend, Runner, choose
from demo.errors import DemoError
from demo.inference.catalog import Catalog
from demo.inference.engine import Status
from demo.models.spec import ModelSpec

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A network on its device, the digest of its weights file, and the back end that runs it."""

    spec: ModelSpec
    runner: Runner
    weights_sha256: str
    backend: str


@dataclass(slots=True, eq=False)
class _Slot:
    future: "Future[Loaded]" = field(default_factory=Future)
    leases: int = 0
    last_use: int = 0
    fraction: float | None = None


class ModelCache:
    """Leases loaded models; the least recently used are evicted beyond the budget.

    A model in use is never evicted.
    """

    def __init__(
        self, catalog: Catalog, backends: Sequence[Backend], device: str, budget_bytes: int
    ) -> None:
        """backends: the preferred one first. device: kind of device, `cpu` or `cuda`."""
        self._catalog = catalog
        self._backends = backends
        self._device = device
        self._budget_bytes = budget_bytes
        self._lock = threading.Lock()
        self._slots: dict[str, _Slot] = {}
        self._clock = 0
        self._closed = threading.Event()

    def close(self) -> None:
        """Break off running downloads."""
        self._closed.set()

    @contextmanager
    def lease(self, name: str) -> Iterator[Loaded]:
        """The model for the length of the block; it is not evicted meanwhile.

        The first caller loads it, others wait for that. Raises the DemoError of a failed load to
        all callers that waited; the next one tries again.
        """
        self._catalog.spec(name)
        slot, first = self._take(name)
        try:
            if first:
                self._load(name, slot)
            yield slot.future.result()
        finally:
            with self._lock:
                slot.leases -= 1
            self.shrink(self._budget_bytes)

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

    def shrink(self, budget_bytes: int) -> int:
        """Evict models that are not in use, least recently used first.

        Returns the bytes that are held then.
        """
        with self._lock:
            held = {name: _size_bytes(slot) for name, slot in self._slots.items()}
            total = sum(held.values())
            idle = [name for name, slot in self._slots.items() if slot.leases == 0]
            for name in sorted(idle, key=lambda name: self._slots[name].last_use):
                if total <= budget_bytes:
                    break
                total -= held[name]
                del self._slots[name]
                _log.info("evicted %s (%.1f MB)", name, held[name] / 1e6)
        return total

    def _take(self, name: str) -> tuple[_Slot, bool]:
        with self._lock:
            first = name not in self._slots
            slot = self._slots.setdefault(name, _Slot())
            self._clock += 1
            slot.leases += 1
            slot.last_use = self._clock
            return slot, first

    def _load(self, name: str, slot: _Slot) -> None:
        def progress(fraction: float) -> None:
            if self._closed.is_set():
                raise DemoError("server_stopping")
            slot.fraction = fraction

        try:
            file = self._catalog.open(name, progress)
            slot.fraction = None
            spec = self._catalog.spec(name)
            backend = choose(spec, self._device, self._backends)
            runner = backend.load(spec, file)
            slot.future.set_result(Loaded(spec, runner, file.sha256, backend.name))
            _log.info("loaded %s with %s (%.1f MB)", name, backend.name, runner.size_bytes / 1e6)
        except BaseException as error:
            # Every exception is passed on to the callers that wait, and raised here.
            _log.warning("loading %s failed: %s", name, error)
            with self._lock:
                del self._slots[name]
            slot.future.set_exception(error)
            raise


def _size_bytes(slot: _Slot) -> int:
    done = slot.future.done() and slot.future.exception() is None
    return slot.future.result().runner.size_bytes if done else 0
