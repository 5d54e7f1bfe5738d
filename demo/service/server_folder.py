"""The private folder of one server: locked while it lives, so that the next one can clean up."""

import logging
import os
import shutil
import stat
import sys
import tempfile
import time
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_log = logging.getLogger(__name__)

_PREFIX, _LOCKED = "vitrine-", ".locked"
_ABANDONED_S = 3600.0
"""After so long without a sweep the server of a folder without a lock has ended."""


class ServerFolder:
    """A folder of mode 0700 in the system's temporary folder, locked while this process lives.

    The operating system releases the lock however the process ends. Where folders cannot be locked
    (Windows, some network drives) the folder must be touched from time to time instead.
    """

    def __init__(self) -> None:
        self.parent = Path(tempfile.gettempdir()).resolve()
        made = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=self.parent))
        self._lock = _lock(made)
        # Named so only now: a folder of that name whose lock is free has no server any more.
        self.path = made if self._lock is None else made.rename(f"{made}{_LOCKED}")

    def touch(self) -> None:
        """Show other servers that this one lives. Raises OSError where the folder is gone."""
        os.utime(self.path)

    def close(self) -> None:
        """Delete the folder with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def remove_leftovers(parent: Path, abandoned_s: float = _ABANDONED_S) -> None:
    """Delete folders of servers that were killed before they could delete them.

    Args:
        parent: the folder in which they are; only this user's own ones are looked at.
        abandoned_s: age from which a folder without a lock, seconds since it was touched, has no
            running server. Its name proves nothing in a shared folder, and neither does a process
            number, which containers use again.
    """
    for folder in parent.glob(f"{_PREFIX}*-*"):
        try:
            facts = folder.lstat()
        except OSError:
            continue
        own = not hasattr(os, "getuid") or facts.st_uid == os.getuid()
        if not own or not stat.S_ISDIR(facts.st_mode):
            continue
        if folder.name.endswith(_LOCKED):
            _remove_unlocked(folder)
        elif facts.st_mtime < time.time() - abandoned_s:
            _remove(folder)


def _remove_unlocked(folder: Path) -> None:
    lock = _lock(folder)
    if lock is not None:
        try:
            _remove(folder)
        finally:
            os.close(lock)


def _remove(folder: Path) -> None:
    _log.info("deleting the folder of a server that was killed")
    shutil.rmtree(folder, ignore_errors=True)


def _lock(folder: Path) -> int | None:
    """Lock a folder, without waiting; the descriptor that holds the lock, or None."""
    if sys.platform == "win32":
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # locked by its server, or a drive without locks
        os.close(descriptor)
        return None
    return descriptor
