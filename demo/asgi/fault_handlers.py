"""Exceptions of gradio's routes as answers with a status and a sentence."""

import gradio as gr
from gradio.route_utils import FnIndexInferError
from gradio.routes import App
from starlette.requests import Request
from starlette.responses import Response

from demo.asgi.refusal import refusal
from demo.errors import DemoError
from demo.system import is_disk_full
from demo.web.functions import endpoints, unknown_function, wrong_names

_STATUSES = {
    "unknown_function": 404,
    "wrong_names": 422,
    "no_names": 422,
    "queue_full": 503,
    "disk_full": 507,
}
_NAMED_CALL = "/call/v2/"
"""Part of the path of requests that give their values by name."""
_DIRECT_CALLS = ("/run/", "/api/")
"""Parts of paths that gradio closes, but only for functions that there are."""


def explain_faults(served: App, page: gr.Blocks) -> None:
    """Let the routes of `served` answer in sentences where they would end in a traceback."""

    async def refused(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, DemoError)
        return _refusal(request, fault)

    async def unknown(request: Request, fault: Exception) -> Response:
        return _refusal(request, unknown_function(page))

    async def misnamed(request: Request, fault: Exception) -> Response:
        """Gradio looks up function and values of a named call without a check."""
        path = request.url.path
        if any(part in path for part in _DIRECT_CALLS):
            return _refusal(request, unknown_function(page))
        _, is_named, name = path.partition(_NAMED_CALL)
        if not is_named:
            raise fault
        function = endpoints(page).get(name.rstrip("/"))
        return _refusal(request, wrong_names(function) if function else unknown_function(page))

    async def no_room(request: Request, fault: Exception) -> Response:
        if not is_disk_full(fault):
            raise fault
        return _refusal(request, DemoError("disk_full"))

    served.add_exception_handler(DemoError, refused)
    served.add_exception_handler(FnIndexInferError, unknown)
    served.add_exception_handler(KeyError, misnamed)
    served.add_exception_handler(TypeError, misnamed)
    served.add_exception_handler(OSError, no_room)


def _refusal(request: Request, fault: DemoError) -> Response:
    status = _STATUSES.get(fault.key, 400)
    if status == 503 and request.headers.get("x-gradio-user") == "app":
        status = 429  # gradio's page has an English sentence of its own for 503
    wait = {"retry-after": "2"} if status in (429, 503) else None
    return refusal(status, fault, request.headers, wait)
