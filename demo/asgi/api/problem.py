"""Refusals of the REST API as problem details (RFC 9457)."""

from starlette.datastructures import Headers
from starlette.responses import Response

from demo.asgi.refusal import problem_answer
from demo.errors import DemoError

_STATUSES = {
    "api_accept": 406,
    "api_json_body": 415,
    "image_other_kind": 415,
    "image_unknown": 415,
    "body_too_big": 413,
    "image_bomb": 413,
    "image_too_heavy": 413,
    "image_too_long": 413,
    "upload_over_budget": 413,
    "internal_fault": 500,
    "memory_full": 503,
    "out_of_memory": 503,
    "queue_full": 503,
    "server_stopping": 503,
    "disk_full": 507,
    "uploads_full": 507,
}
_WRONG_VALUE = 422
MEANINGS = {
    401: "This server asks for a key, and the header Authorization: Bearer KEY has none or a wrong"
    " one.",
    404: "There is no model of this name, or nothing at this address.",
    405: "The address takes another method, which the header Allow names.",
    406: "No type in the header Accept can be answered.",
    408: "The body stopped, or was slower than 2 kB a second.",
    413: "The body or the picture in it is too large, or there is no such room for uploads.",
    415: "The body is no picture of a kind that can be read.",
    422: "An option or its value is wrong, the picture is missing or damaged, or the model is not"
    " here.",
    429: "More requests in a minute than one address may send; Retry-After says when to try again.",
    500: "A fault of the program, which has been noted.",
    503: "Too many requests wait, or memory is short; Retry-After says when to try again.",
    507: "The disk of the server is full.",
}
"""Status → when it is answered, for the documents."""
_RETRY_AFTER_S = 2


def problem(
    fault: DemoError, asked: Headers, *, status: int | None = None, unread: bool = False
) -> Response:
    """The answer with the sentence of `fault`.

    `detail` and `error` hold the sentence in the visitor's language, `code` names it for programs.

    Args:
        fault: its key says the status.
        asked: headers of the request.
        status: in place of that one.
        unread: the body was not read, so that the connection has to end.
    """
    status = status or _STATUSES.get(fault.key, _WRONG_VALUE)
    headers = {"retry-after": str(_RETRY_AFTER_S)} if status == 503 else {}
    if unread:
        headers["connection"] = "close"
    return problem_answer(status, fault, asked, headers)
