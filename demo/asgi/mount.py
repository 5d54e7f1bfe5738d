"""Gradio's part of the application: the page, mounted behind the application's own routes."""

import gradio as gr
from fastapi import FastAPI
from gradio.brotli_middleware import BrotliMiddleware
from gradio.routes import App
from starlette.middleware import Middleware
from starlette.routing import Mount

from demo.asgi.fault_handlers import explain_faults
from demo.asgi.page_config import compact
from demo.asgi.used_routes import UsedRoutes
from demo.web.blocks import PageBlocks
from demo.web.session_states import SessionStates
from demo.web.style import css, theme


def mount_page(app: FastAPI, page: PageBlocks, file_bytes: int, root_path: str) -> None:
    """Mount `page` behind the routes of `app`, without telemetry, monitoring or documents.

    What `Blocks.launch` does beyond `mount_gradio_app` is done here, so that the page answers the
    same bytes as when gradio launches it.

    Args:
        app: application with its own routes and middleware.
        page: complete page with its queue.
        file_bytes: largest upload.
        root_path: prefix of the public address, or the whole address.
    """
    page.is_described = False
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        root_path=root_path,
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
        max_file_size=file_bytes,
        i18n=page.texts,
        theme=theme(),
        css=css(),
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
    )
    page.js = page.head = None  # as launch leaves them; the mount makes them empty strings
    page.is_described = True
    page.config = compact(page.get_config_file())
    # Gradio checks the paths in requests only after a launch: without this it reads any file.
    page.has_launched = True
    served = _served(app)
    # The lifespan of `app` starts the queue; a visitor of /startup-events must not start another.
    served.startup_events_triggered = True
    page.app = page.server_app = served
    page._queue.set_server_app(served)
    served.state_holder = SessionStates(page)
    explain_faults(served, page)
    _move_middleware(served, app)


def _served(app: FastAPI) -> App:
    """The ASGI application that `mount_gradio_app` made of the page."""
    (mounted,) = (route.app for route in app.routes if isinstance(route, Mount))
    assert isinstance(mounted, App)
    return mounted


def _move_middleware(served: App, app: FastAPI) -> None:
    """Compression goes around every route; gradio's CORS, which lets any site in, goes nowhere."""
    compression: object = BrotliMiddleware
    app.user_middleware[:0] = [one for one in served.user_middleware if one.cls is compression]
    served.user_middleware = [Middleware(UsedRoutes)]
