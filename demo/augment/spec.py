"""What a transform declares: its controls, its draw, its effect on picture and boxes, its code."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from demo.results import Image, check_image

if TYPE_CHECKING:
    from torch import Tensor

SizeWH = tuple[int, int]
Boxes = NDArray[np.floating[Any]]
"""N×4 xyxy, pixels of the picture: (0, 0) is its corner, (width, height) the opposite one.

float32 outside, float64 while they are moved."""
Values = Mapping[str, Any]
"""Parameter name → checked value."""
Drawn = dict[str, Any]
"""What one draw decided; JSON. `size_wh` stands in it where the picture's size changes."""


@dataclass(frozen=True, slots=True)
class Param:
    """One control of a transform.

    title: key of `demo.i18n`; a choice is titled by `{title}_{choice}`. low, high, step: of float
    and int. unit: printed behind the number, such as "°".
    """

    name: str
    title: str
    kind: Literal["float", "int", "bool", "choice"]
    default: float | int | bool | str
    low: float = 0.0
    high: float = 1.0
    step: float = 0.05
    unit: str = ""
    choices: tuple[str, ...] = ()


def _stay(xyxy: Boxes, size_wh: SizeWH, drawn: Drawn) -> Boxes:
    return xyxy


@dataclass(frozen=True, slots=True)
class Transform:
    """One augmentation. `name` is its stable name in the API, `order` its place in the list.

    draw: generator, size_wh, values → drawn.
    change: 3×H×W uint8 RGB tensor, drawn → the same kind, never in place.
    code: drawn → statements that do the same to `picture`, "" where nothing changes.
    recipe: values → the expression of torchvision.transforms.v2 that draws from the same ranges;
    `height` and `width` are names in its scope.
    move: boxes, size_wh before, drawn → boxes, which may still reach out of the picture.
    """

    name: str
    order: int
    title: str
    params: tuple[Param, ...]
    draw: Callable[[np.random.Generator, SizeWH, Values], Drawn]
    change: "Callable[[Tensor, Drawn], Tensor]"
    code: Callable[[Drawn], str]
    recipe: Callable[[Values], str]
    move: Callable[[Boxes, SizeWH, Drawn], Boxes] = _stay

    def apply(self, image: Image, drawn: Drawn) -> Image:
        """The changed picture, a new array. Raises ValueError unless H×W×3 uint8."""
        check_image(image)
        return to_image(self.change(to_tensor(image), drawn))

    def apply_boxes(self, xyxy: Boxes, size_wh: SizeWH, drawn: Drawn) -> Boxes:
        """The boxes, moved along and clipped; one that left the picture has no area.

        xyxy: N×4 float32, pixels of the picture before. size_wh: its size. Where the picture turns
        or tilts, the upright hull of the box.
        """
        width, height = drawn.get("size_wh", size_wh)
        moved = self.move(xyxy.astype(np.float64), size_wh, drawn)
        return np.clip(moved, 0, (width, height, width, height)).astype(np.float32)

    def defaults(self) -> dict[str, Any]:
        """Every parameter at its default."""
        return {param.name: param.default for param in self.params}


def hull(points: NDArray[Any]) -> Boxes:
    """N×4×2 points → the smallest upright box around each four, N×4 xyxy."""
    return np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)


def corners(xyxy: Boxes) -> NDArray[Any]:
    """N×4 xyxy → its corners N×4×2: top left, top right, bottom right, bottom left."""
    return xyxy[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]


def to_tensor(image: Image) -> "Tensor":
    """H×W×3 uint8 array → 3×H×W uint8 tensor on the same memory, strided as `pil_to_tensor` does.

    The strides count: torch picks its kernels by them, and kernels differ in the last bit.
    """
    import torch

    writable = np.require(image, requirements=["C_CONTIGUOUS", "WRITEABLE"])
    return torch.from_numpy(writable).permute(2, 0, 1)


def to_image(picture: "Tensor") -> Image:
    """3×H×W uint8 tensor → a new H×W×3 uint8 array."""
    return np.array(picture.permute(1, 2, 0).numpy(), order="C")
