"""The application for any ASGI server: the page, the live camera and the source archive."""

import logging
import math
import os
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

from anyio.to_thread import run_sync
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route, WebSocketRoute

from demo.asgi import environment
from demo.asgi.api_keys import ApiKeys
from demo.asgi.body_limit import BodyLimit
from demo.asgi.body_rate import BodyRate
from demo.asgi.content_policy import ContentPolicy
from demo.asgi.error_sentences import ErrorSentences
from demo.asgi.head_script import HeadScript
from demo.asgi.host_check import HostCheck
from demo.asgi.hosts import Hosts
from demo.asgi.origin_check import OriginCheck
from demo.asgi.page_scripts import PATH, PageScripts
from demo.asgi.rate_limit import RateLimit
from demo.asgi.security_headers import SecurityHeaders
from demo.asgi.source_archive import source_archive
from demo.asgi.tab_addresses import TabAddresses
from demo.asgi.upload_check import UploadCheck
from demo.asgi.upload_preview import UploadPreview
from demo.service.upload_budget import UploadBudget
from demo.service.uploads import UploadStore
from demo.settings import Settings

_log = logging.getLogger(__name__)


def create_app(settings: Settings, root_path: str = "", hosts: Hosts | None = None) -> FastAPI:
    """Build the application; its lifespan starts the service and deletes the uploads at its end.

    Until then the temporary files of the process lie in the private folder of uploads (see
    `environment`).

    Args:
        settings: checked settings of the owner.
        root_path: prefix under which a reverse proxy serves the application ("/vitrine"), or its
            whole public address. Requests arrive with or without the prefix in their path.
        hosts: names of the server; by default those of one that listens on a loopback address.

    Raises:
        DemoError: the settings do not fit this machine (a missing weights folder, no such device).
    """
    with ExitStack() as closing:
        uploads = UploadStore(settings.keep_minutes * 60, settings.uploads_mb * 1_000_000)
        closing.callback(uploads.close)
        private = environment.private(os.environ, uploads.folder, uploads.settings_folder)
        closing.enter_context(private)
        hosts = hosts or Hosts("127.0.0.1", settings.hosts)
        app = _assemble(settings, uploads, root_path, hosts)
        closing.callback(app.state.service.close)
        app.state.uploads = uploads
        app.state.closing = closing.pop_all()
    return app


def _assemble(settings: Settings, uploads: UploadStore, root_path: str, hosts: Hosts) -> FastAPI:
    # Gradio and torch read the environment when they are imported, so not before it is prepared.
    from demo.asgi.api.routes import add_rest
    from demo.asgi.mount import mount_page
    from demo.camera.websocket import LIVE_PATH, CameraEndpoint
    from demo.web.page import SOURCE_URL, build, tabs
    from demo.web.style import head
    from demo.web.style import scripts as page_scripts

    page, service = build(settings, uploads)
    budget = UploadBudget(uploads, settings.uploads_mb * 1_000_000)
    camera = CameraEndpoint(service.engine, settings)
    scripts = PageScripts(page_scripts())
    app = FastAPI(
        title="Vitrine",
        routes=[
            Route(f"/{SOURCE_URL}", source_archive),
            Route(PATH, scripts.answer),
            # Starlette takes any object that is not a function for an ASGI application.
            WebSocketRoute(LIVE_PATH, camera.__call__),
        ],
        middleware=[
            *_guards(settings, budget, hosts),
            Middleware(HeadScript, script=head() + scripts.tag),
            Middleware(UploadPreview, service=service, uploads=uploads),
            Middleware(TabAddresses, tabs=[tab.name for tab in tabs()]),
        ],
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    # An attribute, as gradio sets it: FastAPI's parameter of that name is deprecated in favour of
    # the server's setting, which does not suit proxies that strip the prefix.
    app.root_path = root_path
    app.state.page, app.state.service = page, service
    add_rest(app, service, budget)
    mount_page(app, page, _file_bytes(settings), root_path)
    return app


def _guards(settings: Settings, budget: UploadBudget, hosts: Hosts) -> list[Middleware]:
    """What checks requests and answers, in the order in which a request passes it."""
    cors = Middleware(
        CORSMiddleware,
        allow_origins=settings.origins,
        allow_methods=["*"],
        allow_headers=["*"],
        allow_credentials=True,
    )
    picture_bytes = math.ceil(settings.max_file_mb * 1e6)
    return [
        # Around whatever changes the page; it leaves pictures, films and event streams alone.
        # Level 9 costs 4 ms a page more than 6, and is 3 % smaller.
        Middleware(GZipMiddleware, compresslevel=9),
        Middleware(ErrorSentences),
        Middleware(SecurityHeaders),
        *([cors] if settings.origins else []),
        Middleware(HostCheck, hosts=hosts),
        Middleware(OriginCheck, hosts=hosts, origins=settings.origins),
        Middleware(RateLimit, per_minute=settings.rate),
        *([Middleware(ApiKeys, keys=settings.api_keys)] if settings.api_keys else []),
        Middleware(BodyRate),
        Middleware(BodyLimit, file_bytes=_file_bytes(settings), picture_bytes=picture_bytes),
        Middleware(UploadCheck, budget=budget),
        Middleware(ContentPolicy, origins=settings.origins),
    ]


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.uploads.start(app.state.service.forget)
    app.state.service.warm_up()
    _log.info("started")
    try:
        yield
    finally:
        await run_sync(app.state.closing.close)
        _log.info("stopped, uploads deleted")


def _file_bytes(settings: Settings) -> int:
    """Limit of every upload, in Gradio's units of 2^20 bytes.

    The decoder of a picture or a video applies its own exact limit before it reads the file.
    """
    return math.ceil(max(settings.max_file_mb, settings.max_video_mb)) << 20
