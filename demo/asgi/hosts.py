"""The names under which this server is reached: the Host headers that it accepts."""

import ipaddress
import re
import socket
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+?)\.?(?::([0-9]{1,5}))?")
_ANYWHERE = "*"


def hosts_of(
    environ: Mapping[str, str], bound: str, root_path: str, configured: Iterable[str]
) -> "Hosts":
    """The names of a server in this environment.

    A Hugging Face Space is reached through the Hub's proxies only, and by names that the Hub may
    change: it accepts any, and takes pages of the names in SPACE_HOST for its own.

    Args:
        environ: `os.environ`.
        bound: address that the server listens on.
        root_path: prefix of the public address, or the whole address, whose name is accepted.
        configured: names that the owner has set.
    """
    names = {*configured, urlsplit(root_path).netloc.lower()}
    if environ.get("SPACE_ID"):
        names |= {_ANYWHERE, *environ.get("SPACE_HOST", "").lower().replace(" ", "").split(",")}
    return Hosts(bound, names - {""})


class Hosts:
    """Decides which Host header names this server, against DNS rebinding.

    A page of a stranger's site can reach this server under the stranger's name, once that name
    resolves to this machine; browsers then treat the two as one site. So a server bound to a
    loopback address goes by loopback names only. Bound to another address it also goes by every IP
    address, since an address is never resolved, and by names that no stranger can register:
    without a dot, or this machine's own. All other names are configured.
    """

    def __init__(self, bound: str, configured: Iterable[str] = ()) -> None:
        """Name the server.

        Args:
            bound: address or name that the server listens on, an IPv6 one with or without brackets.
            configured: further names in small letters, each with or without a port; `*.name`
                stands for every name below it, `*` for any name.
        """
        self._configured = set(configured)
        self._loopback = _is_loopback(bound.lower().strip("[]"))
        own = socket.gethostname().lower()
        self._own = {bound.lower()} if self._loopback else {bound.lower(), own, f"{own}.local"}

    def add(self, name: str) -> None:
        """Accept a further name from now on, such as that of a public link."""
        self._configured.add(name.lower())

    def accepts(self, host: str) -> bool:
        """Whether a Host header, a name or address with or without a port, names this server."""
        parsed = _HOST.fullmatch(host.lower())
        if parsed is None:
            return False
        name = parsed[1].strip("[]")
        if _ANYWHERE in self._configured or self.is_configured(host):
            return True
        if _is_loopback(name) or name in self._own:
            return True
        return not self._loopback and ("." not in name or _is_address(name))

    def is_configured(self, host: str) -> bool:
        """Whether `host` is a configured name; `*` is none, one with a port is meant with it."""
        parsed = _HOST.fullmatch(host.lower())
        if parsed is None:
            return False
        name, port = parsed.groups()
        parents = (name[i + 1 :] for i, letter in enumerate(name) if letter == ".")
        meant = {name, *(f"*.{parent}" for parent in parents)}
        return bool(self._configured & (meant | {f"{one}:{port}" for one in meant}))


def _is_loopback(name: str) -> bool:
    return name == "localhost" or (_is_address(name) and ipaddress.ip_address(name).is_loopback)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
