"""What a video may be at most; checked before its pixels are decoded, and again as they come."""

import math
from dataclasses import dataclass
from typing import Self

from demo.errors import DemoError
from demo.settings import Settings

_FASTEST = 240
"""Frames a second that a camera may write; more of them are no film."""


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """The largest video that is taken."""

    max_file_mb: float = 200.0
    """Millions of bytes."""
    max_minutes: float = 10.0
    """Length, minutes."""
    max_megapixels: float = 9.44
    """Millions of pixels in a frame: 4096 × 2304, which holds every 4K."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The limits that the owner of the machine has set."""
        return cls(settings.max_video_mb, settings.max_video_minutes, settings.max_video_megapixels)

    @property
    def max_pixels(self) -> int:
        """Most pixels that a decoder may allocate for a frame, its own margin included."""
        # Decoders round sides up to whole blocks of 64 pixels.
        return round(self.max_megapixels * 1e6 * 1.1) + 64 * 64

    def check_file(self, size_bytes: int) -> None:
        """Raise DemoError for a file of too many bytes."""
        if size_bytes > self.max_file_mb * 1e6:
            raise DemoError(
                "video_too_heavy", got=_millions(size_bytes), limit=f"{self.max_file_mb:g}"
            )

    def check_size(self, size_wh: tuple[int, int]) -> None:
        """Raise DemoError for too many pixels in a frame."""
        width, height = size_wh
        if width * height > self.max_megapixels * 1e6:
            raise DemoError(
                "video_too_big",
                width=width,
                height=height,
                got=_millions(width * height),
                limit=f"{self.max_megapixels:g}",
            )

    def check_length(self, seconds: float, frames: int = 0) -> None:
        """Raise DemoError for too long a film, or for more frames than any camera writes."""
        if seconds > self.max_minutes * 60:
            got = math.ceil(seconds / 0.6) / 100
            raise DemoError("video_too_long", got=f"{got:g}", limit=f"{self.max_minutes:g}")
        most = round(self.max_minutes * 60 * _FASTEST)
        if frames > most:
            raise DemoError("video_too_many_frames", limit=most)


def _millions(number: int) -> str:
    # Rounded up, so that it never reads as the limit that it exceeds.
    return f"{math.ceil(number / 1e4) / 100:g}"
