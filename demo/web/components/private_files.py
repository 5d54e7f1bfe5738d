"""Files that the page offers for download, in folders whose names cannot be guessed."""

import shutil
from pathlib import Path
from uuid import uuid4

from demo.errors import DemoError
from demo.system import is_disk_full


def save(data: bytes, folder: str, suffix: str, stem: str = "vitrine") -> str:
    """Write `data` as `stem.suffix` into a new private folder inside `folder`; return the path.

    Raises DemoError where the disk is full; nothing is left then.
    """
    path = new_folder(folder) / f"{stem}.{suffix}"
    try:
        path.write_bytes(data)
    except OSError as fault:
        shutil.rmtree(path.parent, ignore_errors=True)
        if is_disk_full(fault):
            raise DemoError("disk_full") from fault
        raise
    return str(path)


def new_folder(folder: str) -> Path:
    """Make a folder with a random name inside `folder`, readable by this user only."""
    path = Path(folder) / uuid4().hex
    path.mkdir(mode=0o700)
    return path
