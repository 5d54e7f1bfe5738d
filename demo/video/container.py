"""Opening a video file so that nothing but this one file is ever read."""

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
_OTHERS = (
    (b"#EXTM3U", "HLS playlist"),
    (b"ffconcat", "ffconcat playlist"),
    (b"\x1a\x45\xdf\xa3", "Matroska"),
)
_SAFE = {"enable_drefs": "0", "use_absolute_path": "0", "protocol_whitelist": "none"}
"""No track of a QuickTime film may lie in another file, and no protocol may be spoken."""
_MOST_BOXES = 1_000_000


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """An MP4, MOV or WebM file, by its first bytes and never by its name, open for the block.

    The demuxer is named, never guessed, and reads through a file that is open already: it is given
    no name and no way to open a second one. Raises DemoError for a file that is not there, of
    another kind, truncated or broken.
    """
    try:
        file = path.open("rb")
    except OSError:
        raise DemoError("video_missing", name=path.name) from None
    with file:
        demuxer = recognised(file)
        try:
            container = av.open(
                file, format=demuxer, container_options=_SAFE, io_open=_refuse, mode="r"
            )
        except (av.FFmpegError, OSError, ValueError):
            raise DemoError("video_broken") from None
        with container:
            yield container


def readable(packets: Iterator[T]) -> Iterator[T | None]:
    """What a demuxer gives; None at last where the rest of the file cannot be read."""
    try:
        yield from packets
    except (av.FFmpegError, OSError):
        yield None


def recognised(file: BinaryIO) -> str:
    """FFmpeg's demuxer for an open file: `mov` or `matroska`.

    Raises DemoError for an empty file, for every other kind, which it names where known, and for a
    file that ends before it says it does.
    """
    head = file.read(4096)
    if not head:
        raise DemoError("video_empty_file")
    if _WEBM.match(head):
        _check_segment(file, head)
        return "matroska"
    kind = _kind(head)
    if kind != "MP4 / QuickTime" or head[4:8] != b"ftyp":
        accepted = ", ".join(ACCEPTED)
        if not kind:
            raise DemoError("video_unknown", accepted=accepted)
        raise DemoError("video_other_kind", kind=kind, accepted=accepted)
    _check_boxes(file)
    return "mov"


def _kind(head: bytes) -> str:
    for start, name in _OTHERS:
        if head.lstrip(b"\xef\xbb\xbf \r\n").startswith(start):
            return name
    try:
        return recognise(head)
    except DemoError as other:
        return str(other.fields.get("kind", ""))


def _check_boxes(file: BinaryIO) -> None:
    """Walk over the outer boxes (ISO/IEC 14496-12, 4.2): all whole, `moov` among them."""
    end, at, kinds = file.seek(0, 2), 0, set()
    for _ in range(_MOST_BOXES):
        if at + 8 > end:
            break
        file.seek(at)
        head = file.read(16)
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:], "big")
        elif size == 0:
            size = end - at
        if size < 8:
            raise DemoError("video_broken")
        kinds.add(head[4:8])
        at += size
    file.seek(0)
    if at > end or b"moov" not in kinds:
        raise DemoError("video_truncated")


def _check_segment(file: BinaryIO, head: bytes) -> None:
    """Compare the size of the Matroska segment (RFC 8794, 4) with that of the file."""
    end = file.seek(0, 2)
    file.seek(0)
    at = head.find(_SEGMENT) + len(_SEGMENT)
    if at < len(_SEGMENT) or at >= len(head):
        raise DemoError("video_truncated")
    octets = 9 - head[at].bit_length()
    ones = (1 << 7 * octets) - 1
    size = int.from_bytes(head[at : at + octets], "big") & ones
    # All ones: written live, so that nobody knew how long it would become.
    if size != ones and at + octets + size > end:
        raise DemoError("video_truncated")


def _refuse(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    raise PermissionError("a video may not open another file")
