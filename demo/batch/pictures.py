"""The pictures of a batch: from files, folders and ZIPs, named as they are there."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from demo.batch.limits import MAX_FILES, BatchLimits, BatchRefused, Room
from demo.batch.names import UniqueNames, is_hidden, safe_name, split_extension
from demo.batch.signatures import HEAD_BYTES, check_picture, is_zip
from demo.batch.zip_archive import unpack
from demo.errors import DemoError


@dataclass(frozen=True, slots=True)
class Source:
    """A file or folder that somebody has chosen.

    name: as its owner calls it: for a file of an upload its name there, else the path's own.
    """

    path: Path
    name: str

    @classmethod
    def of(cls, path: Path) -> "Source":
        """A path under its own name."""
        return cls(path, path.name)


@dataclass(frozen=True, slots=True)
class NamedPicture:
    """A picture file that is to be answered about.

    name: as in the folder or archive, with `/`; unique in the batch and safe to show, see
    `safe_name`. path: of the file, under any name. size_bytes: of the file.
    """

    name: str
    path: Path
    size_bytes: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is not answered, and the sentence why."""

    name: str
    error: DemoError


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found: pictures in their order, and what is none."""

    pictures: tuple[NamedPicture, ...]
    left_out: tuple[LeftOut, ...]


def gather(sources: Iterable[Source], work: Path, limits: BatchLimits) -> Gathered:
    """Find the pictures of files, folders (with all folders in them, sorted) and ZIPs.

    Hidden files and those of systems are passed over; what is no picture, a broken archive, and an
    archive inside of one, are left out with a sentence each.

    Args:
        sources: in the order of the answers.
        work: an existing private folder, into which archives are unpacked under numbers; its owner
            deletes it.
        limits: of the batch.

    Raises DemoError for more pictures or bytes than the limits, and where there is no room to
    unpack them.
    """
    room, names = Room(limits), UniqueNames()
    pictures: list[NamedPicture] = []
    left_out: list[LeftOut] = []
    for source in sources:
        for found in _found(source, work, room):
            name = names.take(*split_extension(found.name))
            if isinstance(found, LeftOut):
                left_out.append(LeftOut(name, found.error))
            else:
                pictures.append(NamedPicture(name, found.path, found.size_bytes))
    return Gathered(tuple(pictures), tuple(left_out))


def _found(source: Source, work: Path, room: Room) -> Iterator[NamedPicture | LeftOut]:
    name = safe_name(source.name)
    try:
        if source.path.is_dir():
            for path in _files(source.path, name):
                yield _picture(path, safe_name(path.relative_to(source.path).as_posix()), room)
        elif is_zip(_head(source.path)):
            yield from _unpacked(source.path, name, work, room)
        else:
            yield _picture(source.path, name, room)
    except OSError:
        yield LeftOut(name, DemoError("batch_unreadable", name=name))


def _unpacked(path: Path, name: str, work: Path, room: Room) -> Iterator[NamedPicture | LeftOut]:
    try:
        for entry in unpack(path, name, work, room):
            if isinstance(entry.content, DemoError):
                yield LeftOut(entry.name, entry.content)
            else:
                yield NamedPicture(entry.name, entry.content, entry.size_bytes)
    except BatchRefused:
        raise
    except DemoError as error:
        yield LeftOut(name, error)


def _picture(path: Path, name: str, room: Room) -> NamedPicture | LeftOut:
    try:
        head, size_bytes = _head(path), path.stat().st_size
        check_picture(head, name)
        room.limits.picture.check_file(size_bytes)
    except DemoError as error:
        return LeftOut(name, error)
    except OSError:
        return LeftOut(name, DemoError("batch_unreadable", name=name))
    room.add_picture()
    room.add_bytes(size_bytes)
    return NamedPicture(name, path, size_bytes)


def _files(folder: Path, name: str) -> list[Path]:
    """The files of a folder and of all folders in it, sorted by their paths in it."""
    files: list[Path] = []
    for root, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if not is_hidden(one)]
        paths = (Path(root, one) for one in names if not is_hidden(one))
        files += (path for path in paths if path.is_file())
        if len(files) > MAX_FILES:
            raise BatchRefused("batch_too_many_files", name=name, limit=MAX_FILES)
    return sorted(files, key=lambda path: path.relative_to(folder).as_posix())


def _head(path: Path) -> bytes:
    """The first bytes of a file. Raises OSError."""
    if not path.is_file():  # a pipe would never end
        raise FileNotFoundError
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)
