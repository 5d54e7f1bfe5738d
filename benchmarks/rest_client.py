"""A visitor of the REST API: one connection that is kept, raw bodies, never the same file twice."""

import http.client
import json
import time
from types import TracebackType
from typing import NotRequired, Self, TypedDict
from urllib.parse import urlsplit

from benchmarks.client import make_unique

REFERENCE = "torch-cpu"
"""The back end that answers while a faster one is being prepared."""


class Box(TypedDict):
    """One box of an answer: xyxy in pixels of the picture."""

    class_id: int
    score: float
    xyxy: list[float]


class Answer(TypedDict):
    """What the measurements read of an answer; a detector's has boxes.

    backend: not in every version's; without it, it is the reference.
    """

    backend: NotRequired[str]
    boxes: NotRequired[list[Box]]


class RestClient:
    """One visitor who asks one model."""

    def __init__(self, url: str, model: str, task: str = "detect") -> None:
        address = urlsplit(url)
        assert address.hostname is not None
        self._http = http.client.HTTPConnection(address.hostname, address.port, timeout=120)
        self._is_used = False
        self._path = f"/api/v1/{task}?model={model}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def ask(self, jpeg: bytes) -> Answer:
        """The answer to the picture in a file of its own. Raises RuntimeError for a refusal."""
        file = make_unique(jpeg)
        try:
            status, body = self._exchange(file)
        except ConnectionError:
            # A server ends a connection that nothing came over for some seconds.
            if not self._is_used:
                raise
            self.close()
            status, body = self._exchange(file)
        self._is_used = True
        if status != 200:
            raise RuntimeError(f"{status}: {body[:300]!r}")
        found: Answer = json.loads(body)
        return found

    def _exchange(self, file: bytes) -> tuple[int, bytes]:
        self._http.request("POST", self._path, file, {"content-type": "image/jpeg"})
        answer = self._http.getresponse()
        return answer.status, answer.read()

    def settle(self, jpeg: bytes, seconds: float = 60) -> str:
        """Ask until another back end answers than the reference, and name it.

        A faster one may be prepared in the background; after some seconds there is none.
        """
        end = time.monotonic() + seconds
        while True:
            backend = self.ask(jpeg).get("backend", REFERENCE)
            if backend != REFERENCE or time.monotonic() > end:
                return backend
            time.sleep(0.5)
