"""Where the server listens and under which prefix it is reached: gradio's GRADIO_* variables."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from demo.errors import DemoError
from demo.validate import brief

_DEFAULT_HOST, _DEFAULT_PORT = "127.0.0.1", "7860"
_MAX_PORT = 65535
_ROOT_PATH = re.compile(r"(https?://[^\s/?#]+)?(/[^\s/?#]+)*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A checked address.

    Attributes:
        host: name or IP address to listen on, an IPv6 address without brackets.
        port: 1–65535.
        root_path: the prefix of a reverse proxy, such as `/vitrine`, or its whole address; without
            a slash at its end, empty for none.
    """

    host: str
    port: int
    root_path: str

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """The address from variables; an empty one counts as not set, as of all settings.

        Raises DemoError for the first value that is not of its kind.
        """
        host = _value(environ, "GRADIO_SERVER_NAME") or _DEFAULT_HOST
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        port = _value(environ, "GRADIO_SERVER_PORT") or _DEFAULT_PORT
        if not re.fullmatch("[0-9]{1,5}", port) or not 0 < int(port) <= _MAX_PORT:
            raise DemoError("bad_port", got=brief(port))
        root_path = _value(environ, "GRADIO_ROOT_PATH")
        if not _ROOT_PATH.fullmatch(root_path.rstrip("/")):
            raise DemoError("bad_root_path", got=brief(root_path))
        return cls(host, int(port), root_path.rstrip("/"))

    @property
    def url(self) -> str:
        """The address of the page on this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def _value(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name, "").strip()
