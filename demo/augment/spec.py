"""The interface of a transform: its controls, random parameters, effect and code."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal

import numpy as np
from numpy.typing import NDArray
from typing_extensions import TypeVar

from demo.results import Image

if TYPE_CHECKING:
    from torch import Tensor

SizeWH = tuple[int, int]
Boxes = NDArray[np.floating]
"""N×4 xyxy in pixels of the picture, from its corner (0, 0) to the opposite one (width, height).

float32 in results, float64 while they are moved."""
ParamValue = float | int | bool | str


@dataclass(frozen=True, slots=True)
class Param:
    """One control of a transform.

    title: key of `demo.i18n`; a choice is titled by `{title}_{choice}`. low, high, step: of float
    and int. unit: printed behind the number, such as "°".
    """

    name: str
    title: str
    kind: Literal["float", "int", "bool", "choice"]
    default: ParamValue
    low: float = 0.0
    high: float = 1.0
    step: float = 0.05
    unit: str = ""
    choices: tuple[str, ...] = ()


P = TypeVar("P", bound=Mapping[str, object], default=Any)
"""TypedDict of a transform's parameters: the name of each control and its checked value."""
S = TypeVar("S", bound=Mapping[str, object], default=Any)
"""TypedDict of what a transform samples for one picture; plain JSON values."""


class Transform(ABC, Generic[P, S]):
    """One augmentation: samples its random parameters first and applies them second.

    name: stable, in the API. order: its place in the list. title: key of `demo.i18n`.
    """

    name: str
    order: int
    title: str
    params: tuple[Param, ...]

    @abstractmethod
    def sample(self, rng: np.random.Generator, size_wh: SizeWH, params: P) -> S:
        """Random parameters for one picture of `size_wh`."""

    @abstractmethod
    def apply(self, picture: "Tensor", sampled: S) -> "Tensor":
        """3×H×W uint8 RGB → the same kind; never in place."""

    @abstractmethod
    def code(self, sampled: S) -> str:
        """Statements that do the same to a variable `picture`; "" where nothing changes."""

    @abstractmethod
    def recipe(self, params: P) -> str:
        """The expression of torchvision.transforms.v2 that samples from the same ranges.

        `height` and `width` of the picture are names in its scope.
        """

    def move_boxes(self, xyxy: Boxes, size_wh: SizeWH, sampled: S) -> Boxes:
        """Boxes of a picture of `size_wh` → boxes after the transform, which may reach outside."""
        return xyxy

    def size_after(self, size_wh: SizeWH, sampled: S) -> SizeWH:
        """Width and height after the transform."""
        return size_wh

    def apply_to_boxes(self, xyxy: Boxes, size_wh: SizeWH, sampled: S) -> Boxes:
        """The boxes after the transform, clipped; one that left the picture has no area.

        xyxy: N×4, pixels of the picture before. size_wh: its size. Where the picture turns or
        tilts, the result is the upright hull of the box. Returns N×4 float32.
        """
        moved = self.move_boxes(xyxy.astype(np.float64), size_wh, sampled)
        return np.clip(moved, 0, self.size_after(size_wh, sampled) * 2).astype(np.float32)

    def defaults(self) -> dict[str, ParamValue]:
        """Every parameter at its default."""
        return {param.name: param.default for param in self.params}


def hull(points: NDArray[np.floating]) -> Boxes:
    """N×4×2 points → the smallest upright box around each four, N×4 xyxy."""
    return np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)


def corners(xyxy: Boxes) -> NDArray[np.floating]:
    """N×4 xyxy → its corners N×4×2: top left, top right, bottom right, bottom left."""
    return xyxy[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]


def to_tensor(image: Image) -> "Tensor":
    """H×W×3 uint8 array → 3×H×W uint8 tensor on the same memory, strided as `pil_to_tensor` does.

    The strides matter: torch picks its kernels by them, and kernels differ in the last bit.
    """
    import torch

    writable = np.require(image, requirements=["C_CONTIGUOUS", "WRITEABLE"])
    return torch.from_numpy(writable).permute(2, 0, 1)


def to_image(picture: "Tensor") -> Image:
    """3×H×W uint8 tensor → a new H×W×3 uint8 array."""
    return np.array(picture.permute(1, 2, 0).numpy(), order="C")
