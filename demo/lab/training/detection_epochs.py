"""The batches of each epoch of a detector's training, made while the network learns."""

import queue
import threading
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from demo.lab.recipe import DetectorRecipe
from demo.lab.training.detection_batches import Batch, Canvas, Example, batch_of, groups_of

_RARE = 0.04
"""Share of the photos below which those with a class are shown more often."""
_MOST_REPEATS = 4.0
_WITHOUT_BOX = 0.5
"""How often photos without a box are shown."""
_READY = 2
"""Batches that wait."""


class Batches:
    """Batches by epoch; the same for the same recipe, whether or not the training was resumed."""

    def __init__(
        self, examples: Sequence[Example], recipe: DetectorRecipe, epochs: int, steps: int
    ) -> None:
        """steps: batches of an epoch."""
        self._examples, self._recipe = examples, recipe
        self._epochs, self._steps = epochs, steps
        shown = repeats(examples, len(recipe.labels))
        self._shares = shown / shown.sum()

    def of_epoch(self, epoch: int) -> Iterator[Batch]:
        """The batches of `epoch` (from 0), prepared by a thread."""
        ready: queue.Queue[Batch | BaseException] = queue.Queue(_READY)
        ended = threading.Event()

        def work() -> None:
            try:
                for batch in self._made(epoch):
                    while not ended.is_set():
                        try:
                            ready.put(batch, timeout=1)
                            break
                        except queue.Full:
                            continue
                    if ended.is_set():
                        return
            except BaseException as problem:  # noqa: BLE001 - raised again by the reader
                ready.put(problem)

        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        try:
            for _ in range(self._steps):
                batch = ready.get()
                if isinstance(batch, BaseException):
                    raise batch
                yield batch
        finally:
            ended.set()
            worker.join()

    def _made(self, epoch: int) -> Iterator[Batch]:
        recipe = self._recipe
        shape = Canvas(recipe.size_at(epoch, self._epochs), recipe.scales_at(epoch, self._epochs))
        mosaics = recipe.mosaic_at(epoch, self._epochs)
        seed = recipe.seed * 1000 + epoch
        # Four photos a picture are enough for an epoch of nothing but mosaics.
        count = 4 * self._steps * recipe.batch
        order = np.random.default_rng(seed).choice(len(self._examples), count, p=self._shares)
        groups = groups_of(order, mosaics, seed)
        for step in range(self._steps):
            part = [next(groups) for _ in range(recipe.batch)]
            number = seed * 100_003 + step
            yield batch_of(self._examples, part, shape, len(recipe.labels), number)


def repeats(examples: Sequence[Example], classes: int) -> NDArray[np.float64]:
    """How often each photo is shown relative to others: rare classes more (Gupta 2019, LVIS)."""
    has = np.zeros((len(examples), classes), bool)
    for number, example in enumerate(examples):
        has[number, example.targets.boxes[:, 0].astype(int)] = True
    factor = np.sqrt(_RARE / np.maximum(has.mean(0), 1e-4)).clip(1.0, _MOST_REPEATS)
    shown: NDArray[np.float64] = np.where(has, factor, 0).max(1)
    shown[shown == 0] = _WITHOUT_BOX
    return shown
