"""Opening a video file so that no other file is ever read."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NoReturn, TypeVar

import av
from av.container import InputContainer

from demo.errors import DemoError
from demo.images.file_types import recognise

T = TypeVar("T")

ACCEPTED = ("MP4", "MOV", "WebM")

_WEBM = re.compile(rb"\x1a\x45\xdf\xa3.{0,48}?\x42\x82.{0,7}?[\x04\x84]webm", re.DOTALL)
_SEGMENT = b"\x18\x53\x80\x67"
_OTHER_KINDS = (
    (b"#EXTM3U", "HLS playlist"),
    (b"ffconcat", "ffconcat playlist"),
    (b"\x1a\x45\xdf\xa3", "Matroska"),
)
_SAFE = {"enable_drefs": "0", "use_absolute_path": "0", "protocol_whitelist": "none"}
"""No track of a QuickTime file in another file, and no protocols."""
_MAX_BOXES = 1_000_000


@contextmanager
def open_container(path: Path) -> Iterator[InputContainer]:
    """Open an MP4, MOV or WebM file, recognised by its first bytes, for the block.

    The demuxer is named, never guessed, and reads from an open file: it gets no path and no way to
    open a second file.

    Raises:
        DemoError: for a file that is missing, of another kind, truncated or damaged.
    """
    try:
        file = path.open("rb")
    except OSError:
        raise DemoError("video_missing", name=path.name) from None
    with file:
        demuxer, overlong = demuxer_for(file)
        try:
            container = av.open(
                file, format=demuxer, container_options=_SAFE, io_open=_refuse, mode="r"
            )
        except (av.FFmpegError, OSError, ValueError):
            raise DemoError("video_broken") from None
        with container:
            if overlong:
                _check_samples(container, path.stat().st_size)
            yield container


def packets_until_error(packets: Iterator[T]) -> Iterator[T | None]:
    """The packets of a demuxer, then None where the rest of the file cannot be read.

    FFmpeg's MemoryError counts as that: a damaged file makes it ask for as much as it claims to be.
    """
    try:
        yield from packets
    except (av.FFmpegError, OSError):
        yield None


def demuxer_for(file: BinaryIO) -> tuple[str, bool]:
    """FFmpeg's demuxer for an open file, `mov` or `matroska`, and what `_check_boxes` returns.

    Raises:
        DemoError: for an empty file, another kind, named where it is known, or a truncated file.
    """
    head = file.read(4096)
    if not head:
        raise DemoError("video_empty_file")
    if _WEBM.match(head):
        _check_segment(file, head)
        return "matroska", False
    kind = _kind(head)
    if kind != "MP4 / QuickTime":
        accepted = ", ".join(ACCEPTED)
        if not kind:
            raise DemoError("video_unknown", accepted=accepted)
        raise DemoError("video_other_kind", kind=kind, accepted=accepted)
    return "mov", _check_boxes(file)


def _kind(head: bytes) -> str:
    for start, name in _OTHER_KINDS:
        if head.lstrip(b"\xef\xbb\xbf \r\n").startswith(start):
            return name
    try:
        return recognise(head)
    except DemoError as other:
        return str(other.fields.get("kind", ""))


def _check_boxes(file: BinaryIO) -> bool:
    """Check that the outer boxes (ISO/IEC 14496-12, 4.2) are complete, `moov` among them.

    Returns whether the last one, of samples (`mdat`), claims to go on behind the end of the file:
    some recorders write so, but samples may be missing too, see `_check_samples`.
    """
    end, offset, kinds, kind = file.seek(0, 2), 0, set(), b""
    for _ in range(_MAX_BOXES):
        if offset + 8 > end:
            break
        file.seek(offset)
        head = file.read(16)
        size, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if size == 1:
            size = int.from_bytes(head[8:], "big")
        elif size == 0:
            size = end - offset
        if size < 8:
            raise DemoError("video_broken")
        kinds.add(kind)
        offset += size
    file.seek(0)
    if b"moov" not in kinds or (offset > end and kind != b"mdat"):
        raise DemoError("video_truncated")
    return offset > end


def _check_samples(container: InputContainer, end: int) -> None:
    """Check that the samples listed in `moov` (ISO/IEC 14496-12, 8.7) lie before `end`, bytes."""
    for stream in container.streams:
        if any(sample.pos + sample.size > end for sample in stream.index_entries):
            raise DemoError("video_truncated")


def _check_segment(file: BinaryIO, head: bytes) -> None:
    """Check that the Matroska segment (RFC 8794, 4) ends within the file."""
    end = file.seek(0, 2)
    file.seek(0)
    offset = head.find(_SEGMENT) + len(_SEGMENT)
    if offset < len(_SEGMENT) or offset >= len(head):
        raise DemoError("video_truncated")
    octets = 9 - head[offset].bit_length()
    ones = (1 << 7 * octets) - 1
    size = int.from_bytes(head[offset : offset + octets], "big") & ones
    # All ones: an unknown size, as of live recordings.
    if size != ones and offset + octets + size > end:
        raise DemoError("video_truncated")


def _refuse(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    raise PermissionError("a video may not open another file")
