"""`POST /api/v1/explain`: what in a picture speaks for an answer, and whether to trust that."""

import asyncio
from collections.abc import Callable
from functools import partial

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from demo.asgi.api.picture_body import picture_body
from demo.asgi.api.problem import problem
from demo.errors import DemoError
from demo.explain.passes import Progress
from demo.service.explanations import Explained, Explanations
from demo.service.service import Service
from demo.service.upload_budget import UploadBudget
from demo.web.faults import explained
from demo.web.views.explanation import map_array, map_picture

_FILES = {
    "png": ("image/png", map_picture),
    "npy": ("application/octet-stream", map_array),
}
_FORMATS = ("json", *_FILES)
_POLL_S = 0.5
"""Time between two looks whether the client is still there."""


class ExplanationAnswer(BaseModel):
    """The facts of a map; see `ExplainFacts` and `CheckFacts`."""

    model: str
    method: str
    target: str = Field(description="The label that is explained.")
    score: float = Field(description="The model's score of it, 0–1.")
    layer: str = Field(description="The layers of the map, with + between.")
    map_wh: list[int]
    window_xyxy: list[float] = Field(description="What the map lies over, pixels of the upload.")
    size_wh: list[int]
    checks: dict[str, float | bool | None] | None = Field(
        description="Null where it was not checked."
    )
    timing_ms: dict[str, float]


def explain_router(service: Service, budget: UploadBudget) -> APIRouter:
    """The route, which answers by `service` and takes room for pictures from `budget`."""
    router, explanations = APIRouter(), Explanations(service)

    @router.post("/explain", response_model=ExplanationAnswer)
    async def explain(
        request: Request,
        model: str = "",
        method: str = "",
        target: str = "",
        layer: str = "",
        check: bool = True,
        format: str = "json",
    ) -> Response:
        """Explain the answer of a model about the picture in the body by a map.

        method: layer-cam, grad-cam, grad-cam-plus-plus, attention-rollout (of transformers),
        integrated-gradients or occlusion; empty is the first that suits the model. target: a label
        or class id; of a detector or segmenter the number of a box, best first, and another class
        for it as in 2:dog; empty is the best of the answer. layer: one of the model's, empty is
        all. check takes up to 60 passes and is only stated in JSON. format: json, npy (the raw map)
        or png (the map with transparency).
        """
        try:
            if format not in _FORMATS:
                raise DemoError("api_format", got=format[:40], some=", ".join(_FORMATS))
            async with picture_body(request, service.uploads, budget) as path:
                checked = check and format == "json"
                asked = (path, model, method, target, layer, checked)
                found = await _awaited(request, service, partial(_found, explanations, *asked))
        except DemoError as fault:
            return problem(fault, request.headers)
        except ClientDisconnect:  # nobody reads this
            return Response(status_code=499)
        if format in _FILES:
            kind, content = _FILES[format]
            return Response(content(found), media_type=kind)
        return JSONResponse(found.facts)

    return router


def _found(
    explanations: Explanations,
    path: str,
    model: str,
    method: str,
    target: str,
    layer: str,
    checked: bool,
    progress: Progress,
) -> Explained:
    answer = explanations.answer(path, model, {})
    found = explanations.explain(answer, method, target, layer, progress)
    return explanations.check(found, progress) if checked else found


async def _awaited(
    request: Request, service: Service, work: Callable[[Progress], Explained]
) -> Explained:
    """What the work gives. Raises ClientDisconnect where the client leaves before."""
    progress = Progress()
    future = asyncio.wrap_future(service.submit(partial(work, progress)))
    try:
        while not (await asyncio.wait([future], timeout=_POLL_S))[0]:
            if await request.is_disconnected():
                raise ClientDisconnect
    finally:
        progress.stop()
        future.cancel()
    fault = future.exception()
    if fault is not None:
        raise explained(fault) from fault
    return future.result()
