"""Limits of a batch, and what of them is left while it is gathered."""

from dataclasses import dataclass, field
from typing import Self

from demo.errors import DemoError
from demo.images.limits import Limits
from demo.settings import Settings, variable

MAX_FILES = 10_000
"""Files in one folder or archive, those that are no pictures included."""


class BatchRefused(DemoError):
    """The sentence for a batch that is refused as a whole, not only one of its files."""


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """The largest batch that is answered.

    pictures: their number. total_mb: all their files, unpacked, millions of bytes. picture: of
    each.
    """

    pictures: int = 200
    total_mb: float = 500.0
    picture: Limits = field(default_factory=Limits)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The limits in the owner's settings."""
        return cls(settings.batch_pictures, settings.batch_mb, Limits.of(settings))


class Room:
    """Counts pictures and bytes against the limits."""

    def __init__(self, limits: BatchLimits) -> None:
        self.limits = limits
        self.pictures = 0
        self._bytes = 0

    def add_picture(self) -> int:
        """Count a picture; its number, from 1. Raises BatchRefused for one too many."""
        self.pictures += 1
        limit = self.limits.pictures
        if self.pictures > limit:
            raise BatchRefused("batch_too_many", limit=limit, setting=variable("batch_pictures"))
        return self.pictures

    def add_bytes(self, count: int) -> None:
        """Count bytes of a file. Raises BatchRefused for too many of all files together."""
        self._bytes += count
        self.check_bytes(0)

    def check_bytes(self, announced: int) -> None:
        """Raise BatchRefused where so many more bytes would be too many."""
        limit = self.limits.total_mb
        if self._bytes + announced > limit * 1e6:
            setting = variable("batch_mb")
            raise BatchRefused("batch_too_heavy", limit=f"{limit:g}", setting=setting)
