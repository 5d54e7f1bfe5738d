"""Files that the page offers for download, in folders whose names cannot be guessed."""

import shutil
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from demo.errors import DemoError
from demo.images.encode import encode_jpeg
from demo.images.preview import encode_preview, needs_preview
from demo.results import Image
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


class Drawn(NamedTuple):
    """A drawn picture in the private folder; both may be the same file.

    shown: path of what the page shows. full: path of the whole picture, which can be saved.
    """

    shown: str
    full: str


def save_drawn(rgb: Image, folder: str, stem: str = "vitrine") -> Drawn:
    """Write H×W×3 uint8 RGB as JPEG, and a preview where it is larger than the page shows it.

    Raises DemoError where the disk is full.
    """
    full = save(encode_jpeg(rgb), folder, "jpg", stem)
    if not needs_preview(rgb):
        return Drawn(full, full)
    return Drawn(save(encode_preview(rgb), folder, "jpg", stem), full)


def new_folder(folder: str) -> Path:
    """Make a folder with a random name inside `folder`, readable by this user only."""
    path = Path(folder) / uuid4().hex
    path.mkdir(mode=0o700)
    return path
