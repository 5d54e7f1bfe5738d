"""`POST /api/v1/compare`: several models of one task on one picture."""

import asyncio
from collections.abc import Iterator
from functools import partial

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from demo.asgi.api.picture_body import picture_body
from demo.asgi.api.problem import problem
from demo.compare.comparison import Comparison
from demo.errors import DemoError
from demo.i18n import locale_for
from demo.images.decode import Picture
from demo.service.comparisons import comparison_facts
from demo.service.service import Service
from demo.service.upload_budget import UploadBudget
from demo.web.faults import explained


class ComparisonAnswer(BaseModel):
    """The answer; see `comparison_facts` for the rows of its lists."""

    task: str = Field(description="What the models do: classify, detect or segment.")
    answers: list[dict[str, object]] = Field(
        description="As /classify, /detect or /segment answer, with params, gflops and latency_ms;"
        " model and error of a model that failed. In the order of the request."
    )
    agree: dict[str, object] | None = Field(
        description="What all models say of each label; null where fewer than two have answered."
    )
    pairs: list[dict[str, object]] = Field(description="both, only_a and only_b of each two.")


def compare_router(service: Service, budget: UploadBudget) -> APIRouter:
    """The route, which answers by `service` and takes room for pictures from `budget`."""
    router = APIRouter()

    @router.post("/compare", response_model=ComparisonAnswer)
    async def compare(
        request: Request,
        models: str = "",
        confidence: float | None = None,
        iou: float | None = None,
    ) -> Response:
        """Compare two to eight models, named with commas between, on the picture in the body.

        confidence and iou are thresholds of detectors and segmenters; left out they are each
        model's own.
        """
        names = [name for name in (part.strip() for part in models.split(",")) if name]
        values = {"confidence": confidence, "iou": iou}
        try:
            async with picture_body(request, service.uploads, budget) as path:
                steps = service.comparisons.answer(path, names, values, explained)
                comparison = await _last(request, service, steps)
        except DemoError as fault:
            return problem(fault, request.headers)
        except ClientDisconnect:  # nobody reads this
            return Response(status_code=499)
        return JSONResponse(comparison_facts(comparison, locale_for(request.headers)))

    return router


async def _last(
    request: Request, service: Service, steps: Iterator[tuple[Picture, Comparison]]
) -> Comparison:
    """The finished comparison. Raises ClientDisconnect where the client leaves before."""
    last: Comparison | None = None
    while last is None or not last.done:
        if await request.is_disconnected():
            raise ClientDisconnect
        future = asyncio.wrap_future(service.submit(partial(next, steps)))
        await asyncio.wait([future])
        fault = future.exception()
        if fault is not None:
            raise explained(fault) from fault
        _, last = future.result()
    return last
