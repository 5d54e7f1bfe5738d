"""The answer to a request that is refused before the application sees it."""

import json
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.status import WS_1008_POLICY_VIOLATION
from starlette.types import Receive, Scope, Send

from demo.errors import DemoError
from demo.i18n import locale_for, translate


async def refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    status: int,
    reason: DemoError,
    more: Mapping[str, str] | None = None,
) -> None:
    """Answer with `status` and the sentence of `reason` in the visitor's language, as JSON.

    A WebSocket is closed before it is accepted, which servers turn into status 403. The connection
    ends with the answer, since the rest of a body is not read.

    more: further headers of the answer.
    """
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": WS_1008_POLICY_VIOLATION})
        return
    ends = {"connection": "close", **(more or {})}
    await refusal(status, reason, Headers(scope=scope), ends)(scope, receive, send)


def refusal(
    status: int, reason: DemoError, asked: Headers, headers: Mapping[str, str] | None = None
) -> Response:
    """The answer with the sentence of `reason`; asked: headers of the request."""
    sentence = translate(reason.key, locale_for(asked), **reason.fields)
    body = json.dumps({"error": sentence, "detail": sentence}, ensure_ascii=False)
    return Response(body, status, headers, "application/json")
