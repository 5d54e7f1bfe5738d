"""Files that grow with the number of pictures: on disk, small ones in memory."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO

_IN_MEMORY_BYTES = 4 << 20


def spool() -> IO[bytes]:
    """An empty binary file without a name, deleted when it is closed."""
    return SpooledTemporaryFile(_IN_MEMORY_BYTES)


class JsonList:
    """A list of JSON objects in a file, a line each."""

    def __init__(self) -> None:
        self._file = spool()
        self._count = 0

    def append(self, row: Mapping[str, object]) -> None:
        """Add an object. Raises ValueError for NaN."""
        self._file.write((",\n" if self._count else "[\n").encode() + to_line(row))
        self._count += 1

    @contextmanager
    def finished(self) -> Iterator[IO[bytes]]:
        """The whole list from its start; the file is deleted at the end of the block."""
        self._file.write(b"\n]\n" if self._count else b"[]\n")
        self._file.seek(0)
        with self._file:
            yield self._file

    def move_into(self, file: IO[bytes]) -> None:
        """Write the whole list behind what a file has, and delete it here."""
        with self.finished() as own:
            shutil.copyfileobj(own, file)


def to_line(value: object) -> bytes:
    """JSON in one line with non-ASCII characters unescaped, UTF-8. Raises ValueError for NaN."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
