"""Parser of the owner's list of network cameras, each with a name and an address.

An address may hold a password. Error messages therefore give the number of the wrong entry and
never quote any part of it.
"""

import re
from urllib.parse import urlsplit

from demo.errors import DemoError

SCHEMES = ("rtsp", "rtsps", "http", "https")
_NAME = re.compile(r"[\w-]{1,40}")


def parse(text: str) -> dict[str, str]:
    """Parse `name=url` pairs, separated by commas or white space, into name → address.

    A comma within an address is written as %2C. The schemes of the addresses become lower case.

    Raises:
        DemoError: a pair without a valid name, a name that is there twice, or an address that is
            not a URL with one of SCHEMES and a host.
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
    """The address with its scheme in lower case, the only one that FFmpeg accepts."""
    try:
        parts = urlsplit(address)
        valid = bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    else:
        valid = valid and parts.scheme in SCHEMES and address.isascii() and address.isprintable()
    if not valid or not address.lower().startswith(f"{parts.scheme}://"):
        raise DemoError("setting_cameras_url", number=number, schemes=", ".join(SCHEMES))
    return parts.scheme + address[len(parts.scheme) :]
