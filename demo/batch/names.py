"""Names of pictures in a batch: as in the folder or archive, but safe and unique."""

import re
import unicodedata

from demo.export.names import stem

_MAX_PART = 120
"""Letters of a folder or file name; the extension stays."""
_MAX_PARTS = 8
_HIDDEN = frozenset({"__macosx", "thumbs.db", "desktop.ini", "ehthumbs.db"})
"""What systems put into folders and archives, in small letters."""
_DRIVE = re.compile(r"[A-Za-z]:(?! )")
_NEVER = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of control and format characters, half characters, and line ends."""
_UNNAMED = "picture"


def is_hidden(path: str) -> bool:
    """Whether a path with `/` has a part that is hidden or belongs to a system, not to people."""
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    return any(part.startswith(".") or part.casefold() in _HIDDEN for part in parts)


def safe_name(path: str) -> str:
    """A relative path with `/` from any path.

    No part of it is empty, `.` or `..`, a drive letter, or longer than most file systems take;
    control characters become `_`, and a backslash separates folders.
    """
    text = "".join("_" if unicodedata.category(c) in _NEVER else c for c in path)
    drive = _DRIVE.match(text)
    text = text[drive.end() :] if drive else text
    parts = [part.strip() for part in text.replace("\\", "/").split("/")]
    kept = [_short(part) for part in parts if part.strip(".")]
    return "/".join(kept[-_MAX_PARTS:]) or _UNNAMED


class UniqueNames:
    """Hands out names, each once, also where a file system does not tell capitals apart."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, base: str, suffix: str = "") -> str:
        """base + suffix, with ` (2)` and so on between them where it is taken."""
        number, chosen = 1, base + suffix
        while (key := _key(chosen)) in self._taken:
            number += 1
            chosen = f"{base} ({number}){suffix}"
        self._taken.add(key)
        return chosen


def split_extension(name: str) -> tuple[str, str]:
    """A name, which may have folders, as what is before its extension, and that with its dot."""
    folder, slash, file = name.rpartition("/")
    base = stem(file)
    return f"{folder}{slash}{base}", file[len(base) :]


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _short(part: str) -> str:
    if len(part) <= _MAX_PART:
        return part
    base = stem(part)
    suffix = part[len(base) :][:20]
    return base[: _MAX_PART - len(suffix)] + suffix
