"""A server whose packages have the toy files of some folders added."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.client import Client
from tests.conftest import ROOT, Server

TOYS = Path(__file__).parent
PACKAGES = {
    "tasks": "demo.tasks",
    "models": "demo.models",
    "views": "demo.web.views.answers",
    "tabs": "demo.web.tabs",
}


@contextmanager
def toy_page(folder: Path, *kinds: str) -> Iterator[Server]:
    """Serve the page with the toys of those kinds, copied into `folder`."""
    for kind in kinds:
        shutil.copytree(TOYS / kind, folder / kind)
    pairs = [f"{PACKAGES[kind]}={folder / kind}" for kind in kinds]
    program = str(TOYS / "serve.py")
    running = Server(program, PYTHONPATH=str(ROOT), VITRINE_TOYS=";".join(pairs)).wait()
    try:
        yield running
        _wait_for_warm_up(running.url)
    finally:
        printed = running.stop()
        assert "Traceback" not in printed, printed


def _wait_for_warm_up(url: str) -> None:
    """Return once the default detector is loaded: an engine that ends meanwhile complains."""
    end = time.monotonic() + 60
    with Client(url) as visitor:
        while not any(
            model["resident"] for model in visitor.call("models")[0] if model["task"] == "detect"
        ):
            assert time.monotonic() < end, "no model was loaded"
            time.sleep(0.2)


def event(url: str, output: str) -> int:
    """The id of the last event that changes the component with that element id."""
    config = httpx.get(f"{url}/config").json()
    [component] = [c["id"] for c in config["components"] if c["props"].get("elem_id") == output]
    ids: list[int] = [d["id"] for d in config["dependencies"] if component in d["outputs"]]
    return max(ids)


def page_text(url: str) -> str:
    """The configuration of the whole page as text: labels, choices and element ids."""
    return json.dumps(httpx.get(f"{url}/config").json())
