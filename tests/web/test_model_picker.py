"""The model pickers follow what is on the disk, at each load of the page."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.conftest import Server

PICKERS = (
    *("classify-model", "detect-model", "segment-model", "pose-model", "obb-model"),
    "video-model",
    *("compare-classify-models", "compare-detect-models"),
)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """The owner's folder of weights, empty."""
    return tmp_path


@pytest.fixture
def own(weights: Path) -> Iterator[Server]:
    running = Server(VITRINE_WEIGHTS=str(weights), VITRINE_CACHE=str(weights / "cache")).wait()
    yield running
    assert "Traceback" not in running.stop()


def load(url: str) -> list[Any]:
    """What a load of the page sets the pickers to, by position as in PICKERS."""
    config = httpx.get(f"{url}/config").json()
    ids = [
        next(c["id"] for c in config["components"] if c["props"].get("elem_id") == name)
        for name in PICKERS
    ]
    [event] = [d for d in config["dependencies"] if d["outputs"][: len(ids)] == ids]
    assert [kind for _, kind in event["targets"]] == ["load"]
    session = uuid4().hex
    body = {"data": [], "fn_index": event["id"], "session_hash": session}
    httpx.post(f"{url}/gradio_api/queue/join", json=body).raise_for_status()
    stream = httpx.get(f"{url}/gradio_api/queue/data", params={"session_hash": session}).text
    events = [json.loads(line[5:]) for line in stream.splitlines() if line.startswith("data:")]
    [done] = [event for event in events if event["msg"] == "process_completed"]
    assert done["success"], done
    updates: list[Any] = done["output"]["data"]
    return updates[: len(ids)]  # the others are what the server remembers of the page


def test_a_file_that_arrives_is_in_the_pickers_and_the_value_stays(
    own: Server, weights: Path, shared_data: Path
) -> None:
    for update in load(own.url):
        assert "value" not in update
    _, detect, *_ = load(own.url)
    assert [name for _, name in detect["choices"]] == ["yolo-vitrine"]
    [text] = [label for label, _ in detect["choices"]]
    assert text == "yolo-vitrine · animals mAP50 44.3 · 7.5 MB"
    shutil.copy(shared_data / "weights" / "yolo11n.pt", weights)
    classify, detect, segment, pose, obb, video, *_ = load(own.url)
    assert sorted(name for _, name in detect["choices"]) == ["yolo-vitrine", "yolo11n"]
    assert "yolo11n" in [name for _, name in video["choices"]][:9]
    assert "yolo11n" not in [name for _, name in classify["choices"]]
    assert segment["choices"] == pose["choices"] == obb["choices"] == []
