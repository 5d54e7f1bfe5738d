"""Memory of sessions: a visitor who has left costs next to nothing."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from uuid import uuid4

import gradio as gr
import httpx
import psutil
import pytest

from demo.web.blocks import PageBlocks
from demo.web.session_states import LightSessionState, SessionStates
from tests.conftest import Server
from tests.support.asgi_client import run

PAGES = 600


@pytest.fixture
def own_server(shared_data: Path) -> Iterator[Server]:
    running = Server(VITRINE_WEIGHTS=str(shared_data / "weights")).wait()
    yield running
    assert "Traceback" not in running.stop()


def ask(http: httpx.Client, function: int) -> None:
    """One visitor who asks for /models, reads the answer and never comes back."""
    where = {"session_hash": uuid4().hex}
    body = {"data": [], "fn_index": function, **where}
    http.post("/gradio_api/queue/join", json=body).raise_for_status()
    assert "process_completed" in http.get("/gradio_api/queue/data", params=where).text


def settled(process: psutil.Process) -> int:
    """Resident bytes once the first models are loaded, which happens in the background."""
    seen: list[int] = [process.memory_info().rss]
    while len(seen) < 6 or (max(seen[-6:]) - min(seen[-6:]) > 1e6 and len(seen) < 120):
        time.sleep(0.5)
        seen.append(process.memory_info().rss)
    return seen[-1]


def test_six_hundred_visitors_leave_no_memory_behind(own_server: Server) -> None:
    process = psutil.Process(own_server.process.pid)
    with httpx.Client(base_url=own_server.url, timeout=60) as http:
        dependencies = http.get("/config").json()["dependencies"]
        [models] = [d["id"] for d in dependencies if d["api_name"] == "models"]
        for _ in range(60):
            ask(http, models)
        before = settled(process)
        for _ in range(PAGES):
            ask(http, models)
        grown = process.memory_info().rss - before
    assert grown < 0.05e6 * PAGES, f"{grown / PAGES / 1e6:.3f} MB a session"


@pytest.fixture
def page() -> gr.Blocks:
    async def build() -> gr.Blocks:  # outside of a loop, gradio opens one that it never closes
        with gr.Blocks(analytics_enabled=False) as made:
            gr.Dropdown(["a"], value="a")
            gr.State(7)
        made.state_session_capacity = 3
        return cast(gr.Blocks, made)

    return run(build())


def test_a_session_keeps_its_changes_and_no_other(page: gr.Blocks) -> None:
    states = SessionStates(page)
    kinds = {type(block): key for key, block in page.default_config.blocks.items()}
    dropdown, state = kinds[gr.Dropdown], kinds[gr.State]
    states["one"][dropdown] = changed = gr.Dropdown(["a", "b"], render=False)
    states["one"][state] = 8
    assert states["one"][dropdown] is changed
    assert states["one"][state] == 8
    assert states["two"][dropdown] is page.default_config.blocks[dropdown]
    assert states["two"][state] == 7
    assert isinstance(states["one"], LightSessionState)
    assert list(states["one"].components) == []


def test_the_session_unused_for_longest_is_forgotten(page: gr.Blocks) -> None:
    states = SessionStates(page)
    for name in ("one", "two", "three", "one", "four"):
        assert states[name] is states[name]
    assert list(states.session_data) == ["three", "one", "four"]
    assert set(states.time_last_used) == {"three", "one", "four"}


def test_no_path_of_a_file_is_kept() -> None:
    """Gradio keeps those of all uploads and answers until it ends: 0.6 KB a request."""

    async def build() -> tuple[PageBlocks, gr.Image]:
        with PageBlocks(analytics_enabled=False) as made:
            picture = gr.Image()
        made.open_queue(4, 1)
        return made, picture

    made, picture = run(build())
    picture.temp_files.add("/answer.png")
    made.upload_file_set.update(["/upload.png"])
    assert not picture.temp_files
    assert not made.upload_file_set
    assert not any(made.temp_file_sets)
