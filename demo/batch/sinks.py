"""Where the files of an export go: a folder, or a ZIP file on disk."""

import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from demo.errors import DemoError
from demo.system import is_disk_full

_PACKED = frozenset({".jpg", ".png", ".webp"})
"""Extensions of what gets no smaller."""
_DATE = (1980, 1, 1, 0, 0, 0)
"""Of every entry, so that equal answers give equal files."""


class Sink(Protocol):
    """Takes the files of an export by their names with `/`, each once."""

    def write(self, name: str, content: bytes) -> None:
        """A whole file. Raises DemoError where it cannot be written."""

    def write_from(self, name: str, source: IO[bytes]) -> None:
        """The rest of an open file, a piece at a time. Raises DemoError."""

    def copy(self, name: str, source: Path) -> None:
        """A copy of a file. Raises DemoError, also where it cannot be read any more."""


class FolderSink:
    """Writes into a folder that exists."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, content: bytes) -> None:
        """As of `Sink`."""
        with _faults(name):
            self._place(name).write_bytes(content)

    def write_from(self, name: str, source: IO[bytes]) -> None:
        """As of `Sink`."""
        with _faults(name), self._place(name).open("wb") as target:
            shutil.copyfileobj(source, target)

    def copy(self, name: str, source: Path) -> None:
        """As of `Sink`."""
        with _opened(source) as file:
            self.write_from(name, file)

    def _place(self, name: str) -> Path:
        path = self.folder / PurePosixPath(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


class ZipSink:
    """Streams into an open ZIP archive."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def write(self, name: str, content: bytes) -> None:
        """As of `Sink`."""
        with _faults(name):
            self._archive.writestr(_info(name), content)

    def write_from(self, name: str, source: IO[bytes]) -> None:
        """As of `Sink`."""
        with _faults(name), self._archive.open(_info(name), "w", force_zip64=True) as target:
            shutil.copyfileobj(source, target)

    def copy(self, name: str, source: Path) -> None:
        """As of `Sink`."""
        with _opened(source) as file:
            self.write_from(name, file)


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DATE)
    is_packed = PurePosixPath(name).suffix in _PACKED
    info.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


def _opened(source: Path) -> IO[bytes]:
    try:
        return source.open("rb")
    except OSError:
        raise DemoError("batch_unreadable", name=source.name) from None


@contextmanager
def _faults(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        key = "video_disk_full" if is_disk_full(error) else "video_not_written"
        raise DemoError(key, name=name) from None
