"""Deletion and insertion: whether the places of a map carry the score (Petsiuk et al. 2018).

Deletion covers the places that a map calls the most telling first, insertion shows them first in an
even picture (RISE, arXiv:1806.07421). A map that knows something lets the score fall early in the
one and rise early in the other; 20 maps of the same cells in random order say how early by chance.

The cover is the picture's mean colour. Noise in its place makes the scores of half a picture so
unsteady that good maps of large things are called random, and a blurred picture still has the sky
that an airplane is told by.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.explain.baselines import even
from demo.explain.method import HeatMap
from demo.explain.passes import Passes, Pixels

RANDOM_MAPS = 20
LEVELS = (0.0, 1 / 3, 2 / 3, 1.0)
"""Shares of the cells that are covered, or shown."""
MAX_CELLS = 14
"""Cells along a side of the grid at most: single pixels of a noisy map would be torn edges."""
_SEED = 20180618
_DEVIATIONS = 2

Scores = NDArray[np.float64]
"""Scores at LEVELS, 0–1."""


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Scores of the target at `LEVELS`.

    deletion, insertion: of the map. random_deletion, random_insertion: RANDOM_MAPS × levels.
    """

    deletion: Scores
    insertion: Scores
    random_deletion: Scores
    random_insertion: Scores

    @property
    def gain(self) -> float:
        """Area under insertion minus area under deletion, −1…1: the more, the better the map."""
        return float(auc(self.insertion) - auc(self.deletion))

    @property
    def random_gains(self) -> Scores:
        """The same of each random map."""
        return auc(self.random_insertion) - auc(self.random_deletion)

    @property
    def better_than_random(self) -> bool:
        """Whether the map beats every random map, and their mean by two standard deviations.

        The former alone happens by chance in 1 of 21.
        """
        chance = self.random_gains
        return bool(self.gain > max(chance.max(), chance.mean() + _DEVIATIONS * chance.std()))


def auc(scores: Scores) -> Scores:
    """The mean height of curves over LEVELS, along the last axis, 0–1."""
    return np.asarray(np.trapezoid(scores, LEVELS, axis=-1))


def cells(heat: HeatMap) -> HeatMap:
    """The map in at most MAX_CELLS × MAX_CELLS cells, the mean of each."""
    height, width = (min(side, MAX_CELLS) for side in heat.shape)
    return np.asarray(cv2.resize(heat, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def curves(passes: Passes, heat: HeatMap) -> Curves:
    """Both curves of a map and of the random ones: 46 passes."""
    grid = cells(heat)
    return Chance(passes, grid.shape[:2]).curves(grid)


class Chance:
    """What random maps of a grid of cells achieve: 42 passes; each map is compared by 4 more."""

    def __init__(self, passes: Passes, grid_hw: tuple[int, ...]) -> None:
        """Run the random maps. grid_hw: height and width of the maps, at most MAX_CELLS."""
        self._cover = _Cover(passes, grid_hw)
        generator = np.random.default_rng(_SEED)
        deleted, inserted = [], []
        for _ in range(RANDOM_MAPS // 2):
            half = generator.permutation(int(np.prod(grid_hw)))
            # Showing the first cells of one order is covering those of the opposite order: two
            # random maps share their passes.
            deletion, insertion = self._cover.deletion(half), self._cover.insertion(half)
            deleted += [deletion, insertion[::-1]]
            inserted += [insertion, deletion[::-1]]
        self._deleted, self._inserted = np.array(deleted), np.array(inserted)

    def curves(self, grid: HeatMap) -> Curves:
        """The curves of a map of this grid beside those of the random ones."""
        order = np.argsort(-grid.ravel(), kind="stable")
        deletion, insertion = self._cover.deletion(order), self._cover.insertion(order)
        return Curves(deletion, insertion, self._deleted, self._inserted)


class _Cover:
    """Pictures of which some cells are covered, and the scores that they get."""

    def __init__(self, passes: Passes, grid_hw: tuple[int, ...]) -> None:
        self._passes = passes
        self._grid_hw = grid_hw
        self._even = even(passes.inputs)
        self._ends = passes.score(passes.inputs), passes.score(self._even)

    def deletion(self, order: NDArray[np.intp]) -> Scores:
        """Scores while the cells are covered in this order: two passes."""
        whole, nothing = self._ends
        return np.array([whole, *(self._score(order, share) for share in LEVELS[1:-1]), nothing])

    def insertion(self, order: NDArray[np.intp]) -> Scores:
        """Scores while the cells are shown in an even picture in this order: two passes."""
        return self.deletion(order[::-1])[::-1]

    def _score(self, order: NDArray[np.intp], share: float) -> float:
        hidden = np.zeros(order.size, np.float32)
        hidden[order[: round(share * order.size)]] = 1
        return self._passes.score(self._mixed(hidden.reshape(self._grid_hw)))

    def _mixed(self, hidden: HeatMap) -> Pixels:
        height, width = self._passes.inputs.shape[2:]
        mask = cv2.resize(hidden, (width, height), interpolation=cv2.INTER_NEAREST)
        mixed: Pixels = self._passes.inputs * (1 - mask) + self._even * mask
        return mixed
