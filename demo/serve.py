"""How the page is served: its environment first, then gradio and torch, then the port."""

import math
import os
import socket
import sys
import tempfile
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, NoReturn

from demo.errors import DemoError
from demo.service.uploads import UploadStore
from demo.settings import Settings
from demo.system import settle_heaps

if TYPE_CHECKING:
    from demo.service.service import Service


_SAFE = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_SSR_MODE": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


def serve(environ: MutableMapping[str, str], arguments: list[str]) -> int:
    """Serve until interrupted; the exit status. A fault of the set-up is one sentence."""
    try:
        _serve(environ, arguments)
    except DemoError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


def _serve(environ: MutableMapping[str, str], arguments: list[str]) -> None:
    unknown = [a for a in arguments if a != "--share"]
    if unknown:
        raise DemoError("unknown_argument", got=unknown[0])
    settings = Settings.from_env(environ)
    host = environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    port = _port(environ.get("GRADIO_SERVER_PORT") or "7860")
    _check_free(host, port)
    settle_heaps()
    uploads = UploadStore(settings.keep_minutes * 60, settings.uploads_mb * 1_000_000)
    try:
        prepare(environ, uploads)
        from demo.web.page import build  # gradio reads its folder from the environment at import

        page, service = build(settings, uploads)
        uploads.start(service.forget)
        service.warm_up()
        try:
            _launch(page, service, host, port, share="--share" in arguments)
        finally:
            service.close()
    finally:
        uploads.close()


def prepare(environ: MutableMapping[str, str], uploads: UploadStore) -> None:
    """Point every temporary file at the private folder and switch off what calls home."""
    environ.update(_SAFE)
    environ["GRADIO_TEMP_DIR"] = str(uploads.folder)
    tempfile.tempdir = str(uploads.folder)


def _launch(page: Any, service: "Service", host: str, port: int, share: bool) -> None:
    from demo.web.page import launch_options

    # One limit for every upload, in Gradio's units of 2^20; whoever opens the file as a picture or
    # as a video holds it to its own exact one, before reading it.
    settings = service.settings
    file_bytes = math.ceil(max(settings.max_file_mb, settings.max_video_mb)) << 20
    page.launch(
        server_name=host,
        server_port=port,
        share=share,
        max_file_size=file_bytes,
        **launch_options(file_bytes, service),
    )


def stop(*_: object) -> NoReturn:
    """A signal handler: end as an interrupt from the keyboard does, deleting the uploads."""
    raise KeyboardInterrupt


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text) < 65536:
        raise DemoError("bad_port", got=text)
    return int(text)


def _check_free(host: str, port: int) -> None:
    """Find out in a millisecond, before torch is imported, whether the port can be had."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, proto) as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError:
        raise DemoError("port_in_use", host=host, port=port) from None
