"""What a file is by its first bytes: a picture, an archive, or something else with its sentence."""

import re

from demo.errors import DemoError
from demo.images.file_types import recognise

HEAD_BYTES = 512
"""The first bytes of a file, which are enough to tell."""
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
"""A local header, or the end of an archive without entries."""
_OTHER_ARCHIVES = (
    ("RAR", rb"Rar!\x1a\x07"),
    ("7z", rb"7z\xbc\xaf\x27\x1c"),
    ("gzip", rb"\x1f\x8b"),
    ("xz", rb"\xfd7zXZ\0"),
    ("bzip2", rb"BZh[1-9]1AY"),
    ("Zstandard", rb"\x28\xb5\x2f\xfd"),
    ("tar", rb".{257}ustar"),
)


def is_zip(head: bytes) -> bool:
    """Whether a file begins as a ZIP archive."""
    return head.startswith(_ZIP)


def check_picture(head: bytes, name: str, nested: bool = False) -> None:
    """Raise the sentence about a file that is no picture.

    Args:
        head: its first bytes.
        name: for the sentence.
        nested: it is inside of an archive.
    """
    kind = _archive(head)
    if kind and (nested or kind != "ZIP"):
        key = "batch_nested" if nested else "batch_other_archive"
        raise DemoError(key, name=name, kind=kind)
    recognise(head)


def _archive(head: bytes) -> str:
    if is_zip(head):
        return "ZIP"
    kinds = (kind for kind, pattern in _OTHER_ARCHIVES if re.match(pattern, head, re.DOTALL))
    return next(kinds, "")
