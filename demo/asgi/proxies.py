"""The reverse proxies that are believed about visitors' addresses, where none are configured."""

from collections.abc import Mapping

_LOOPBACK = ("127.0.0.0/8", "::1")
_PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")


def proxies_of(environ: Mapping[str, str], root_path: str, shared: bool) -> tuple[str, ...]:
    """Networks of the proxies in this environment; none where nothing speaks of a proxy.

    Args:
        environ: `os.environ`; a Hugging Face Space is reached through the Hub's proxies only.
        root_path: prefix of a reverse proxy, which is taken to run on this machine.
        shared: whether the tunnel of a public link ends on this machine.
    """
    if environ.get("SPACE_ID"):
        return _LOOPBACK + _PRIVATE
    return _LOOPBACK if root_path or shared else ()
