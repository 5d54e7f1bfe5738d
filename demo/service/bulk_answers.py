"""Answers about many files, each asked about once: neither its pixels nor its answer are kept."""

from dataclasses import replace
from pathlib import Path
from typing import Protocol

from demo.errors import DemoError
from demo.images.decode import Picture
from demo.inference.engine import Engine, Prediction
from demo.models.spec import ImageRequest, ModelSpec, Request
from demo.results import Timing
from demo.service.memory_budget import Claim, MemoryBudget
from demo.service.pictures import Pictures
from demo.tasks.base import Query


class Run(Protocol):
    """Runs a model about one request of many, see `Engine.run`."""

    def __call__(self, request: Request, *, bulk: bool = False) -> Prediction:
        """Run it; blocks."""


class BulkAnswers:
    """Decodes files and asks models, at the lowest priority: visitors who wait go first."""

    def __init__(self, engine: Engine, pictures: Pictures, memory: MemoryBudget) -> None:
        """Ask the models of `engine`; pictures, memory: those of the service."""
        self._engine = engine
        self._pictures = pictures
        self._memory = memory

    @property
    def workers(self) -> int:
        """How many threads that ask at once keep the device busy."""
        return self._engine.concurrency

    def open(self, file: Path) -> Picture:
        """The decoded file alone. Raises DemoError as `answer` does."""
        with self._memory.claim() as claim:
            return self._decode(file, claim)[0]

    def answer(
        self, file: Path, spec: ModelSpec, query: Query, run: Run | None = None
    ) -> tuple[Picture, Prediction, Timing]:
        """The decoded file, the model's whole answer about it, and what both cost.

        run: what answers in the place of the engine's model. The prediction has no view. Raises
        DemoError for a file that is broken, beyond the limits or not readable, and where the model
        cannot answer.
        """
        with self._memory.claim() as claim:
            picture, decode_ms = self._decode(file, claim)
            claim.shrink(picture.rgb.nbytes)
            request = ImageRequest(picture.rgb, query.size)
            if run is None:
                prediction = self._engine.run(spec.name, request, bulk=True)
            else:
                prediction = run(request, bulk=True)
        timing = replace(prediction.timing, decode=decode_ms)
        return picture, replace(prediction, view=None), timing

    def _decode(self, file: Path, claim: Claim) -> tuple[Picture, float]:
        try:
            return self._pictures.decode(file, claim)
        except OSError:
            raise DemoError("batch_unreadable", name=file.name) from None
