"""`POST /api/v1/explain`: what in a picture speaks for an answer, and whether to trust that."""

import asyncio
from functools import partial

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from demo.asgi.api.picture_body import picture_body
from demo.asgi.api.problem import problem
from demo.errors import DemoError
from demo.explain import methods
from demo.explain.passes import Count
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
    checks: dict[str, float | bool] | None = Field(description="Null where it was not checked.")
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

        method: layer-cam, grad-cam, integrated-gradients or occlusion; empty is the first. target:
        a label or class id; of a detector the number of a box, best first, and another class for it
        as in 2:dog; empty is the best of the answer. layer: one of the model's, empty is all. check
        takes up to 60 passes and is only stated in JSON. format: json, npy (the raw map) or png
        (the map with transparency).
        """
        try:
            if format not in _FORMATS:
                raise DemoError("api_format", got=format[:40], some=", ".join(_FORMATS))
            async with picture_body(request, service.uploads, budget) as path:
                chosen = method or methods.all_methods()[0].name
                checked = check and format == "json"
                work = partial(_found, explanations, path, model, chosen, target, layer, checked)
                found = await _awaited(service, work)
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
) -> Explained:
    answer = explanations.answer(path, model, {})
    found = explanations.explain(answer, method, target, layer)
    return explanations.check(found, Count()) if checked else found


async def _awaited(service: Service, work: "partial[Explained]") -> Explained:
    future = asyncio.wrap_future(service.submit(work))
    await asyncio.wait([future])
    fault = future.exception()
    if fault is not None:
        raise explained(fault) from fault
    return future.result()
