"""A list of JSON objects in a file, so that its length does not matter."""

import json
import shutil
from collections.abc import Mapping
from typing import IO


class JsonList:
    """Objects in a list, a line each."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin a list in an empty file."""
        self._file = file
        self._count = 0

    def append(self, row: Mapping[str, object]) -> None:
        """Add an object. Raises ValueError for NaN."""
        self._file.write((",\n" if self._count else "[\n").encode() + to_line(row))
        self._count += 1

    def finish(self) -> IO[bytes]:
        """End the list; the file, at its start."""
        self._file.write(b"\n]\n" if self._count else b"[]\n")
        self._file.seek(0)
        return self._file

    def finish_into(self, file: IO[bytes]) -> None:
        """End the list and write it behind what another file has."""
        shutil.copyfileobj(self.finish(), file)


def to_line(value: object) -> bytes:
    """JSON in one line with non-ASCII characters unescaped, UTF-8. Raises ValueError for NaN."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
