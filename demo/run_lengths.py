"""Masks of boxes as lengths of runs, which take little memory however large the upload is."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.bool_ | np.integer]
"""A boolean mask, or indices in their order."""


class Masks(Protocol):
    """One mask a box, in pixels of the upload; made of a network's output when asked for."""

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the upload, pixels."""

    @property
    def size_bytes(self) -> int:
        """Memory that the masks take, about."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Index) -> "Masks":
        """The selected masks."""

    def runs(self) -> "RunLengths":
        """The pixels of every mask."""


@dataclass(frozen=True, slots=True, eq=False)
class RunLengths:
    """Masks as lengths of runs: kilobytes where the pixels of a large upload take megabytes.

    counts: for each mask int32 lengths of runs down the columns, from the left to the right, as
    COCO has them: the first run is outside the mask and may be 0, every other is ≥ 1, all together
    are the pixels of the upload. size_wh: its width and height.
    """

    counts: tuple[NDArray[np.int32], ...]
    size_wh: tuple[int, int]

    def __post_init__(self) -> None:
        pixels = self.size_wh[0] * self.size_wh[1]
        for one in self.counts:
            if one.dtype != np.int32 or one.ndim != 1 or one.sum(dtype=np.int64) != pixels:
                raise ValueError(f"expected int32 runs of {pixels} pixels, got {one.dtype} {one}")
            if one[0] < 0 or (one[1:] < 1).any():
                raise ValueError(f"expected runs ≥ 1 behind the first, got {one.min()}")

    @property
    def size_bytes(self) -> int:
        """Memory of the runs, bytes, about."""
        return sum(120 + one.nbytes for one in self.counts)

    def __len__(self) -> int:
        return len(self.counts)

    def __getitem__(self, index: Index) -> "RunLengths":
        chosen = np.arange(len(self))[index].tolist()
        return RunLengths(tuple(self.counts[i] for i in chosen), self.size_wh)

    def runs(self) -> "RunLengths":
        """These masks themselves."""
        return self

    def areas(self) -> NDArray[np.int64]:
        """N areas, pixels."""
        return np.array([one[1::2].sum() for one in self.counts], np.int64).reshape(-1)
