"""Middleware that answers a page's `<img>` of a large upload with a preview of it."""

from collections.abc import Mapping
from urllib.parse import unquote

from anyio.to_thread import run_sync
from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.errors import DemoError
from demo.images.file_types import SHOWN_BY_BROWSERS, recognise
from demo.images.preview import encode_preview, needs_preview
from demo.service.service import Service
from demo.service.uploads import UploadStore

_FILES = "/gradio_api/file="
_SMALL_BYTES = 300_000
"""Files up to this size travel as they are."""
_SIGNATURE_BYTES = 512
"""Of a file that tell its format."""


class UploadPreview:
    """ASGI middleware: browsers that show a picture of the private folder get it at that size.

    A photo of 24 megapixels takes 5 MB, of which the page shows one pixel in twenty. Browsers say
    by `Sec-Fetch-Dest` (W3C, Fetch Metadata Request Headers) what a request is for: links that save
    a file, and programs, get the file itself. What most browsers cannot decode, such as TIFF, is
    shown so at any size.
    """

    def __init__(self, app: ASGIApp, service: Service, uploads: UploadStore) -> None:
        """Wrap `app`; uploads: the private folder, whose pictures `service` opens."""
        self._app = app
        self._service = service
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        path = _shown_file(scope)
        preview = None if path is None else await run_sync(self._preview, path)
        if preview is None:
            await self._app(scope, receive, send)
            return
        headers = {"vary": "sec-fetch-dest", "cache-control": "private, max-age=600"}
        await Response(preview, media_type="image/jpeg", headers=headers)(scope, receive, send)

    def _preview(self, path: str) -> bytes | None:
        """The preview; None for a file that is small, is no picture or may not be read."""
        try:
            file = self._uploads.touch(path)
            # Its name may say another format than its bytes do.
            with file.open("rb") as opened:
                is_shown = recognise(opened.read(_SIGNATURE_BYTES)) in SHOWN_BY_BROWSERS
            if is_shown and file.stat().st_size <= _SMALL_BYTES:
                return None
            picture, _ = self._service.open(str(file))
        except (DemoError, OSError):  # the route of the file says what is wrong with it
            return None
        is_as_it_is = is_shown and not needs_preview(picture.rgb)
        return None if is_as_it_is else encode_preview(picture.rgb)


def _shown_file(scope: Scope) -> str | None:
    """The path of the file that a browser asks for to show it as a picture."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    path = get_route_path(scope)
    headers: Mapping[str, str] = Headers(scope=scope)
    if not path.startswith(_FILES) or headers.get("sec-fetch-dest") != "image":
        return None
    return unquote(path.removeprefix(_FILES))
