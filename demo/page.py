"""The page: header, tabs, footer."""

from importlib.metadata import version
from typing import Any

import gradio as gr
import torchvision.transforms.v2  # noqa: F401 - see below
from gradio.events import api
from starlette.middleware import Middleware

from demo import __version__, discover, frame
from demo.desk import Desk
from demo.engine import Engine
from demo.guard import Guard
from demo.live.socket import Live
from demo.opening import Opening
from demo.settings import Settings
from demo.source import SOURCE_PATH, Source
from demo.tab import Context, Tab, translations
from demo.tabs.picture import refuse_all_but_uploads
from demo.tabs.style import css, head, theme
from demo.visits import Visits

# torchvision's modules import each other in a circle. Threads that import it at the same time, as
# the first visitors of two tabs would, see it half made; so it is whole before the first thread.


def build(settings: Settings, visits: Visits) -> tuple[gr.Blocks, Desk]:
    """The whole page, and the desk that answers behind it."""
    desk = Desk(settings, Engine(settings), visits)
    refuse_all_but_uploads()
    with gr.Blocks(title="Vitrine", analytics_enabled=False, fill_width=True) as page:
        context = Context(desk, translations(), page)
        gr.HTML(
            frame.header(desk.engine.device_text()),
            elem_id="header",
            padding=False,
        )
        with gr.Tabs(elem_id="tabs"):
            for tab in discover.collect("demo.tabs", "TAB"):
                _tab(context, tab)
        gr.HTML(_footer(context), elem_id="footer", padding=False)
        api(desk.engine.models, api_name="models")
    page.queue(max_size=settings.queue_size, default_concurrency_limit=8, api_open=False)
    visits.exempt_present()
    return page, desk


def launch_options(body_bytes: int, desk: Desk) -> dict[str, Any]:
    """What `launch` takes for a page that calls nobody and opens nothing that it does not need."""
    middleware = [
        Middleware(Live, engine=desk.engine, settings=desk.settings),
        Middleware(Source),
        Middleware(Guard, file_bytes=body_bytes),
        Middleware(Opening, script=head()),
    ]
    return {
        "i18n": translations(),
        "theme": theme(),
        "css": css(),
        "app_kwargs": {"middleware": middleware, "docs_url": None, "redoc_url": None},
        "footer_links": [],
        "run_history": False,
        "enable_monitoring": False,
        "show_error": False,
        "ssr_mode": False,
        "pwa": False,
        "mcp_server": False,
        "strict_cors": True,
        "quiet": False,
    }


def _tab(context: Context, tab: Tab) -> None:
    with gr.Tab(context.t(tab.title), id=tab.name, elem_id=f"tab-{tab.name}"):
        tab.build(context)


def _footer(context: Context) -> str:
    packages = ("gradio", "torch", "ultralytics", "opencv-python")
    versions = " · ".join(f"{name} {version(name)}" for name in packages)
    minutes = context.desk.settings.keep_minutes
    return frame.footer(minutes, SOURCE_PATH.lstrip("/"), f"Vitrine {__version__} · {versions}")
