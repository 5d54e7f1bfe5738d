"""A model that answers: its weights file, its network, and what answers in the network's place."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from demo.backends.base import Runner
from demo.inference.converted import Converted
from demo.models.file_stamp import FileStamp
from demo.models.spec import ModelSpec, WeightsFile


class Loaded:
    """A model whose network is loaded at once, or by the first who needs it.

    converted: of some shapes of input, what answers in the network's place.
    """

    def __init__(
        self, spec: ModelSpec, file: WeightsFile, backend: str, load: Callable[[], Runner]
    ) -> None:
        """Loads nothing yet.

        Args:
            spec: the model.
            file: its weights.
            backend: name of the back end that runs the network.
            load: loads the network; is called once, or again where it has raised.
        """
        self.spec, self.file, self.backend = spec, file, backend
        self.converted = Converted()
        self._load = load
        self._lock = threading.Lock()
        self._runner: Runner | None = None

    @property
    def runner(self) -> Runner:
        """The network on its device. Raises what `load` raises."""
        with self._lock:
            if self._runner is None:
                self._runner = self._load()
            return self._runner

    @property
    def has_network(self) -> bool:
        """Whether the network is loaded."""
        return self._runner is not None

    @property
    def size_bytes(self) -> int:
        """Memory of the network, where it is loaded, and of those that were converted from it."""
        runner = self._runner
        return (0 if runner is None else runner.size_bytes) + self.converted.size_bytes


@dataclass(slots=True, eq=False)
class Slot:
    """A place in the cache of models: what it holds, or is about to."""

    future: "Future[Loaded]" = field(default_factory=Future)
    leases: int = 0
    last_use: int = 0
    fraction: float | None = None
    stamp: FileStamp | None = None
    """Of the file that was found when the model was loaded."""

    def is_old(self, found: FileStamp | None, spec: ModelSpec) -> bool:
        """Whether the loaded model is of another file, or described in another way than now."""
        if found not in (None, self.stamp):
            return True
        failed = self.future.exception() is not None
        return spec.own and not failed and self.future.result().spec is not spec
