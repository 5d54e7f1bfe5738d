"""The section "Why?" over plain HTTP: work that nobody waits for any more ends."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from benchmarks.client import Client
from demo.service import examples
from tests.conftest import Server

MODEL = "photo-101"
STOPPED = "stopped after"


class Talking(Server):
    """A server that says what it does, read meanwhile."""

    def __init__(self, folder: Path) -> None:
        super().__init__(VITRINE_LOG="debug", VITRINE_CACHE=str(folder), VITRINE_DEVICE="cpu")
        self._printed: list[str] = []
        self._expected = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.wait()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self._printed.extend(self.process.stdout)

    def assert_one_more_stopped(self) -> None:
        """One check and no other was stopped since this was asked before."""
        self._expected += 1
        end = time.monotonic() + 10
        while self._stopped() < self._expected and time.monotonic() < end:
            time.sleep(0.05)
        self.assert_no_more_stopped()

    def assert_no_more_stopped(self) -> None:
        assert self._stopped() == self._expected, "".join(self._printed)

    def _stopped(self) -> int:
        return "".join(self._printed).count(STOPPED)

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self._reader.join(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talking]:
    running = Talking(tmp_path_factory.mktemp("cache"))
    yield running
    running.end()
    running.assert_no_more_stopped()


class Section:
    """One visitor's section under Classify."""

    def __init__(self, client: Client) -> None:
        self.session = uuid4().hex
        self._client = client
        self._ids = {one["props"].get("elem_id"): one["id"] for one in client.config["components"]}
        self._picture = client.upload(examples.paths()[0].read_bytes())
        accordion = self._ids["classify-why"]
        [expand] = [
            one["id"]
            for one in client.config["dependencies"]
            if [accordion, "expand"] in one["targets"]
        ]
        with httpx.Client(base_url=client.url, timeout=60) as http:
            self.join(http, expand, [])
            with self.stream(http) as events:
                assert next(one for one in events if one["msg"] == "process_completed")["success"]

    def join(self, http: httpx.Client, index: int, values: list[object]) -> str:
        body = {"data": values, "fn_index": index, "session_hash": self.session}
        answer = http.post("/gradio_api/queue/join", json=body).raise_for_status()
        return str(answer.json()["event_id"])

    def ask(self, http: httpx.Client, method: str) -> str:
        """Ask for a map and its check; returns the id of the event."""
        maps = self._ids["classify-why-maps"]
        [index] = [
            one["id"] for one in self._client.config["dependencies"] if maps in one["outputs"]
        ]
        return self.join(http, index, [None, self._picture, MODEL, method, None, None])

    @contextmanager
    def stream(self, http: httpx.Client) -> Iterator[Iterator[dict[str, Any]]]:
        where = {"session_hash": self.session}
        with http.stream("GET", "/gradio_api/queue/data", params=where) as stream:
            lines = (line for line in stream.iter_lines() if line.startswith("data: "))
            yield (json.loads(line.removeprefix("data: ")) for line in lines)


def checking(events: Iterator[dict[str, Any]]) -> dict[str, Any]:
    """The first message that says how far a check has got."""
    return next(one for one in events if "of about 60 passes" in json.dumps(one))


@pytest.mark.timeout(300)
def test_a_newer_request_ends_an_older_check(own: Talking) -> None:
    with Client(own.url) as client, httpx.Client(base_url=own.url, timeout=60) as http:
        section = Section(client)
        older = section.ask(http, "layer-cam")
        with section.stream(http) as events:
            assert checking(events)["event_id"] == older
            newer = section.ask(http, "grad-cam")
            ends = [one["event_id"] for one in events if one["msg"] == "process_completed"]
        assert ends == [older, newer]
    own.assert_one_more_stopped()


@pytest.mark.timeout(300)
def test_leaving_the_page_ends_a_check(own: Talking) -> None:
    with Client(own.url) as client:
        section = Section(client)
        with httpx.Client(base_url=own.url, timeout=60) as http:
            section.ask(http, "layer-cam")
            with section.stream(http) as events:
                checking(events)
        # Another visitor's whole answer and check go on.
        picture = client.upload(examples.paths()[1].read_bytes())
        _, facts = client.call("explain", picture, MODEL, "", "", "", True)
        assert 40 < facts["checks"]["passes"] <= 60
    own.assert_one_more_stopped()


@pytest.mark.timeout(300)
def test_a_program_that_leaves_ends_its_check(own: Talking) -> None:
    with Client(own.url) as client:
        picture = client.upload(examples.paths()[0].read_bytes())
        [index] = [
            one["id"] for one in client.config["dependencies"] if one["api_name"] == "explain"
        ]
        session = uuid4().hex
        with httpx.Client(base_url=own.url, timeout=60) as http:
            body = {
                "data": [picture, MODEL, "", "", "", True],
                "fn_index": index,
                "session_hash": session,
            }
            http.post("/gradio_api/queue/join", json=body).raise_for_status()
            where = {"session_hash": session}
            with http.stream("GET", "/gradio_api/queue/data", params=where) as stream:
                assert next(line for line in stream.iter_lines() if '"method"' in line)
        # A program that stays gets its map, then its check.
        _, facts = client.call("explain", picture, MODEL, "", "", "", True)
        assert 40 < facts["checks"]["passes"] <= 60
    own.assert_one_more_stopped()
