"""Models that stay loaded: each once however many ask, within a budget of bytes."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch

from demo.errors import DemoError
from demo.inference.catalog import Catalog
from demo.models.spec import Model


@dataclass(frozen=True, slots=True)
class Status:
    """What a model is doing.

    stage: absent (would have to be downloaded), present, downloading, loading or resident.
    fraction: how far a download is, 0–1.
    """

    stage: str
    fraction: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A model on its device, and the digest of the file that it came from."""

    model: Model
    weights_sha256: str


@dataclass(slots=True, eq=False)
class _Slot:
    future: "Future[Loaded]" = field(default_factory=Future)
    users: int = 0
    last_use: int = 0
    fraction: float | None = None


class ModelCache:
    """Lends loaded models; the least recently used go when the budget is exceeded."""

    def __init__(self, catalog: Catalog, device: torch.device, budget_bytes: int) -> None:
        self._catalog = catalog
        self._device = device
        self._budget_bytes = budget_bytes
        self._lock = threading.Lock()
        self._slots: dict[str, _Slot] = {}
        self._clock = 0
        self._closed = threading.Event()

    def close(self) -> None:
        """Break off what is being downloaded."""
        self._closed.set()

    @contextmanager
    def lease(self, name: str) -> Iterator[Loaded]:
        """The model for the length of the block; it is not evicted meanwhile.

        The first to ask loads it, others wait for that. Raises the DemoError of a failed load to
        all who waited; the next one tries again.
        """
        self._catalog.spec(name)
        slot, first = self._take(name)
        try:
            if first:
                self._load(name, slot)
            yield slot.future.result()
        finally:
            with self._lock:
                slot.users -= 1
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
        """Drop what is not in use, least recently used first; the bytes that are held then."""
        with self._lock:
            held = {name: _bytes(slot) for name, slot in self._slots.items()}
            total = sum(held.values())
            idle = [name for name, slot in self._slots.items() if slot.users == 0]
            for name in sorted(idle, key=lambda name: self._slots[name].last_use):
                if total <= budget_bytes:
                    break
                total -= held[name]
                del self._slots[name]
        return total

    def _take(self, name: str) -> tuple[_Slot, bool]:
        with self._lock:
            first = name not in self._slots
            slot = self._slots.setdefault(name, _Slot())
            self._clock += 1
            slot.users += 1
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
            model = self._catalog.spec(name).load(file, self._device)
            slot.future.set_result(Loaded(model, file.sha256))
        except BaseException as error:
            # Passed on to those who wait and raised here, whatever it is.
            with self._lock:
                del self._slots[name]
            slot.future.set_exception(error)
            raise


def _bytes(slot: _Slot) -> int:
    done = slot.future.done() and slot.future.exception() is None
    return slot.future.result().model.size_bytes if done else 0
