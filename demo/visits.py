"""The private folder of uploads: who may read it, how long a file stays, how it ends."""

import atexit
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path

from demo.errors import DemoError

_PREFIX = "vitrine-"


class Visits:
    """A folder of mode 0700 whose files go `keep_s` seconds after their last use, all at exit."""

    def __init__(self, keep_s: float) -> None:
        remove_leftovers(Path(tempfile.gettempdir()))
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")).resolve()
        self._keep_s = keep_s
        self._exempt: frozenset[Path] = frozenset()
        self._stopped = threading.Event()
        atexit.register(self.close)

    def exempt_present(self) -> None:
        """Never sweep what stands in the folder now: the page's own example pictures."""
        self._exempt = frozenset(p for p in self.folder.rglob("*") if p.is_file())

    def use(self, path: str) -> Path:
        """A file of this folder, its time of last use renewed.

        Raises DemoError for a path outside the folder and for a file that is gone.
        """
        real = Path(path).resolve()
        if not real.is_relative_to(self.folder):
            raise DemoError("picture_not_uploaded")
        try:
            os.utime(real)
        except OSError:
            raise DemoError("picture_gone", minutes=self._keep_s / 60) from None
        return real

    def sweep(self) -> int:
        """Delete what has not been used for keep_s; answer how many files that were."""
        oldest = time.time() - self._keep_s
        gone = 0
        for root, _, files in os.walk(self.folder, topdown=False):
            for name in files:
                gone += self._remove_if_old(Path(root, name), oldest)
            if Path(root) != self.folder:
                _remove_if_empty(Path(root), oldest)
        return gone

    def start(self) -> None:
        """Sweep in the background, four times in each `keep_s`, until close()."""
        threading.Thread(target=self._run, name="sweeper", daemon=True).start()

    def close(self) -> None:
        """Stop sweeping and delete the whole folder."""
        self._stopped.set()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self) -> None:
        while not self._stopped.wait(self._keep_s / 4):
            self.sweep()

    def _remove_if_old(self, path: Path, oldest: float) -> bool:
        try:
            if path in self._exempt or path.stat().st_mtime > oldest:
                return False
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


def remove_leftovers(place: Path) -> None:
    """Delete the folders of processes that were killed before they could do it themselves."""
    for folder in place.glob(f"{_PREFIX}*-*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        # Only the same user's folders: the name alone proves nothing in a shared /tmp.
        if pid.isdigit() and not Path(f"/proc/{pid}").exists() and Path("/proc").is_dir():
            try:
                mine = folder.lstat().st_uid == os.getuid()
            except OSError:
                continue
            if mine and not folder.is_symlink():
                shutil.rmtree(folder, ignore_errors=True)
