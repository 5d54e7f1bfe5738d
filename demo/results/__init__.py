"""Results of models: frozen and self-checking; every model returns one, every drawer takes one."""

from dataclasses import asdict, dataclass, replace
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""H×W×3 uint8 RGB, upright. Every picture inside this program has this form."""


def check_image(image: Image) -> None:
    """Raise ValueError unless `image` is H×W×3 uint8 with at least one pixel."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ValueError(f"expected a non-empty H×W×3 uint8 image, got {image.shape} {image.dtype}")


@dataclass(frozen=True, slots=True)
class Timing:
    """Duration of each step of one answer, milliseconds."""

    decode: float = 0.0
    preprocess: float = 0.0
    forward: float = 0.0
    postprocess: float = 0.0
    draw: float = 0.0

    @property
    def total(self) -> float:
        """Sum of the five parts, ms."""
        return self.decode + self.preprocess + self.forward + self.postprocess + self.draw

    def as_dict(self) -> dict[str, float]:
        """The JSON shape `timing_ms`: five parts rounded to 0.01 ms."""
        return {part: round(value, 2) for part, value in asdict(self).items()}


class Result(Protocol):
    """The result of one forward pass for one request; its class depends on the model's task."""

    @property
    def labels(self) -> tuple[str, ...]:
        """All class names that the model knows, by class id; empty for a generator."""

    @property
    def size_bytes(self) -> int:
        """Memory that the result takes, about."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """A classifier's result: one probability a label.

    probabilities: C float32, ≥ 0, sum 1. labels: C names in the same order.
    known: False where the picture is probably none of the classes.
    """

    probabilities: NDArray[np.float32]
    labels: tuple[str, ...]
    known: bool = True

    def __post_init__(self) -> None:
        p = self.probabilities
        if p.dtype != np.float32 or p.shape != (len(self.labels),):
            raise ValueError(f"expected {len(self.labels)} float32 scores, got {p.shape} {p.dtype}")
        if not np.isfinite(p).all() or (p < 0).any() or abs(float(p.sum()) - 1) > 1e-3:
            raise ValueError(f"expected probabilities ≥ 0 with sum 1, got sum {p.sum()}")

    @property
    def size_bytes(self) -> int:
        """Memory of the probabilities, bytes."""
        return self.probabilities.nbytes

    def top(self, k: int) -> list[tuple[str, float]]:
        """The k highest (label, probability), highest first; ties keep the order of the labels."""
        order = np.argsort(-self.probabilities, kind="stable")[:k]
        return [(self.labels[i], float(self.probabilities[i])) for i in order]


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
    def __getitem__(self, index: Index) -> "Masks": ...
    def runs(self) -> "RunLengths":
        """The pixels of every mask."""


@dataclass(frozen=True, slots=True, eq=False)
class RunLengths:
    """Masks as lengths of runs: kilobytes where the pixels of a large upload take megabytes.

    counts: for each mask int32 lengths of runs down the columns, as COCO has them: the first run is
    outside the mask and may be 0, every other is ≥ 1, together they are the pixels of the upload.
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


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """A detector's result, in pixels of the upload.

    xyxy: N×4 float32, x0 ≤ x1, y0 ≤ y1. scores: N float32 in 0–1. class_ids: N int64, an index
    into labels (all names the model knows). size_wh: width and height of the upload.
    masks: N masks in an upload of that size, or None.
    """

    xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int64]
    labels: tuple[str, ...]
    size_wh: tuple[int, int]
    masks: Masks | None = None

    def __post_init__(self) -> None:
        n = len(self.scores)
        if self.xyxy.shape != (n, 4) or self.scores.shape != (n,) or self.class_ids.shape != (n,):
            raise ValueError(
                f"expected N×4, N, N; got {self.xyxy.shape}, {self.scores.shape}, "
                f"{self.class_ids.shape}"
            )
        if not np.isfinite(self.xyxy).all() or (self.xyxy[:, 2:] < self.xyxy[:, :2]).any():
            raise ValueError("expected finite boxes with x0 ≤ x1 and y0 ≤ y1")
        if ((self.scores < 0) | (self.scores > 1)).any():
            raise ValueError("expected scores in 0–1")
        if ((self.class_ids < 0) | (self.class_ids >= len(self.labels))).any():
            raise ValueError(f"expected class ids in 0–{len(self.labels) - 1}")
        masks = self.masks
        if masks is not None and (len(masks) != n or masks.size_wh != self.size_wh):
            raise ValueError(f"expected {n} masks of {self.size_wh}, got {len(masks)}")

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def size_bytes(self) -> int:
        """Memory of the boxes and masks, bytes, about."""
        return 40 * len(self) + (0 if self.masks is None else self.masks.size_bytes)

    @classmethod
    def empty(cls, labels: tuple[str, ...], size_wh: tuple[int, int]) -> "Detections":
        """Detections without any box."""
        return cls(
            np.zeros((0, 4), np.float32),
            np.zeros(0, np.float32),
            np.zeros(0, np.int64),
            labels,
            size_wh,
        )

    def __getitem__(self, index: Index) -> Self:
        """The rows selected by a boolean mask, or by an array of indices in their order."""
        masks = None if self.masks is None else self.masks[index]
        scores, ids = self.scores[index], self.class_ids[index]
        return replace(self, xyxy=self.xyxy[index], scores=scores, class_ids=ids, masks=masks)

    def with_pixels(self) -> Self:
        """The boxes whose masks have pixels, with all of these; as they are without masks."""
        if self.masks is None:
            return self
        masks = self.masks.runs()
        return replace(self, masks=masks)[masks.areas() > 0]

    def select(self, confidence: float, classes: tuple[str, ...] = ()) -> Self:
        """Boxes with score ≥ confidence and, unless `classes` is empty, a label among `classes`."""
        keep = self.scores >= confidence
        if classes:
            ids = [i for i, label in enumerate(self.labels) if label in classes]
            keep &= np.isin(self.class_ids, ids)
        return self[keep]

    def counts(self) -> dict[str, int]:
        """Number of boxes by label, most frequent first; ties keep the order of the labels.

        Classes of the same label count together.
        """
        totals: dict[str, int] = {}
        for class_id, number in zip(*np.unique(self.class_ids, return_counts=True), strict=True):
            label = self.labels[class_id]
            totals[label] = totals.get(label, 0) + int(number)
        return dict(sorted(totals.items(), key=lambda pair: -pair[1]))


@dataclass(frozen=True, slots=True, eq=False)
class GeneratedImages:
    """Images drawn by a generator: N×h×w×3 uint8 RGB."""

    images: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or self.images.ndim != 4 or self.images.shape[3] != 3:
            got = f"{self.images.shape} {self.images.dtype}"
            raise ValueError(f"expected N×h×w×3 uint8 images, got {got}")

    @property
    def labels(self) -> tuple[str, ...]:
        """A generator knows no classes."""
        return ()

    @property
    def size_bytes(self) -> int:
        """Memory of the pixels, bytes."""
        return self.images.nbytes
