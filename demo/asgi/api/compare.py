"""`POST /api/v1/compare`: several models of one task on one picture."""

from collections.abc import Sequence
from contextlib import closing

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from demo.asgi.api.media_types import JSON, wanted_format
from demo.asgi.api.options import Option, described, listed, number
from demo.asgi.api.picture_route import PictureRoutes, PictureWork
from demo.batch.pictures import Source
from demo.compare.comparison import Comparison
from demo.compression.report import report_facts
from demo.compression.request import reports
from demo.compression.selection import PRECISIONS
from demo.explain.passes import Progress, StoppedError
from demo.i18n import locale_for
from demo.service.comparisons import comparison_facts
from demo.service.uploads import PassingUpload
from demo.web.faults import explained

_THRESHOLD = "of detectors and segmenters, 0 to 1; left out it is each model's own."
_OPTIONS = (
    Option(
        "models",
        "two to eight names of models of one task, with commas between; one with precisions.",
        {"type": "string"},
        True,
    ),
    Option("confidence", f"lowest score of a box {_THRESHOLD}", {"type": "number"}),
    Option(
        "iou", f"overlap above which the weaker of two boxes goes, {_THRESHOLD}", {"type": "number"}
    ),
    Option(
        "precisions",
        f"some of {', '.join(PRECISIONS)}, with commas between: what a lighter model costs. The "
        "body is then a picture, or a ZIP of pictures; folders named as classes, or YOLO's text "
        "files, give a score.",
    ),
)


class ComparisonAnswer(BaseModel):
    """The answer; see `comparison_facts` for the rows of its lists."""

    task: str = Field(description="What the models do: classify, detect or segment.")
    precisions: list[dict[str, object]] | None = Field(
        default=None,
        description="Where precisions are asked for, in place of answers, agree and pairs: "
        "precision, backend, size_bytes, latency_ms, compared, the pictures whose answer changed "
        "from that of the reference, and score where the set has labels; or error. "
        "Beside it: model, pictures, reference, left_out and notes.",
    )
    answers: list[dict[str, object]] = Field(
        description="As /classify, /detect or /segment answer, with params, gflops and latency_ms;"
        " model and error of a model that failed. In the order of the request."
    )
    agree: dict[str, object] | None = Field(
        description="What all models say of each label; null where fewer than two have answered."
    )
    pairs: list[dict[str, object]] = Field(description="both, only_a and only_b of each two.")


def compare_router(routes: PictureRoutes) -> APIRouter:
    """The route."""
    router = APIRouter()
    service = routes.service

    def prepare(request: Request) -> tuple[Sequence[str], PictureWork]:
        given = request.query_params
        wanted_format(request, {"json": JSON})
        names = listed(given, "models")
        values = {name: number(given, name) for name in ("confidence", "iou")}
        locale = locale_for(request.headers)

        def work(upload: PassingUpload, progress: Progress) -> Response:
            last: Comparison | None = None
            for _, comparison in service.comparisons.answer(upload, names, values, explained):
                last = comparison
                if progress.stopped:
                    raise StoppedError
            assert last is not None
            return JSONResponse(comparison_facts(last, locale))

        def work_on_precisions(upload: PassingUpload, progress: Progress) -> Response:
            chosen = listed(given, "precisions")
            facts: dict[str, object] = {}
            with service.uploads.as_file(upload) as path:
                sources = [Source(path, "picture")]
                with closing(reports(service, sources, names, chosen, values, explained)) as steps:
                    for report in steps:
                        if progress.stopped:
                            raise StoppedError
                        if report.done:
                            facts = report_facts(report, locale)
            return JSONResponse(facts)

        return names, work_on_precisions if "precisions" in given else work

    @router.post("/compare", response_model=ComparisonAnswer, openapi_extra=described(_OPTIONS))
    async def compare(request: Request) -> Response:
        """Compare two to eight models on the picture in the body, or one in several precisions."""
        return await routes.respond(request, _OPTIONS, prepare, many_passes=True)

    return router
