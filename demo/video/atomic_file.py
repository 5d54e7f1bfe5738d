"""A file that is written beside its goal under another name and put in place when it is whole."""

import errno
from pathlib import Path
from uuid import uuid4

from demo.errors import DemoError

_FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}


class AtomicFile:
    """Takes up its place on the disk at once, so that a wrong goal is told before the work."""

    def __init__(self, goal: Path) -> None:
        """Raises DemoError where nothing can be written."""
        self.goal = goal
        self.path = goal.with_name(f".{goal.stem[:40]}-{uuid4().hex[:8]}.part")
        try:
            # A folder cannot be replaced; a device or a pipe could, and must not be.
            if goal.exists() and not goal.is_file():
                raise FileExistsError
            self.path.touch(exist_ok=False)
        except OSError as problem:
            self.drop()
            raise self.sentence(problem) from None

    def place(self) -> None:
        """Move it to its goal, over what stood there. Raises OSError."""
        self.path.replace(self.goal)

    def drop(self) -> None:
        """Leave nothing behind; harmless once it is in place."""
        try:
            self.path.unlink(missing_ok=True)
        except NotADirectoryError:
            return

    def sentence(self, problem: Exception) -> DemoError:
        """What to tell a person about an error while writing."""
        full = getattr(problem, "errno", None) in _FULL
        key = "video_disk_full" if full else "video_not_written"
        return DemoError(key, name=self.goal.name)
