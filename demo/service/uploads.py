"""The private folder of uploads and answers: access, time limit, disk budget, removal."""

import atexit
import logging
import os
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from demo.errors import DemoError

_log = logging.getLogger(__name__)

_PREFIX = "vitrine-"
_SWEEPS = 20
"""Sweeps in each keep_s; a file is deleted by the last one before its time is over."""
_TOUCH_S, _ABANDONED_S = 600.0, 3600.0
"""A running server touches its folder every _TOUCH_S; an older folder's server has ended."""


class UploadStore:
    """Folder of mode 0700 that deletes a file `keep_s` seconds after its last use, all at exit.

    The time of last use is the file's modification time.
    """

    def __init__(self, keep_s: float, budget_bytes: int = 2_000_000_000) -> None:
        """Create the folder in the system's temporary folder.

        Args:
            keep_s: how long an unused file is kept, seconds.
            budget_bytes: limit of the folder's size; the least recently used files beyond it go.
        """
        self._parent = Path(tempfile.gettempdir())
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")).resolve()
        self._keep_s = keep_s
        self._budget = budget_bytes
        self._exempt: frozenset[Path] = frozenset()
        self._stopped = threading.Event()
        atexit.register(self.close)

    def exempt_present(self) -> None:
        """Exempt the files that are in the folder now, the page's own examples, from sweeps."""
        self._exempt = frozenset(p for p in self.folder.rglob("*") if p.is_file())

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

    def start(self, also: Callable[[], None]) -> None:
        """Sweep in a background thread, and call `also` after each sweep, until `close`."""
        threading.Thread(target=self._run, args=(also,), name="sweeper", daemon=True).start()

    def close(self) -> None:
        """Stop sweeping and delete the whole folder."""
        self._stopped.set()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, also: Callable[[], None]) -> None:
        # A sweep is a future, so that its fault is logged and the next sweep comes all the same.
        with ThreadPoolExecutor(1, "sweep") as worker:
            while not self._stopped.wait(min(self._keep_s / _SWEEPS, _TOUCH_S)):
                fault = worker.submit(self._sweep_all, also).exception()
                if fault is not None and not self._stopped.is_set():
                    _log.error("a sweep of the uploads failed", exc_info=fault)

    def _sweep_all(self, also: Callable[[], None]) -> None:
        os.utime(self.folder)
        deleted = self.sweep()
        if deleted:
            _log.debug("deleted %d files", deleted)
        # Not keep_s: another server on this machine may keep its files longer.
        remove_leftovers(self._parent, _ABANDONED_S)
        also()

    def _files(self) -> Iterator[tuple[Path, float, int]]:
        """Path, time of last use and size in bytes of each file that may be deleted."""
        for root, _, names in os.walk(self.folder):
            for path in (Path(root, name) for name in names):
                try:
                    facts = path.lstat()
                except OSError:  # removed by a request meanwhile
                    continue
                if path not in self._exempt:
                    yield path, facts.st_mtime, facts.st_size


def remove_leftovers(parent: Path, abandoned_s: float) -> None:
    """Delete folders of processes that were killed before they could delete them.

    A folder of this user that was not touched for `abandoned_s` seconds has no running server. Its
    name proves nothing in a shared folder, and neither does a process number, which containers
    use again.
    """
    for folder in parent.glob(f"{_PREFIX}*-*"):
        try:
            facts = folder.lstat()
        except OSError:
            continue
        own = not hasattr(os, "getuid") or facts.st_uid == os.getuid()
        if own and stat.S_ISDIR(facts.st_mode) and facts.st_mtime < time.time() - abandoned_s:
            _log.info("deleting the folder of a server that was killed")
            shutil.rmtree(folder, ignore_errors=True)


def _remove(path: Path) -> bool:
    try:
        path.unlink()
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
