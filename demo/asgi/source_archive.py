"""The source of the running program, offered to everyone who uses it (AGPL-3.0, section 13)."""

import io
import zipfile
from functools import cache
from pathlib import Path

from anyio.to_thread import run_sync
from starlette.types import ASGIApp, Receive, Scope, Send

SOURCE_PATH = "/source.zip"
_ROOT = Path(__file__).resolve().parents[2]
_KINDS = ("*.py", "*.toml", "*.json", "*.css", "*.html", "*.js", "*.txt", "*.md", "LICENSE")
_PLACES = (".", "demo", "weights", "tests", "benchmarks")


@cache
def archive() -> bytes:
    """A ZIP of the program's text files as they stand now: what runs, changed or not."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in _files():
            packed.write(path, Path("vitrine") / path.relative_to(_ROOT))
    return held.getvalue()


def _files() -> list[Path]:
    found: set[Path] = set()
    for place in _PLACES:
        for kind in _KINDS:
            folder = _ROOT / place
            found.update(folder.glob(kind) if place == "." else folder.rglob(kind))
    found.add(_ROOT / ".ci" / "run")
    return sorted(p for p in found if p.is_file())


class Source:
    """An ASGI middleware that answers SOURCE_PATH with the archive."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["path"] != scope.get("root_path", "") + SOURCE_PATH:
            await self._app(scope, receive, send)
            return
        headers = [
            (b"content-type", b"application/zip"),
            (b"content-disposition", b'attachment; filename="vitrine.zip"'),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": await run_sync(archive)})
