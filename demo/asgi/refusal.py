"""The answer to a request that is refused before the application sees it."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.status import WS_1008_POLICY_VIOLATION
from starlette.types import Receive, Scope, Send

from demo.asgi.rest_paths import is_rest
from demo.errors import DemoError
from demo.i18n import locale_for, translate

PROBLEM = "application/problem+json"
"""The media type of problems."""
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""Where http.HTTPStatus has the names of an older RFC, as in Python 3.11."""


async def refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    status: int,
    reason: DemoError,
    more: Mapping[str, str] | None = None,
) -> None:
    """Answer with `status` and the sentence of `reason` in the visitor's language, as JSON.

    A request of the REST API gets it as a problem. A WebSocket is closed before it is accepted,
    which servers turn into status 403. The connection ends with the answer, since the rest of a
    body is not read.

    more: further headers of the answer.
    """
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": WS_1008_POLICY_VIOLATION})
        return
    ends = {"connection": "close", **(more or {})}
    made = problem_answer if is_rest(scope) else refusal
    await made(status, reason, Headers(scope=scope), ends)(scope, receive, send)


def refusal(
    status: int, reason: DemoError, asked: Headers, headers: Mapping[str, str] | None = None
) -> Response:
    """The answer with the sentence of `reason`; asked: headers of the request."""
    sentence = translate(reason.key, locale_for(asked), **reason.fields)
    body = json.dumps({"error": sentence, "detail": sentence}, ensure_ascii=False)
    return Response(body, status, headers, "application/json")


def problem_answer(
    status: int, reason: DemoError, asked: Headers, headers: Mapping[str, str] | None = None
) -> Response:
    """As `refusal`, with the members of a problem."""
    sentence = translate(reason.key, locale_for(asked), **reason.fields)
    body = json.dumps(problem_facts(status, reason.key, sentence), ensure_ascii=False)
    return Response(body.encode("utf-8", "replace"), status, headers, PROBLEM)


def problem_facts(status: int, code: str, sentence: str) -> dict[str, object]:
    """The members of a problem (RFC 9457); code: names the sentence, for programs."""
    return {
        "type": "about:blank",
        "title": _title(status),
        "status": status,
        "detail": sentence,
        "error": sentence,
        "code": code,
    }


def _title(status: int) -> str:
    if status in _TITLES:
        return _TITLES[status]
    # 499, of a client that has left, is no registered status.
    return HTTPStatus(status).phrase if status in list(HTTPStatus) else "Request Ended"
