"""The cameras that the owner of the machine lets visitors look through, each with a name.

An address may hold a password. So nobody but the reader of the camera gets to see one: what is
wrong with the list is told by the number of the pair, which is never a part of what was written.
"""

import re
from urllib.parse import urlsplit

from demo.errors import DemoError

SCHEMES = ("rtsp", "rtsps", "http", "https")
_NAME = re.compile(r"[\w-]{1,40}")


def parse(text: str) -> dict[str, str]:
    """Names and addresses from `name=url` pairs, apart by commas, blanks or line ends.

    A comma within an address is written as %2C. Raises DemoError for what is no such list.
    """
    cameras: dict[str, str] = {}
    for number, pair in enumerate(filter(None, re.split(r"[,\s]+", text)), 1):
        name, sign, address = pair.partition("=")
        if not sign or not _NAME.fullmatch(name):
            raise DemoError("setting_cameras_pair", number=number)
        if name in cameras:
            raise DemoError("setting_cameras_twice", number=number)
        cameras[name] = _checked(address, number)
    return cameras


def _checked(address: str, number: int) -> str:
    """The address, its scheme in small letters: FFmpeg knows only these."""
    try:
        parts = urlsplit(address)
        whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    else:
        whole = whole and parts.scheme in SCHEMES and address.isascii() and address.isprintable()
    if not whole or not address.lower().startswith(f"{parts.scheme}://"):
        raise DemoError("setting_cameras_url", number=number, schemes=", ".join(SCHEMES))
    return parts.scheme + address[len(parts.scheme) :]
