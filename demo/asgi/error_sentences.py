"""Middleware that answers every failed request in one sentence of the visitor's language."""

import json
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.asgi.refusal import PROBLEM, problem_facts
from demo.asgi.rest_paths import is_rest
from demo.i18n import locale_for, translate

_KEYS = {
    400: "bad_request",
    401: "not_allowed",
    403: "not_allowed",
    404: "route_unknown",
    405: "wrong_method",
    503: "server_stopping",
}
_EVENT_STREAM = "text/event-stream"


class ErrorSentences:
    """ASGI middleware: gives answers of status 400 and above a body of JSON with a sentence.

    `error` and `detail` hold it, the names that gradio's page and programs look for; those of the
    REST API are problems besides. A body that
    has both is left as it is: this program wrote it, and it says more than the status does. Where
    the page uploads files it gets the bare sentence: it shows the body of such an answer as it is.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, send)
        try:
            await self._app(scope, receive, answer.send)
        except RuntimeError as error:
            # Gradio raises it within the stream of a session that it does not know.
            if not (answer.streams and isinstance(error.__cause__, HTTPException)):
                raise
            await send({"type": "http.response.body", "body": b""})


class _Answer:
    """One answer on its way to the visitor; the body of a failed one is held back."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send
        self._locale = locale_for(Headers(scope=scope))
        self._failed: Message | None = None
        self._body = b""
        self.streams = False

    async def send(self, message: Message) -> None:
        """Pass a message on, or hold it back until the body is complete."""
        if message["type"] == "http.response.start":
            kind = Headers(scope=message).get("content-type", "")
            self.streams = kind.startswith(_EVENT_STREAM)
            if message["status"] >= 400:
                self._failed = message
                return
        elif self._failed is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish(self._failed)
            return
        elif self.streams:
            message = {**message, "body": self._translated(message.get("body", b""))}
        await self._send(message)

    async def _finish(self, start: Message) -> None:
        content = _json(self._body)
        kind = "application/json"
        if not (isinstance(content, dict) and {"error", "detail"} <= content.keys()):
            content = self._content(start["status"], content)
        if Headers(scope=start).get("content-type", "").startswith(PROBLEM):
            kind = PROBLEM
        elif is_rest(self._scope):
            facts = problem_facts(start["status"], "request_refused", str(content["detail"]))
            content, kind = facts | content, PROBLEM
        text = json.dumps(content, ensure_ascii=False)
        if _is_upload_of_page(Headers(scope=self._scope)):
            text, kind = str(content["error"]), "text/plain; charset=utf-8"
        body = text.encode("utf-8", "replace")
        headers = MutableHeaders(scope=start)
        headers["content-type"] = kind
        headers["content-length"] = str(len(body))
        await self._send(start)
        if self._scope["method"] == "HEAD":
            body = b""
        await self._send({"type": "http.response.body", "body": body})

    def _content(self, status: int, content: object) -> dict[str, object]:
        if status == 422:
            return self._wrong_fields(content)
        key = _KEYS.get(status, "internal_fault" if status >= 500 else "request_refused")
        return self._told(key, method=self._scope["method"], status=status)

    def _wrong_fields(self, content: object) -> dict[str, object]:
        """The sentence about a body that has not the fields or types of FastAPI's model."""
        found = content.get("detail") if isinstance(content, dict) else None
        places = [one["loc"] for one in found if "loc" in one] if isinstance(found, list) else []
        fields = list(dict.fromkeys(str(place[1]) for place in places if len(place) > 1))
        named = [field for field in fields if not field.isdecimal()]
        if not named:
            return self._told("bad_request")
        return {**self._told("wrong_fields", fields=", ".join(named[:8])), "fields": named}

    def _told(self, key: str, **fields: object) -> dict[str, object]:
        sentence = translate(key, self._locale, **fields)
        return {"error": sentence, "detail": sentence}

    def _translated(self, chunk: bytes) -> bytes:
        """A chunk of an event stream; gradio sends one event in each."""
        if b'"unexpected_error"' in chunk[:200] and chunk.startswith(b"data:"):
            event: dict[str, Any] = json.loads(chunk[5:])
            key = "session_gone" if event["session_not_found"] else "server_stopping"
            event["message"] = translate(key, self._locale)
            return f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
        if chunk.startswith(b'event: error\ndata: "'):
            gone = translate("session_gone", self._locale)
            return f"event: error\ndata: {json.dumps(gone)}\n\n".encode()
        return chunk


def _is_upload_of_page(headers: Headers) -> bool:
    """Whether a browser sends a form; programs name no Origin."""
    return "origin" in headers and headers.get("content-type", "").startswith("multipart/")


def _json(body: bytes) -> object:
    try:
        content: object = json.loads(body)
    except ValueError:
        return None
    return content
