"""`POST /api/v1/explain`: what in a picture speaks for an answer, and whether to trust that."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from demo.asgi.api.media_types import JSON, wanted_format
from demo.asgi.api.options import Option, described, switch
from demo.asgi.api.picture_route import PictureRoutes, PictureWork
from demo.errors import DemoError
from demo.explain.passes import Progress
from demo.service.explanations import Explanations
from demo.service.uploads import PassingUpload
from demo.validate import brief
from demo.web.views.explanation import map_array, map_picture

_FILES = {
    "png": ("image/png", map_picture),
    "npy": ("application/octet-stream", map_array),
}
_OFFERED = {"json": JSON, **{name: kind for name, (kind, _) in _FILES.items()}}
_OPTIONS = (
    Option("model", "the name of a classifier, detector or segmenter.", {"type": "string"}, True),
    Option(
        "method",
        "layer-cam, grad-cam, grad-cam-plus-plus, attention-rollout (of transformers),"
        " integrated-gradients or occlusion; empty is the first that suits the model.",
    ),
    Option(
        "target",
        "a label or class id; of a detector or segmenter the number of a box, best first, and"
        " perhaps another class for it as in 2:dog; empty is the best of the answer.",
    ),
    Option("layer", "one of the model's layers; empty is all that it offers."),
    Option(
        "check",
        "whether the map is checked, in up to 60 passes; only stated in JSON.",
        {"type": "boolean", "default": True},
    ),
    Option(
        "format",
        "json, npy (the raw map) or png (the map with transparency); left out, the header Accept"
        " decides.",
        {"type": "string", "enum": list(_OFFERED), "default": "json"},
    ),
)


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


def explain_router(routes: PictureRoutes) -> APIRouter:
    """The route."""
    router, explanations = APIRouter(), Explanations(routes.service)

    def prepare(request: Request) -> tuple[Sequence[str], PictureWork]:
        given, wanted = request.query_params, wanted_format(request, _OFFERED)
        if wanted not in _OFFERED:
            raise DemoError("api_format", got=brief(wanted), some=", ".join(_OFFERED))
        checked = switch(given, "check", default=True) and wanted == "json"
        model = given.get("model", "")
        method, target, layer = (given.get(name, "") for name in ("method", "target", "layer"))

        def work(upload: PassingUpload, progress: Progress) -> Response:
            answer = explanations.answer(upload, model, {})
            found = explanations.explain(answer, method, target, layer, progress)
            if wanted in _FILES:
                kind, content = _FILES[wanted]
                return Response(content(found), media_type=kind)
            if checked:
                found = explanations.check(found, progress)
            return JSONResponse(found.facts)

        return [model], work

    @router.post("/explain", response_model=ExplanationAnswer, openapi_extra=described(_OPTIONS))
    async def explain(request: Request) -> Response:
        """Explain the answer of a model about the picture in the body by a map."""
        return await routes.respond(request, _OPTIONS, prepare, many_passes=True)

    return router
