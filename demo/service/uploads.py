"""The private folder of uploads: who may read it, how long a file stays, how it ends."""

import atexit
import os
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from demo.errors import DemoError

_PREFIX = "vitrine-"
_SWEEPS = 20
"""Sweeps in each keep_s; a file goes at the last one before its time is over."""
_TOUCHED_S, _QUIET_S = 600.0, 3600.0
"""A running server touches its folder so often; one that was quiet for so long has ended."""


class UploadStore:
    """A folder of mode 0700 whose files go within `keep_s` seconds of their last use, all at exit.

    budget_bytes bounds the folder: beyond it the files that were not used for longest go first.
    """

    def __init__(self, keep_s: float, budget_bytes: int = 2_000_000_000) -> None:
        self._place = Path(tempfile.gettempdir())
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")).resolve()
        self._keep_s = keep_s
        self._budget = budget_bytes
        self._exempt: frozenset[Path] = frozenset()
        self._stopped = threading.Event()
        atexit.register(self.close)

    def exempt_present(self) -> None:
        """Never sweep what stands in the folder now: the page's own example pictures."""
        self._exempt = frozenset(p for p in self.folder.rglob("*") if p.is_file())

    def touch(self, path: str) -> Path:
        """A file of this folder, its time of last use renewed.

        Raises DemoError for a path outside the folder and for a file that is gone.
        """
        try:
            real = Path(path).resolve()
            inside = real.is_relative_to(self.folder)
        except (OSError, ValueError):  # a path that no file system takes
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
        """Delete what is due, and what is beyond the budget; answer how many files that were."""
        # The next sweep comes one step later, so what would be over its time by then goes now.
        oldest = time.time() - self._keep_s * (1 - 1 / _SWEEPS)
        gone = kept = 0
        for path, used, size in sorted(self._files(), key=lambda file: -file[1]):
            kept += size
            if used <= oldest or kept > self._budget:
                gone += _remove(path)
        for root, _, _ in os.walk(self.folder, topdown=False):
            if Path(root) != self.folder:
                _remove_if_empty(Path(root), oldest)
        return gone

    def start(self, also: Callable[[], None]) -> None:
        """Sweep in the background, and call `also` each time, until close()."""
        threading.Thread(target=self._run, args=(also,), name="sweeper", daemon=True).start()

    def close(self) -> None:
        """Stop sweeping and delete the whole folder."""
        self._stopped.set()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, also: Callable[[], None]) -> None:
        while not self._stopped.wait(min(self._keep_s / _SWEEPS, _TOUCHED_S)):
            os.utime(self.folder)
            self.sweep()
            also()
            # Not keep_s: the server beside this one may have been set to keep files longer.
            remove_leftovers(self._place, _QUIET_S)

    def _files(self) -> Iterator[tuple[Path, float, int]]:
        """Path, time of last use and size of each file that may go."""
        for root, _, names in os.walk(self.folder):
            for path in (Path(root, name) for name in names):
                try:
                    facts = path.lstat()
                except OSError:  # a request may have removed it meanwhile
                    continue
                if path not in self._exempt:
                    yield path, facts.st_mtime, facts.st_size


def remove_leftovers(place: Path, quiet_s: float) -> None:
    """Delete the folders of processes that were killed before they could do it themselves.

    A running server touches its folder all the time; one that was quiet for quiet_s is nobody's.
    The name alone proves nothing in a shared folder, and neither does a process number, which
    containers count anew.
    """
    for folder in place.glob(f"{_PREFIX}*-*"):
        try:
            facts = folder.lstat()
        except OSError:
            continue
        mine = not hasattr(os, "getuid") or facts.st_uid == os.getuid()
        if mine and stat.S_ISDIR(facts.st_mode) and facts.st_mtime < time.time() - quiet_s:
            shutil.rmtree(folder, ignore_errors=True)


def _remove(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:  # a request may have removed or replaced it first
        return False
    return True


def _remove_if_empty(folder: Path, oldest: float) -> None:
    try:
        # A fresh empty folder may be waiting for the file that is being written into it.
        if folder.stat().st_mtime <= oldest:
            folder.rmdir()
    except OSError:
        return
