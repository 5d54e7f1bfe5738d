"""Image transforms that carry their inverse for coordinates: letterbox, stretch and centre crop.

Each is computed once from the size of the upload and used in both directions, so that transform
and inverse cannot drift apart.
"""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.results import Image, check_image

_GREY = (114, 114, 114)


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Resize with the aspect ratio kept, then a grey border up to a multiple of the stride.

    Equal to the rectangular LetterBox that ultralytics 8.4.190 applies in `predict`.
    """

    size_wh: tuple[int, int]
    """Width and height of the upload, pixels."""
    scale: float
    """Network pixels per pixel of the upload, before the sides are rounded."""
    pad_xy: tuple[int, int]
    """Width of the left and height of the top border, network pixels."""
    input_hw: tuple[int, int]
    """Height and width of the network input, pixels."""

    @classmethod
    def fit(
        cls, size_wh: tuple[int, int], size: int, stride: int = 32, scale_up: bool = True
    ) -> Self:
        """The letterbox that scales the longest side to `size`.

        The other side is padded to the next multiple of `stride`.

        Args:
            size_wh: width and height of the upload, pixels.
            size: longest side of the network input, pixels.
            stride: divides both sides of the network input.
            scale_up: False keeps a picture smaller than `size` at its own size.

        Raises:
            ValueError: for an empty picture or a `size` that is no multiple of `stride`.
        """
        width, height = size_wh
        if min(size_wh) < 1 or stride < 1 or size < stride or size % stride:
            raise ValueError(
                f"expected sides ≥ 1 and a size divisible by the stride {stride}, "
                f"got {size_wh} and {size}"
            )
        scale = min(size / height, size / width)
        if not scale_up:
            scale = min(scale, 1.0)
        resized_w, resized_h = _scaled(size_wh, scale)
        border_w, border_h = (size - resized_w) % stride / 2, (size - resized_h) % stride / 2
        # The ±0.1 makes an odd border one pixel wider on the right and at the bottom.
        pad_xy = round(border_w - 0.1), round(border_h - 0.1)
        input_hw = (
            pad_xy[1] + resized_h + round(border_h + 0.1),
            pad_xy[0] + resized_w + round(border_w + 0.1),
        )
        return cls(size_wh, scale, pad_xy, input_hw)

    @classmethod
    def fill(cls, size_wh: tuple[int, int], input_hw: tuple[int, int]) -> Self:
        """The letterbox into an input of a fixed size, with the picture in its middle.

        Args:
            size_wh: width and height of the upload, pixels.
            input_hw: height and width of the network input, pixels.

        Raises:
            ValueError: for a side < 1.
        """
        if min(*size_wh, *input_hw) < 1:
            raise ValueError(f"expected sides ≥ 1, got {size_wh} and {input_hw}")
        scale = min(input_hw[0] / size_wh[1], input_hw[1] / size_wh[0])
        resized_w, resized_h = _scaled(size_wh, scale)
        border_w, border_h = (input_hw[1] - resized_w) / 2, (input_hw[0] - resized_h) / 2
        return cls(size_wh, scale, (round(border_w - 0.1), round(border_h - 0.1)), input_hw)

    @property
    def resized_wh(self) -> tuple[int, int]:
        """Width and height of the picture inside the border, network pixels."""
        return _scaled(self.size_wh, self.scale)

    def apply(self, image: Image) -> Image:
        """The H×W×3 uint8 network input: bilinear resize and a border of grey 114.

        Channels keep their order. The input is not modified, but returned as it is where neither
        resize nor border is needed. Raises ValueError for an image that is not of `size_wh`.
        """
        check_image(image)
        height, width = image.shape[:2]
        if (width, height) != self.size_wh:
            raise ValueError(f"expected a picture of {self.size_wh}, got {(width, height)}")
        resized_w, resized_h = self.resized_wh
        left, top = self.pad_xy
        below, right = self.input_hw[0] - resized_h - top, self.input_hw[1] - resized_w - left
        if (width, height) != (resized_w, resized_h):
            image = cv2.resize(image, (resized_w, resized_h), interpolation=cv2.INTER_LINEAR)
        if top or below or left or right:
            image = cv2.copyMakeBorder(
                image, top, below, left, right, cv2.BORDER_CONSTANT, value=_GREY
            )
        return image

    def forward(self, xyxy: NDArray[np.floating]) -> NDArray[np.float32]:
        """N×4 boxes, pixels of the upload → network pixels."""
        return np.asarray(xyxy, np.float32) * self._gain() + self._pad()

    def restore(self, xyxy: NDArray[np.floating]) -> NDArray[np.float32]:
        """N×4 boxes, network pixels → pixels of the upload, clipped to it."""
        upload = (np.asarray(xyxy, np.float32) - self._pad()) / self._gain()
        return upload.clip(0, np.array(self.size_wh * 2, np.float32))

    def restore_points(self, xy: NDArray[np.floating]) -> NDArray[np.float32]:
        """…×2 points, network pixels → pixels of the upload, clipped to it."""
        upload = (np.asarray(xy, np.float32) - self._pad()[:2]) / self._gain()[:2]
        return upload.clip(0, np.array(self.size_wh, np.float32))

    def restore_rotated(self, xywhr: NDArray[np.floating]) -> NDArray[np.float32]:
        """N×5 centres, sides and angles, network pixels → pixels of the upload, not clipped.

        Angles stay, as in ultralytics: both gains are the same but for rounding.
        """
        boxes, gain = np.asarray(xywhr, np.float32), self._gain()
        centres = (boxes[:, :2] - self._pad()[:2]) / gain[:2]
        return np.concatenate([centres, boxes[:, 2:4] / gain[2:], boxes[:, 4:]], axis=1)

    def _gain(self) -> NDArray[np.float32]:
        # Each side is rounded separately, so each has its own gain (ultralytics `scale_boxes`).
        (width, height), (resized_w, resized_h) = self.size_wh, self.resized_wh
        return np.array([resized_w / width, resized_h / height] * 2, np.float32)

    def _pad(self) -> NDArray[np.float32]:
        return np.array(self.pad_xy * 2, np.float32)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Resize to the input's size without keeping the aspect ratio, as RT-DETR takes its pictures.

    size_wh: width and height of the upload, pixels. input_hw: of the network input, pixels.
    """

    size_wh: tuple[int, int]
    input_hw: tuple[int, int]

    def apply(self, image: Image) -> Image:
        """The H×W×3 uint8 network input by bilinear resize; the input is not modified.

        Raises ValueError for an image that is not of `size_wh`.
        """
        check_image(image)
        if image.shape[1::-1] != self.size_wh:
            raise ValueError(f"expected a picture of {self.size_wh}, got {image.shape[1::-1]}")
        height, width = self.input_hw
        return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR))

    def restore(self, xyxy: NDArray[np.floating]) -> NDArray[np.float32]:
        """N×4 boxes, network pixels → pixels of the upload, clipped to it."""
        size = np.array(self.size_wh * 2, np.float32)
        upload = np.asarray(xyxy, np.float32) * size / np.array(self.input_hw[::-1] * 2, np.float32)
        return upload.clip(0, size)


