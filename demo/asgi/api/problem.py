"""Refusals of the REST API as problem details (RFC 9457)."""

import json

from starlette.datastructures import Headers
from starlette.responses import Response

from demo.errors import DemoError
from demo.i18n import locale_for, translate

MEDIA_TYPE = "application/problem+json"
_STATUSES = {
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
    "server_stopping": 503,
    "disk_full": 507,
    "uploads_full": 507,
}
_WRONG_VALUE = 422
_TITLES = {
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    500: "Internal Server Error",
    503: "Service Unavailable",
    507: "Insufficient Storage",
}
_RETRY_AFTER_S = 2


def problem(fault: DemoError, asked: Headers) -> Response:
    """The answer with the sentence of `fault`; asked: headers of the request.

    `detail` and `error` hold the sentence in the visitor's language, `code` names it for programs.
    """
    status = _STATUSES.get(fault.key, _WRONG_VALUE)
    sentence = translate(fault.key, locale_for(asked), **fault.fields)
    body = {
        "type": "about:blank",
        "title": _TITLES[status],
        "status": status,
        "detail": sentence,
        "error": sentence,
        "code": fault.key,
    }
    headers = {"retry-after": str(_RETRY_AFTER_S)} if status == 503 else None
    text = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Response(text, status, headers, MEDIA_TYPE)
