"""A visitor without a browser: uploads, calls of any event with any values, and their answers."""

import contextlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

import httpx

from benchmarks.sentences import faults_of
from tests.hostile.target import SECRET, Target

_FILE_KINDS = {"image", "file", "gallery", "imageslider", "video", "audio"}


@dataclass(frozen=True)
class Outcome:
    """How one call ended.

    Attributes:
        status: of the HTTP answer; 200 for a call that was accepted.
        error: the sentence of a refusal or of an error; "" where none was given.
        data: the outputs of a call that succeeded, else None.
        seconds: until the answer was complete.
    """

    status: int
    error: str
    data: list[Any] | None
    seconds: float

    def faults(self) -> list[str]:
        """What a person must not be told, or not be left with."""
        if self.data is not None:
            return ["an answer with a secret"] if SECRET in json.dumps(self.data) else []
        return sentence_faults(self.error)


def sentence_faults(text: str) -> list[str]:
    """What is wrong with the sentence of a refusal."""
    return ["a secret"] if SECRET in text else faults_of(text)


class Visitor:
    """One session, from an address of this machine."""

    def __init__(self, target: Target, address: str = "127.0.0.1", language: str = "en") -> None:
        self.target = target
        self.session = uuid4().hex
        self.http = httpx.Client(
            base_url=target.url,
            timeout=60,
            transport=httpx.HTTPTransport(verify=False, local_address=address),
            headers={"accept-language": language},
        )
        self.config: dict[str, Any] = self.http.get("/config").json()
        self._components = {part["id"]: part for part in self.config["components"]}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def upload(self, data: bytes, name: str = "photo.jpg") -> dict[str, Any]:
        """Upload a file; returns the value of an input that refers to it."""
        answer = self.http.post("/gradio_api/upload", files={"files": (name, data)})
        answer.raise_for_status()
        path = answer.json()[0]
        return {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}

    def function(self, name: str) -> int:
        """The number of an event by its name."""
        named = (d["id"] for d in self.config["dependencies"] if d["api_name"] == name)
        return int(next(named))

    def file_events(self) -> list[tuple[int, int, list[Any]]]:
        """Every event with an input for a file: its number, the input's place, other values."""
        events = []
        for dependency in self.config["dependencies"]:
            inputs = [self._components[number] for number in dependency["inputs"]]
            values = [part["props"].get("value") for part in inputs]
            for place, part in enumerate(inputs):
                if part["type"] in _FILE_KINDS and dependency["backend_fn"]:
                    events.append((dependency["id"], place, values))
        return events

    def call(self, function: str | int, *values: object) -> Outcome:
        """Call one event."""
        return self.call_all([(function, values)])[0]

    def call_all(
        self, calls: Sequence[tuple[str | int, Sequence[object]]], within_s: float = 60
    ) -> list[Outcome]:
        """Call events together; their outcomes in the order of `calls`."""
        outcomes: list[Outcome | None] = []
        pending: dict[str, tuple[int, float]] = {}
        for function, values in calls:
            start = time.perf_counter()
            try:
                joined = self.join(function, values)
            except httpx.TimeoutException:
                outcomes.append(None)
                continue
            if joined.status_code == 200:
                pending[joined.json()["event_id"]] = (len(outcomes), start)
                outcomes.append(None)
            else:
                seconds = time.perf_counter() - start
                outcomes.append(Outcome(joined.status_code, refusal(joined), None, seconds))
        # What has no answer in time is a blank outcome.
        with contextlib.suppress(TimeoutError, httpx.TransportError):
            for message in self.messages(within_s) if pending else ():
                if message["msg"] == "process_completed" and message.get("event_id") in pending:
                    place, start = pending.pop(message["event_id"])
                    outcomes[place] = _outcome(message, time.perf_counter() - start)
                    if not pending:
                        break
        lost = Outcome(200, "", None, within_s)
        return [outcome or lost for outcome in outcomes]

    def join(self, function: str | int, values: Sequence[object], **more: object) -> httpx.Response:
        """Ask for an event without listening for its answer."""
        number = self.function(function) if isinstance(function, str) else function
        body = {"data": list(values), "fn_index": number, "session_hash": self.session, **more}
        return self.http.post(
            "/gradio_api/queue/join",
            # NaN and half surrogates as they are: no client library would send them.
            content=json.dumps(body),
            headers={"content-type": "application/json"},
        )

    def request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, str]:
        """Status and sentence of any request; 0 where the connection ends without an answer."""
        # Of its own: a server closes a connection after some errors.
        kind = {"connection": "close"}
        if body is not None:
            kind["content-type"] = "application/json"
        try:
            answer = self.http.request(method, path, content=body, headers=kind)
        except httpx.TransportError as error:
            return 0, str(error)
        return answer.status_code, refusal(answer)

    def messages(self, within_s: float = 60) -> Iterator[dict[str, Any]]:
        """The messages of this session. Raises TimeoutError where the stream does not end."""
        end = time.monotonic() + within_s
        params = {"session_hash": self.session}
        with self.http.stream("GET", "/gradio_api/queue/data", params=params) as stream:
            for line in stream.iter_lines():
                if time.monotonic() > end:
                    raise TimeoutError(f"expected the end of the stream within {within_s} s")
                if line.startswith("data:"):
                    yield json.loads(line[5:])


def refusal(answer: httpx.Response) -> str:
    """The sentence of an HTTP answer that refuses."""
    try:
        body = answer.json()
    except ValueError:
        return answer.text
    if not isinstance(body, dict):
        return str(body)
    said = body.get("detail") or body.get("error")
    # A list of what a library expected is no sentence.
    return said if isinstance(said, str) else ""


def _outcome(message: dict[str, Any], seconds: float) -> Outcome:
    output = message["output"]
    if message["success"]:
        return Outcome(200, "", output.get("data") or [], seconds)
    return Outcome(200, str(output.get("error") or ""), None, seconds)
