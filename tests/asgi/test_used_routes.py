"""The routes of gradio: each is used by the page or a client, or it is closed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Mount

from demo.asgi.app import create_app
from demo.asgi.used_routes import UsedRoutes, is_used
from demo.settings import Settings
from tests.conftest import Server
from tests.support.asgi_client import exchange, run, status_of

OPEN = {
    "/",
    "/config",
    "/theme.css",
    "/favicon.ico",
    "/robots.txt",
    "/manifest.json",
    "/assets/{path:path}",
    "/static/{path:path}",
    "/gradio_api/theme.css",
    "/gradio_api/info",
    "/gradio_api/upload",
    "/gradio_api/upload_progress",
    "/gradio_api/queue/join",
    "/gradio_api/queue/data",
    "/gradio_api/queue/status",
    "/gradio_api/run/{api_name}",
    "/gradio_api/call/{api_name}",
    "/gradio_api/call/v2/{api_name}",
    "/gradio_api/call/{api_name}/{event_id}",
    "/gradio_api/call/v2/{api_name}/{event_id}",
    "/gradio_api/cancel",
    "/gradio_api/reset",
    "/gradio_api/heartbeat/{session_hash}",
    "/gradio_api/app_id",
    "/gradio_api/file={path_or_url:path}",
}
CLOSED = [
    "/gradio_api/proxy=https://example.org",
    "/gradio_api/file=https://example.org/a.png",
    "/gradio_api/file=HTTP://example.org/a.png",
    "/gradio_api/file=ftp://example.org/a.png",
    "/gradio_api/file/https://example.org/a.png",
    "/gradio_api/stream/a/b/1/playlist.m3u8",
    "/monitoring",
    "/monitoring/",
    "/monitoring/summary",
    "/gradio_api/vibe-edit/",
    "/gradio_api/process_recording",
    "/gradio_api/component_server",
    "/gradio_api/deep_link",
    "/gradio_api/startup-events",
    "/gradio_api/login_check",
    "/gradio_api/run-history/connect",
    "/login",
    "/svelte/a.js",
    "/assets",
    "/config/x",
    "//config",
    "/CONFIG",
    "/gradio_api/upload\n",
]
NAMES = [
    "monitoring.jpg",
    "vibe-check.png",
    "deep_link.mp4",
    "proxy=a.png",
    "dev/reload/upload.jpg",
]


def paths_of(routes: list[Any]) -> Iterator[str]:
    for route in routes:
        # A router that was included is one route with routes of its own.
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield route.path
        else:
            yield from paths_of(inner.routes)


def test_every_route_of_gradio_is_open_on_purpose_or_closed(tmp_path: Path) -> None:
    async def built() -> list[str]:
        app = create_app(Settings(cache_dir=tmp_path, offline=True, device="cpu"))
        app.state.closing.close()
        (mounted,) = (route for route in app.routes if isinstance(route, Mount))
        return sorted({path.rstrip("/") or "/" for path in paths_of(mounted.routes)})

    paths = run(built())
    assert len(paths) > 50
    assert {path for path in paths if is_used(path)} == OPEN


@pytest.mark.parametrize("path", CLOSED)
def test_a_closed_route_is_not_found(path: str) -> None:
    app = UsedRoutes(PlainTextResponse("ok"))
    assert status_of(exchange(app, path)) == 404


@pytest.mark.parametrize("name", NAMES)
def test_no_name_of_a_file_is_taken_for_a_route(name: str) -> None:
    app = UsedRoutes(PlainTextResponse("ok"))
    assert status_of(exchange(app, f"/gradio_api/file=/tmp/vitrine-1-x/0a/{name}")) == 200


@pytest.mark.parametrize("name", NAMES[:4])
def test_a_file_of_any_name_is_uploaded_and_shown(server: Server, name: str) -> None:
    files = {"files": (name, b"picture")}
    (path,) = httpx.post(f"{server.url}/gradio_api/upload", files=files).json()
    assert Path(path).name == name
    assert httpx.get(f"{server.url}/gradio_api/file={path}").content == b"picture"
