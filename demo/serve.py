"""Run the application in this process: settings and port first, then torch and the page."""

import errno
import os
import socket
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import NoReturn

from demo import logs
from demo.asgi.command_line import parse
from demo.asgi.server_address import ServerAddress
from demo.errors import DemoError
from demo.settings import Settings
from demo.system import settle_heaps


def serve(environ: Mapping[str, str], arguments: list[str]) -> int:
    """Serve until a signal to stop, and return the exit status.

    A fault of the set-up is printed as one sentence and returns 2.

    Args:
        environ: `os.environ`.
        arguments: of the command line (see `demo.asgi.command_line`).
    """
    try:
        _serve(environ, arguments)
    except DemoError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


def stop(*_: object) -> NoReturn:
    """Signal handler that ends the program as an interrupt from the keyboard does."""
    raise KeyboardInterrupt


def _serve(environ: Mapping[str, str], arguments: list[str]) -> None:
    environ, share, model = parse(arguments, environ)
    settings = Settings.from_env(environ)
    if model is not None:
        settings = replace(settings, model=model)
    settings.require_weights_dir()
    logs.configure(settings.log)
    address = ServerAddress.from_env(environ)
    host, port, root_path = address.host, address.port, address.root_path
    _check_free(host, port)
    settle_heaps()

    from demo.asgi.app import create_app
    from demo.asgi.connections import Connections
    from demo.asgi.hosts import hosts_of
    from demo.asgi.proxies import proxies_of
    from demo.asgi.server import Server

    hosts = hosts_of(environ, host, root_path, settings.hosts)
    proxies = settings.proxies or proxies_of(environ, root_path, shared=share)
    app = create_app(settings, root_path, hosts)

    def ready() -> None:
        print(f"* Running on local URL:  {address.url}", flush=True)
        if share:
            from demo.asgi.public_link import announce  # imports gradio

            tunnel = (app.state.page, hosts, host, port)
            threading.Thread(target=announce, args=tunnel, name="share", daemon=True).start()

    connections = Connections(settings.connections, proxies)
    Server(app, host, port, ready, connections, proxies).run()


def _check_free(host: str, port: int) -> None:
    """Find out in a millisecond, before torch is imported, whether the port can be opened."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, proto) as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        raise DemoError(_cause(error), host=host, port=port) from None


def _cause(error: OSError | UnicodeError) -> str:
    """Why a port could not be opened, as the key of its sentence."""
    if isinstance(error, socket.gaierror | UnicodeError):
        return "host_not_found"
    if error.errno == errno.EADDRNOTAVAIL:
        return "host_not_here"
    if error.errno == errno.EACCES:
        return "port_not_allowed"
    return "port_in_use"
