"""Names of files: the owner's, by which trainers pair labels with pictures, and of downloads."""

import re
import unicodedata
from pathlib import PureWindowsPath

from demo.errors import DemoError

_MAX_LETTERS = 255
"""The longest name of NTFS and APFS in UTF-16 units; ext4 takes 255 bytes, which is never more."""
_MAX_DOWNLOAD_BYTES = 200
"""Of a stem: every file system then takes it with a model's name and an extension behind it."""
_NO_NAME = "picture"
_NEVER_IN_NAMES = re.compile("[\0\ud800-\udfff]")
_NOT_SAVED = re.compile(r'["*/:<>?\\|]')
_WINDOWS_DEVICES = re.compile(
    r"(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]|conin\$|conout\$) *(\.|$)", re.IGNORECASE
)


def file_name(given: str) -> str:
    """The name of a file as its owner's file system has it, without the folder.

    Args:
        given: what a client states, a name or a path. A backslash separates folders only in what
            is a path on Windows: from a root, or with `..` in it. Elsewhere names may hold it.

    Returns:
        The name, unchanged but for what no file system can hold (NUL and lone surrogates become
        U+FFFD); `picture` where nothing is left.

    Raises:
        DemoError: for a name longer than any file system takes.
    """
    name = _NEVER_IN_NAMES.sub("\ufffd", given.rpartition("/")[2])
    windows = PureWindowsPath(name)
    if windows.root or ".." in windows.parts:
        name = name.rpartition("\\")[2]
    letters = len(name.encode("utf-16-le")) // 2
    if letters > _MAX_LETTERS:
        raise DemoError("file_name_too_long", letters=letters, limit=_MAX_LETTERS)
    return _NO_NAME if name in ("", ".", "..") else name


def stem(name: str) -> str:
    """A file name without its last extension, letter for letter; a dot at the start begins none.

    Label files have the stem of their picture: trainers look for exactly that.
    """
    dot = name.rfind(".")
    return name[:dot] if dot > 0 else name


def download_stem(name: str) -> str:
    """The stem of a file name as every browser saves it and every file system takes it.

    Characters that Chromium and Windows replace become `_`: control and format characters and
    `"*/:<>?\\|`. A dot, a blank or a tilde at the start is left out; the name of a device of
    Windows gets a `-`.
    """
    kept = "".join("_" if _is_replaced(letter) else letter for letter in stem(name))
    short = kept.lstrip(" .~").encode()[:_MAX_DOWNLOAD_BYTES].decode(errors="ignore")
    safe = short or _NO_NAME
    device = _WINDOWS_DEVICES.match(safe)
    return f"{device[1]}-{safe[device.end(1) :]}" if device else safe


def _is_replaced(letter: str) -> bool:
    # Cc: control, Cf: format, such as the joiner of an emoji of a family; Zl, Zp: line ends.
    return bool(_NOT_SAVED.match(letter)) or unicodedata.category(letter) in (
        "Cc",
        "Cf",
        "Zl",
        "Zp",
    )
