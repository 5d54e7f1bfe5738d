"""A stamp of a file, by which a change of the file is found without reading it again."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FileStamp:
    """Number, size, time of the last write and time of the last change of a file, nanoseconds.

    The last of them is set by the operating system alone, so that a file that was overwritten with
    one of the same size and date has another stamp all the same; the number tells files apart that
    were written in one tick of its clock.
    """

    path: Path
    number: int
    size_bytes: int
    modified_ns: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> "FileStamp":
        """The stamp of the file at `path`, links followed. Raises OSError where it is gone."""
        return cls.from_stat(path, path.stat())

    @classmethod
    def from_stat(cls, path: Path, facts: os.stat_result) -> "FileStamp":
        """The stamp of the file at `path` from its `os.stat`."""
        return cls(path, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)

    def is_current(self) -> bool:
        """Whether the file is there and as it was."""
        try:
            return FileStamp.of(self.path) == self
        except OSError:
            return False
