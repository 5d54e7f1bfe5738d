"""A file that is written under a temporary name and renamed when it is complete."""

from pathlib import Path
from uuid import uuid4

from demo.errors import DemoError
from demo.system import is_disk_full, is_out_of_memory


class AtomicFile:
    """Creates the temporary file at once, so that an invalid target fails before the work."""

    def __init__(self, target: Path) -> None:
        """Create the temporary file in the target's folder, at `path`.

        Raises:
            DemoError: where the target cannot be written.
        """
        self.target = target
        self.path = target.with_name(f".{target.stem[:40]}-{uuid4().hex[:8]}.part")
        try:
            # A folder cannot be replaced; a device or a pipe could, and must not be.
            if target.exists() and not target.is_file():
                raise FileExistsError
            self.path.touch(exist_ok=False)
        except OSError as error:
            self.discard()
            raise self.error_for(error) from None

    def commit(self) -> None:
        """Rename the file to its target and replace what was there. Raises OSError."""
        self.path.replace(self.target)

    def discard(self) -> None:
        """Delete the temporary file; no effect after `commit`."""
        try:
            self.path.unlink(missing_ok=True)
        except NotADirectoryError:
            return

    def error_for(self, error: Exception) -> DemoError:
        """The sentence for an error while writing."""
        if is_out_of_memory(error):
            return DemoError("memory_full")
        key = "video_disk_full" if is_disk_full(error) else "video_not_written"
        return DemoError(key, name=self.target.name)
