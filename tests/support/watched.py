"""Opened files as the kernel reports them, including those opened by C libraries."""

import ctypes
import os
import struct
from pathlib import Path
from types import TracebackType
from typing import Self

_IN_OPEN = 0x20
_HEAD = struct.Struct("iIII")


class Watched:
    """Names of the files in one folder that were opened inside the block (inotify(7)).

    By any thread or program. Listing the folder itself does not count.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.names: list[str] = []

    def __enter__(self) -> Self:
        libc = ctypes.CDLL(None, use_errno=True)
        self._file = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert self._file >= 0, os.strerror(ctypes.get_errno())
        watch = libc.inotify_add_watch(self._file, bytes(self._folder), _IN_OPEN)
        assert watch >= 0, os.strerror(ctypes.get_errno())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            events = os.read(self._file, 1 << 16)
        except BlockingIOError:
            events = b""
        os.close(self._file)
        at = 0
        while at < len(events):
            *_, length = _HEAD.unpack_from(events, at)
            at += _HEAD.size
            if name := events[at : at + length].rstrip(b"\0").decode():
                self.names.append(name)
            at += length
