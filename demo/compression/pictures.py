"""The pictures of a comparison, and the text files beside them that may hold true answers."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from demo.batch.limits import BatchLimits
from demo.batch.names import safe_name
from demo.batch.pictures import LeftOut, NamedPicture, Source, gather
from demo.batch.signatures import HEAD_BYTES, is_zip
from demo.batch.zip_archive import texts
from demo.errors import DemoError
from demo.service.service import Service
from demo.service.upload_room import check_room

_BESIDE = (".txt", ".yaml", ".yml", ".cache", ".csv", ".json", ".md")
"""What lies in sets of pictures beside them, and is not worth a word."""


@dataclass(frozen=True, slots=True)
class PictureSet:
    """Pictures in their order, what is none, and text files by name. folder: a private one."""

    pictures: tuple[NamedPicture, ...]
    left: tuple[LeftOut, ...]
    texts: Mapping[str, str]
    folder: Path


@contextmanager
def opened_set(service: Service, sources: Sequence[Source]) -> Iterator[PictureSet]:
    """The set of some uploads, unpacked for the length of the block.

    Args:
        service: its limits hold, and its private folder is used.
        sources: pictures, and ZIPs of them.

    Raises DemoError for what is beyond the limits or damaged, and where there is no picture.
    """
    zips = [source for source in sources if _is_zip(source.path)]
    check_room(service.uploads, service.settings, sum(one.path.stat().st_size for one in zips))
    folder = service.uploads.folder / uuid4().hex
    folder.mkdir(0o700)
    try:
        yield _gathered(sources, zips, folder, BatchLimits.of(service.settings))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _gathered(
    sources: Sequence[Source], zips: Sequence[Source], folder: Path, limits: BatchLimits
) -> PictureSet:
    found = gather(sources, folder, limits)
    left = tuple(one for one in found.left_out if not one.name.lower().endswith(_BESIDE))
    if not found.pictures:
        given = {safe_name(one.name) for one in sources}
        reasons = [one.error for one in found.left_out if one.name in given]
        raise reasons[0] if len(reasons) == 1 else DemoError("compression_no_pictures")
    beside = {name: text for one in zips for name, text in texts(one.path, one.name).items()}
    return PictureSet(found.pictures, left, beside, folder)


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return is_zip(file.read(HEAD_BYTES))
