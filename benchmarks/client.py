"""HTTP client of a Gradio page: upload, join the queue, read the answer, fetch the picture."""

import itertools
import json
import re
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx

_serial = itertools.count()


class Client:
    """One visitor: a session and a keep-alive connection, as a browser has."""

    def __init__(self, url: str, language: str = "en") -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=120, headers={"accept-language": language})
        self.session = uuid4().hex
        config = self.http.get("/config").json()
        self._functions = {d["api_name"]: d["id"] for d in config["dependencies"]}
        self.config: dict[str, Any] = config

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.http.close()

    def upload(self, data: bytes, name: str = "photo.jpg") -> dict[str, Any]:
        """Upload a file; returns the value of a picture input that refers to it."""
        answer = self.http.post("/gradio_api/upload", files={"files": (name, data)})
        answer.raise_for_status()
        return {
            "path": answer.json()[0],
            "orig_name": name,
            "meta": {"_type": "gradio.FileData"},
        }

    def call(self, function: str | int, *values: object) -> list[Any]:
        """The outputs of an endpoint (by name or id). Raises RuntimeError with its message."""
        index = self._functions[function] if isinstance(function, str) else function
        body = {
            "data": list(values),
            "fn_index": index,
            "session_hash": self.session,
            "event_data": None,
            "trigger_id": None,
        }
        joined = self.http.post("/gradio_api/queue/join", json=body)
        joined.raise_for_status()
        event = joined.json()["event_id"]
        data: list[Any] = []
        params = {"session_hash": self.session}
        with self.http.stream("GET", "/gradio_api/queue/data", params=params) as stream:
            for line in stream.iter_lines():
                if not line.startswith("data:"):
                    continue
                message = json.loads(line[5:])
                if message.get("event_id") != event:
                    continue
                if message["msg"] == "process_generating":
                    data = _patched(data, message["output"].get("data", []))
                if message["msg"] == "process_completed":
                    if not message["success"]:
                        raise RuntimeError(message["output"].get("error"))
                    final: list[Any] = message["output"].get("data") or data
                    return final
        raise RuntimeError("the stream ended without an answer")

    def fetch(self, picture: dict[str, Any]) -> bytes:
        """The bytes of a file in an answer."""
        answer = self.http.get(f"/gradio_api/file={picture['path']}")
        answer.raise_for_status()
        return answer.content


def _patched(before: list[Any], change: list[Any]) -> list[Any]:
    """Apply the difference that Gradio sends for later steps of a generator, of whole values."""
    if not before:
        return change
    after = list(before)
    for i, edits in enumerate(change):
        if isinstance(edits, list):
            for action, path, value in edits:
                if action in ("replace", "add") and not path:
                    after[i] = value
                elif action == "append" and not path:
                    after[i] += value
    return after


def make_unique(jpeg: bytes) -> bytes:
    """The same picture in a unique file, by a JPEG comment (ITU-T T.81, B.2.4.5).

    Otherwise a server may answer from its cache.
    """
    comment = f"{next(_serial)}-{uuid4().hex}".encode()
    segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
    return jpeg[:2] + segment + jpeg[2:]


def median(values: list[float]) -> float:
    """The median; of an even number of values the lower of the two in the middle."""
    return sorted(values)[(len(values) - 1) // 2]


def number_in(text: str) -> float:
    """The first number of a text."""
    found = re.search(r"\d+(\.\d+)?", text)
    assert found is not None, text
    return float(found.group())
