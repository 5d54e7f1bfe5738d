"""Messages on the camera's WebSocket.

From the page, as text: `{"type": "options", …}` (see `CameraSession.configure`), whose `source`
names a network camera, and `{"type": "shown"}` for each answer and error of a network camera that
was displayed. From the page, as bytes: 4 bytes of the frame's number, big-endian, and a JPEG; none
where the source is a network camera.

To the page, as text: the types `place` (in the queue), `start`, `error` (of one frame) and `end`.
To the page, as bytes: an answer of 4 bytes of a length, big-endian, so many bytes of JSON, a JPEG.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from demo.camera.session import LIMITS
from demo.errors import DemoError

_MAX_TEXT = 20_000
"""Characters of a text message."""


class StreamEnded(DemoError):
    """The reason why a stream ends, as a sentence for the visitor."""


@dataclass(frozen=True, slots=True)
class OptionsMessage:
    """Options from the next frame on, unchecked; source: a network camera's name, or None."""

    values: Mapping[str, object]
    source: object


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """The page has displayed one answer or error."""


@dataclass(frozen=True, slots=True)
class FrameMessage:
    """A frame of the browser's camera; data: an image file."""

    number: int
    data: bytes


def parse(text: str | None, data: bytes | None) -> OptionsMessage | ShownMessage | FrameMessage:
    """A message of the page, of which `text` or `data` is given. Raises StreamEnded for others."""
    if data is None:
        return _parse_text(text or "")
    if not 4 < len(data) <= LIMITS.max_file_mb * 1e6:
        raise StreamEnded("live_frame_size", limit=f"{LIMITS.max_file_mb:g}")
    return FrameMessage(int.from_bytes(data[:4], "big"), data[4:])


def notice(kind: str, **fields: object) -> str:
    """A text message to the page; kind: its type."""
    return json.dumps({"type": kind, **fields}, ensure_ascii=False)


def answer(facts: Mapping[str, object], jpeg: bytes) -> bytes:
    """An answer to the page."""
    head = json.dumps(facts, ensure_ascii=False, allow_nan=False).encode()
    return len(head).to_bytes(4, "big") + head + jpeg


def _parse_text(text: str) -> OptionsMessage | ShownMessage:
    values: object = None
    if len(text) <= _MAX_TEXT:
        with suppress(ValueError, RecursionError):
            values = json.loads(text)
    if isinstance(values, dict) and values.get("type") == "options":
        return OptionsMessage(values, values.get("source"))
    if isinstance(values, dict) and values.get("type") == "shown":
        return ShownMessage()
    raise StreamEnded("live_not_understood")
