"""Upper limits of an upload, checked before any pixel is decoded."""

import math
from dataclasses import dataclass
from typing import Self

from demo.errors import DemoError
from demo.settings import Settings


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest picture that is decoded."""

    max_megapixels: float = 25.0
    """Millions of pixels."""
    max_side: int = 8192
    """Longest side, pixels."""
    max_file_mb: float = 20.0
    """Millions of bytes."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The limits in the owner's settings."""
        return cls(settings.max_megapixels, settings.max_side, settings.max_file_mb)

    def check_file(self, size_bytes: int) -> None:
        """Raise DemoError for a file of too many bytes."""
        if size_bytes > self.max_file_mb * 1e6:
            raise DemoError(
                "image_too_heavy", got=millions(size_bytes), limit=f"{self.max_file_mb:g}"
            )

    def check_size(self, size_wh: tuple[int, int]) -> None:
        """Raise DemoError for a side or a number of pixels over the limit, ValueError for none."""
        width, height = size_wh
        if min(size_wh) < 1:
            raise ValueError(f"expected sides ≥ 1, got {size_wh}")
        if max(size_wh) > self.max_side:
            raise DemoError("image_too_long", width=width, height=height, limit=self.max_side)
        if width * height > self.max_megapixels * 1e6:
            raise DemoError(
                "image_too_big",
                width=width,
                height=height,
                got=millions(width * height),
                limit=f"{self.max_megapixels:g}",
            )


def millions(number: int) -> str:
    """`number` in millions, rounded up, so that it never reads as the limit that it exceeds."""
    return f"{math.ceil(number / 1e4) / 100:g}"
