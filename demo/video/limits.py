"""Limits of a video, checked before it is decoded and again while it is."""

import math
from dataclasses import dataclass
from typing import Self

from demo.errors import DemoError
from demo.images.limits import millions
from demo.settings import Settings

_MAX_FPS = 240
"""Highest frame rate of a camera; a container may claim any."""


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """The largest video that is accepted."""

    max_file_mb: float = 200.0
    """Millions of bytes."""
    max_minutes: float = 10.0
    """Length, minutes."""
    max_megapixels: float = 9.44
    """Millions of pixels in a frame: 4096 × 2304, which covers every 4K format."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The limits in the settings."""
        return cls(settings.max_video_mb, settings.max_video_minutes, settings.max_video_megapixels)

    @property
    def max_pixels(self) -> int:
        """Pixels that a decoder may allocate for a frame, including its own padding."""
        # Decoders round sides up to whole blocks of 64 pixels.
        return round(self.max_megapixels * 1e6 * 1.1) + 64 * 64

    def check_file(self, size_bytes: int) -> None:
        """Raise DemoError for too large a file."""
        if size_bytes > self.max_file_mb * 1e6:
            raise DemoError(
                "video_too_heavy", got=millions(size_bytes), limit=f"{self.max_file_mb:g}"
            )

    def check_size(self, size_wh: tuple[int, int]) -> None:
        """Raise DemoError for too many pixels in a frame."""
        width, height = size_wh
        if width * height > self.max_megapixels * 1e6:
            raise DemoError(
                "video_too_big",
                width=width,
                height=height,
                got=millions(width * height),
                limit=f"{self.max_megapixels:g}",
            )

    def check_length(self, seconds: float, frames: int = 0) -> None:
        """Raise DemoError for too long a video, or for more frames than _MAX_FPS gives in it."""
        if seconds > self.max_minutes * 60:
            got = math.ceil(seconds / 0.6) / 100
            raise DemoError("video_too_long", got=f"{got:g}", limit=f"{self.max_minutes:g}")
        max_frames = round(self.max_minutes * 60 * _MAX_FPS)
        if frames > max_frames:
            raise DemoError("video_too_many_frames", limit=max_frames)
