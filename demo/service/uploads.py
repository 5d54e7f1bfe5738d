"""The private folder of uploads and answers: access, time limit, disk budget, removal."""

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from demo.errors import DemoError
from demo.service.server_folder import ServerFolder, remove_leftovers

_log = logging.getLogger(__name__)

_SWEEPS = 20
"""Sweeps in each keep_s; a file is deleted by the last one before its time is over."""
_IN_USE = 0.2
"""Share of keep_s for which a file stays even where there is no room: a visitor may use it yet."""
_TOUCH_S = 600.0
"""Longest time between two sweeps, by which other servers see that this one lives."""


@dataclass(frozen=True, slots=True)
class PassingUpload:
    """An upload that goes with its answer: neither its pixels nor what a network saw are kept.

    content: its bytes, or a file of the private folder.
    """

    content: bytes | Path


class UploadStore:
    """Folder of mode 0700 that deletes a file `keep_s` seconds after its last use, all at exit.

    The time of last use is the file's modification time. What a killed server has left behind goes
    with the next start.
    """

    def __init__(self, keep_s: float, budget_bytes: int = 2_000_000_000) -> None:
        """Create the folder in the system's temporary folder.

        Args:
            keep_s: how long an unused file is kept, seconds.
            budget_bytes: limit of the folder's size; the least recently used files beyond it go.
        """
        self._server = ServerFolder()
        self.folder = self._server.path / "uploads"
        self.settings_folder = self._server.path / "settings"
        """For the settings of libraries: never swept, and no visitor can reach it."""
        for folder in (self.folder, self.settings_folder):
            folder.mkdir(0o700)
        self._keep_s = keep_s
        self._budget = budget_bytes
        self._exempt: frozenset[str] = frozenset()
        self._stopped = threading.Event()
        atexit.register(self.close)

    def exempt_present(self) -> None:
        """Exempt the files that are in the folder now, the page's own examples, from sweeps."""
        self._exempt |= {path for path, _, _ in self._files()}

    @contextmanager
    def as_file(self, upload: PassingUpload) -> Iterator[Path]:
        """The upload as a file of this folder, for the length of the block."""
        if isinstance(upload.content, Path):
            yield upload.content
            return
        path = self.folder / uuid4().hex
        try:
            path.write_bytes(upload.content)
            yield path
        finally:
            path.unlink(missing_ok=True)

    def touch(self, path: str) -> Path:
        """Resolve a path to a file of this folder and renew its time of last use.

        Raises DemoError for a path outside the folder and for a file that is gone.
        """
        try:
            real = Path(path).resolve()
            inside = real.is_relative_to(self.folder)
        except (OSError, ValueError):  # a path that no file system accepts
            inside = False
        if not inside:
            raise DemoError("picture_not_uploaded")
        try:
            os.utime(real)
        except OSError:
            raise DemoError("picture_gone", minutes=self._keep_s / 60) from None
        if not real.is_file():
            raise DemoError("picture_not_uploaded")
        return real

    def sweep(self) -> int:
        """Delete files whose time is over and files beyond the budget; return their number."""
        # The next sweep is one step later: a file whose time ends before it is deleted now.
        oldest = time.time() - self._keep_s * (1 - 1 / _SWEEPS)
        deleted = kept_bytes = 0
        for path, used, size in sorted(self._files(), key=lambda file: -file[1]):
            kept_bytes += size
            if used <= oldest or kept_bytes > self._budget:
                deleted += _remove(path)
        for root, _, _ in os.walk(self.folder, topdown=False):
            if Path(root) != self.folder:
                _remove_if_empty(Path(root), oldest)
        return deleted

    def make_room(self, most_bytes: int, clear_bytes: int) -> int:
        """Where the files have more than `most_bytes`, delete some until they have `clear_bytes`.

        The least recently used go first, and none that was used just now. Returns the size of the
        rest, bytes.
        """
        files = list(self._files())
        kept_bytes = sum(size for _, _, size in files)
        if kept_bytes <= most_bytes:
            return kept_bytes
        oldest = time.time() - self._keep_s * _IN_USE
        for path, used, size in sorted(files, key=lambda file: file[1]):
            if kept_bytes <= clear_bytes or used > oldest:
                break
            if _remove(path):
                kept_bytes -= size
        return kept_bytes

    def start(self, also: Callable[[], None]) -> None:
        """Delete what killed servers have left behind, and sweep in a background thread.

        `also` is called after each sweep, until `close`.
        """
        remove_leftovers(self._server.parent)
        threading.Thread(target=self._run, args=(also,), name="sweeper", daemon=True).start()

    def close(self) -> None:
        """Stop sweeping and delete the whole folder."""
        self._stopped.set()
        self._server.close()

    def _run(self, also: Callable[[], None]) -> None:
        # A sweep is a future, so that its fault is logged and the next sweep comes all the same.
        with ThreadPoolExecutor(1, "sweep") as worker:
            while not self._stopped.wait(min(self._keep_s / _SWEEPS, _TOUCH_S)):
                fault = worker.submit(self._sweep_all, also).exception()
                if fault is not None and not self._stopped.is_set():
                    _log.error("a sweep of the uploads failed", exc_info=fault)

    def _sweep_all(self, also: Callable[[], None]) -> None:
        self._server.touch()
        deleted = self.sweep()
        if deleted:
            _log.debug("deleted %d files", deleted)
        remove_leftovers(self._server.parent)
        also()

    def _files(self) -> Iterator[tuple[str, float, int]]:
        """Path, time of last use and size in bytes of each file that may be deleted."""
        # Strings: a Path for each of ten thousand files takes five times as long.
        for root, _, names in os.walk(self.folder):
            for path in (f"{root}{os.sep}{name}" for name in names):
                if path in self._exempt:
                    continue
                try:
                    facts = os.lstat(path)
                except OSError:  # removed by a request meanwhile
                    continue
                yield path, facts.st_mtime, facts.st_size


def _remove(path: str) -> bool:
    try:
        Path(path).unlink()
    except OSError:  # removed or replaced by a request meanwhile
        return False
    return True


def _remove_if_empty(folder: Path, oldest: float) -> None:
    try:
        # A fresh empty folder may belong to an upload that is about to be written.
        if folder.stat().st_mtime <= oldest:
            folder.rmdir()
    except OSError:
        return
