"""The page: header, tabs, footer."""

from importlib.metadata import version

import gradio as gr

from demo import __version__, discover
from demo.backends.openvino_cpu import precision_here
from demo.inference.local_engine import LocalEngine
from demo.service.service import Service
from demo.service.uploads import UploadStore
from demo.settings import Settings
from demo.web.addressed import open_at_address, show_in_address
from demo.web.blocks import PageBlocks
from demo.web.components.model_picker import refresh_pickers
from demo.web.components.shared_picture import take_shared_picture
from demo.web.components.upload_parser import use_upload_parser
from demo.web.components.uploads import refuse_all_but_uploads
from demo.web.endpoints import publish_models, publish_tasks
from demo.web.explain_endpoint import publish_explain
from demo.web.tab import Context, Tab
from demo.web.views import page_frame

SOURCE_URL = "source.zip"
"""Link to the source archive, relative to the page."""

_CONCURRENCY = 8
"""Answers of one handler at once."""


def build(settings: Settings, uploads: UploadStore) -> tuple[PageBlocks, Service]:
    """Build the whole page; return it with the service that answers its requests."""
    service = Service(settings, LocalEngine(settings, converts=True), uploads)
    refuse_all_but_uploads()
    use_upload_parser()
    with PageBlocks(title="Vitrine", analytics_enabled=False, fill_width=True) as page:
        page.is_described = False
        context = Context(service, page)
        gr.HTML(
            page_frame.header(service.engine.device_text()),
            elem_id="header",
            padding=False,
        )
        publish_tasks(context)
        first = service.engine.first()
        with gr.Tabs(selected=None if first is None else first.task, elem_id="tabs"):
            for tab in tabs():
                _tab(context, tab)
        gr.HTML(_footer(context), elem_id="footer", padding=False)
        publish_explain(context)
        publish_models(context)
        refresh_pickers(context)
        open_at_address(context)
    page.texts = context.labels.close()
    page.is_described = True
    page.open_queue(settings.queue_size, _CONCURRENCY)
    uploads.exempt_present()
    return page, service


def tabs() -> list[Tab]:
    """The tabs, from the left to the right."""
    return discover.collect("demo.web.tabs", "TAB")


def _tab(context: Context, tab: Tab) -> None:
    with gr.Tab(context.t(tab.title), id=tab.name, elem_id=f"tab-{tab.name}") as opened:
        show_in_address(tab.name, opened)
        tab.build(context)
        take_shared_picture(context, tab.name, opened)


def _footer(context: Context) -> str:
    packages = ("gradio", "torch", "openvino", "ultralytics", "opencv-python")
    versions = " · ".join(f"{name} {version(name)}" for name in packages)
    settings = context.service.settings
    fast = settings.precision == "fast" and precision_here(settings.precision) == "bf16"
    text = f"Vitrine {__version__} · {versions}"
    return page_frame.footer(settings.keep_minutes, SOURCE_URL, text, fast=fast)
