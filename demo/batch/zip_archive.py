"""ZIP archives from strangers: what in them is a picture, unpacked under numbers."""

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from demo.batch.limits import MAX_FILES, BatchRefused, Room
from demo.batch.names import is_hidden, safe_name
from demo.batch.signatures import HEAD_BYTES, check_picture
from demo.errors import DemoError
from demo.system import is_disk_full

_CHUNK_BYTES = 1 << 20
_LARGEST_READ = 2 << 20
"""The directory of an archive is read at once and takes ten times as much as a list of entries."""
_MOST_TEXT_BYTES = 10_000_000
"""Of all text files of an archive together."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Others are rare for pictures, and LZMA takes as much memory as an archive says."""
_ENCRYPTED, _UTF8 = 0x1, 0x800
"""Bits of an entry's flags (APPNOTE 4.4.4)."""
_TWO_BYTES = re.compile(rb"(?:[\0-\x7f]|[\x81-\xfe][\x80-\xfe])*")
_DAMAGED = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error),
    *(EOFError, ValueError, NotImplementedError, IndexError),
)
"""Errors that zipfile is known to raise for damaged bytes."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A file of an archive: its name there, and where it is now, or why it is nowhere."""

    name: str
    content: Path | DemoError
    size_bytes: int = 0


def unpack(path: Path, name: str, work: Path, room: Room) -> Iterator[Unpacked]:
    """Unpack the pictures of an archive in the order of their names, each when it is asked for.

    No name of the archive becomes a path: files are numbered. Links, folders and hidden files are
    passed over, and nothing that is no picture is unpacked.

    Args:
        path: of the archive.
        name: of the archive, for sentences.
        work: folder of the unpacked files.
        room: counts what is announced before it is unpacked, and what really comes out.

    Raises DemoError for an archive that is damaged or encrypted, BatchRefused for too many files,
    pictures or bytes.
    """
    try:
        with _Bounded(path, name) as file, zipfile.ZipFile(file) as archive:
            for shown, entry in _entries(archive, name):
                yield _unpack_one(archive, entry, shown, work, room)
    except _DAMAGED as error:
        raise DemoError("batch_zip_damaged", name=name) from error


def texts(path: Path, name: str) -> dict[str, str]:
    """The text files (`.txt`) of an archive by their names in it, in the order of their names.

    Args:
        path: of the archive.
        name: of the archive, for sentences.

    Raises DemoError as `unpack` does, BatchRefused for too much text.
    """
    found: dict[str, str] = {}
    left_bytes = _MOST_TEXT_BYTES
    try:
        with _Bounded(path, name) as file, zipfile.ZipFile(file) as archive:
            for shown, entry in _entries(archive, name):
                if not shown.lower().endswith(".txt") or entry.compress_type not in _METHODS:
                    continue
                with archive.open(entry) as packed:
                    data = packed.read(left_bytes + 1)
                left_bytes -= len(data)
                if left_bytes < 0:
                    raise BatchRefused("batch_too_much_text", name=name)
                found[shown] = data.decode("utf-8-sig", "replace")
    except _DAMAGED as error:
        raise DemoError("batch_zip_damaged", name=name) from error
    return found


def entry_name(entry: zipfile.ZipInfo) -> str:
    """The name of an entry as it was meant: UTF-8, GBK as of Chinese Windows, or code page 437."""
    name = entry.orig_filename.replace("\0", "_")
    if entry.flag_bits & _UTF8 or name.isascii():
        return name
    data = name.encode("cp437")
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    # In Western names a letter of code page 437 seldom stands beside another one.
    if _TWO_BYTES.fullmatch(data):
        try:
            return data.decode("gb18030")
        except UnicodeDecodeError:
            pass
    return name


class _Bounded(io.FileIO):
    """A file of which nobody reads much at once.

    zipfile reads the whole directory of an archive, of any size that the archive states, and makes
    an object of each 46 bytes.
    """

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path)
        self._name = name

    def read(self, size: int | None = -1, /) -> bytes:
        """As of a file. Raises BatchRefused for too much."""
        if size is None or size < 0:
            at = self.tell()
            size = self.seek(0, io.SEEK_END) - at
            self.seek(at)
        if size > _LARGEST_READ:
            raise BatchRefused("batch_too_many_files", name=self._name, limit=MAX_FILES)
        return super().read(size)


def _entries(archive: zipfile.ZipFile, name: str) -> list[tuple[str, zipfile.ZipInfo]]:
    """The files of an archive with their names, by which they are sorted."""
    entries = []
    for entry in archive.infolist():
        path = entry_name(entry).replace("\\", "/")
        kind = stat.S_IFMT(entry.external_attr >> 16)
        is_file = kind in (0, stat.S_IFREG) and not path.endswith("/")
        if is_file and not is_hidden(path):
            entries.append((safe_name(path), entry))
    if len(entries) > MAX_FILES:
        raise BatchRefused("batch_too_many_files", name=name, limit=MAX_FILES)
    if any(entry.flag_bits & _ENCRYPTED for _, entry in entries):
        raise DemoError("batch_zip_encrypted", name=name)
    return sorted(entries, key=lambda pair: pair[0])


def _unpack_one(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, work: Path, room: Room
) -> Unpacked:
    try:
        if entry.compress_type not in _METHODS:
            raise DemoError("batch_zip_method", name=name)
        with archive.open(entry) as packed:
            head = packed.read(HEAD_BYTES)
            check_picture(head, name, nested=True)
            room.limits.picture.check_file(entry.file_size)
            room.check_bytes(entry.file_size)
            target = work / f"{room.add_picture():06d}"
            return Unpacked(name, target, _write(target, head, packed, room))
    except BatchRefused:
        raise
    except DemoError as error:
        return Unpacked(name, error)
    except _DAMAGED:
        return Unpacked(name, DemoError("batch_zip_entry_damaged"))


def _write(target: Path, head: bytes, packed: IO[bytes], room: Room) -> int:
    """Write an entry, whose first bytes are read already; its size, as it really comes out."""
    size_bytes, chunk, complete = 0, head, False
    try:
        with target.open("xb") as file:
            while chunk:
                size_bytes += len(chunk)
                room.limits.picture.check_file(size_bytes)
                room.add_bytes(len(chunk))
                file.write(chunk)
                chunk = packed.read(_CHUNK_BYTES)
        complete = True
    except OSError as error:
        key = "batch_disk_full" if is_disk_full(error) else "batch_not_unpacked"
        raise BatchRefused(key) from None
    finally:
        if not complete:
            target.unlink(missing_ok=True)
    return size_bytes
