"""Files that the page offers for download, in folders whose names cannot be guessed."""

from pathlib import Path
from uuid import uuid4


def save(data: bytes, folder: str, suffix: str, stem: str = "vitrine") -> str:
    """Write `data` as `stem.suffix` into a new private folder inside `folder`; return the path."""
    path = new_folder(folder) / f"{stem}.{suffix}"
    path.write_bytes(data)
    return str(path)


def new_folder(folder: str) -> Path:
    """Make a folder with a random name inside `folder`, readable by this user only."""
    path = Path(folder) / uuid4().hex
    path.mkdir(mode=0o700)
    return path
