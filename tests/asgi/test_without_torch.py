"""What a server does without torch: its page, and answers of networks that are kept converted."""

import itertools
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from demo.asgi.rest_paths import API_PATH
from demo.service import examples
from tests.conftest import Server

BUS = next(path for path in examples.paths() if path.name == "bus.jpg").read_bytes()
ASKED = {"classify": "efficientnet_lite0", "detect": "yolo-vitrine"}
WAIT_S = 240
_NUMBERS = itertools.count()


def has_torch(server: Server) -> bool:
    return "libtorch_cpu" in Path(f"/proc/{server.process.pid}/maps").read_text()


def ask(server: Server, task: str) -> Mapping[str, object]:
    address = f"{server.url}{API_PATH}/{task}?model={ASKED[task]}"
    # An answer to the same bytes would be kept.
    answer = httpx.post(address, content=BUS + str(next(_NUMBERS)).encode(), timeout=120)
    assert answer.status_code == 200, answer.text
    found: Mapping[str, object] = answer.json()
    return found


@contextmanager
def started(cache: Path) -> Iterator[Server]:
    running = Server(VITRINE_PRECISION="exact", VITRINE_CACHE=str(cache), VITRINE_DEVICE="cpu")
    try:
        yield running.wait()
    finally:
        running.end()


@pytest.mark.timeout(900)
def test_a_second_start_answers_without_torch(tmp_path: Path) -> None:
    first = {}
    with started(tmp_path) as cold:
        end = time.monotonic() + WAIT_S
        for task in ASKED:
            while (found := ask(cold, task))["backend"] != "openvino-f32":
                assert time.monotonic() < end
                time.sleep(0.5)
            first[task] = found
        assert has_torch(cold)

    with started(tmp_path) as warm:
        assert not has_torch(warm)
        answers = {task: ask(warm, task) for task in ASKED}
        assert not has_torch(warm)
        for task, answer in answers.items():
            assert answer["backend"] == "openvino-f32"
            for key in ("labels", "boxes", "known", "weights_sha256"):
                assert answer.get(key) == first[task].get(key)

        # What needs torch brings it.
        address = f"{warm.url}{API_PATH}/explain?model={ASKED['detect']}"
        assert httpx.post(address, content=BUS, timeout=120).status_code == 200
        assert has_torch(warm)
        assert ask(warm, "detect")["boxes"] == answers["detect"]["boxes"]