@dataclass(frozen=True, slots=True)
class CenterCrop:
    """Resize, then a square crop of the centre: the geometry of torchvision's classifiers."""

    size_wh: tuple[int, int]
    """Width and height of the upload, pixels."""
    resized_wh: tuple[int, int]
    """Width and height after the resize, pixels."""
    crop: int
    """Side of the square network input, pixels."""

    @classmethod
    def fit(cls, size_wh: tuple[int, int], resize: int | tuple[int, int], crop: int) -> Self:
        """The crop for a picture of `size_wh`, rounded as in torchvision 0.26 `resize`.

        Args:
            size_wh: width and height of the upload, pixels.
            resize: an int is the new length of the shorter side (the longer one rounds down), a
                pair is the new height and width.
            crop: side of the square, pixels.

        Raises:
            ValueError: for a side < 1.
        """
        width, height = size_wh
        new_sides = resize if isinstance(resize, tuple) else (resize,)
        if min(*size_wh, *new_sides, crop) < 1:
            raise ValueError(f"expected sides ≥ 1, got {size_wh}, {resize}, {crop}")
        if isinstance(resize, tuple):
            return cls(size_wh, (resize[1], resize[0]), crop)
        longer = int(resize * max(size_wh) / min(size_wh))
        return cls(size_wh, (resize, longer) if width <= height else (longer, resize), crop)

    @property
    def window_xyxy(self) -> tuple[float, float, float, float]:
        """The part of the upload inside the crop, pixels of the upload.

        A side on which the crop is larger than the resized picture is covered completely; the
        network sees it between black borders.
        """
        edges: list[tuple[float, float]] = []
        for side, resized in zip(self.size_wh, self.resized_wh, strict=True):
            first = max(round((resized - self.crop) / 2), 0)
            last = min(first + self.crop, resized)
            edges.append((first * side / resized, last * side / resized))
        (x0, x1), (y0, y1) = edges
        return x0, y0, x1, y1


def _scaled(size_wh: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(round(size_wh[0] * scale), 1), max(round(size_wh[1] * scale), 1)
