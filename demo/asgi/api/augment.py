"""`POST /api/v1/augment`: what random augmentation does to a picture."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.datastructures import QueryParams
from starlette.responses import JSONResponse, Response

from demo.asgi.api.media_types import JSON, wanted_format
from demo.asgi.api.options import Option, described, number, switch
from demo.asgi.api.picture_route import PictureRoutes, PictureWork
from demo.augment.pipeline import MAX_COUNT, MAX_SEED, MAX_STEPS, specs
from demo.augment.spec import Param
from demo.errors import DemoError
from demo.explain.passes import Progress
from demo.export.preview_zip import preview_zip
from demo.i18n import translate
from demo.images.encode import encode_jpeg, encode_png
from demo.service.service import AugmentAnswer
from demo.service.uploads import PassingUpload
from demo.tasks.base import JsonObject
from demo.validate import brief

_OFFERED = {
    "json": JSON,
    "jpeg": "image/jpeg",
    "png": "image/png",
    "zip": "application/zip",
}
_TYPES = {"float": "number", "int": "integer", "bool": "boolean", "choice": "string"}


class AugmentationAnswer(BaseModel):
    """What was drawn for each picture, and the code that gives the same ones."""

    pipeline: list[dict[str, object]] = Field(
        description="Each transform with all of its parameters; the option pipeline takes it."
    )
    seed: int
    drawn: list[list[dict[str, object]]] = Field(
        description="Of each picture, name and values of what was drawn for each transform."
    )
    code: str = Field(description="Python with torchvision.transforms.v2.")


def augment_router(routes: PictureRoutes) -> APIRouter:
    """The route."""
    router, options = APIRouter(), _options()

    def prepare(request: Request) -> tuple[Sequence[str], PictureWork]:
        given, wanted = request.query_params, wanted_format(request, _OFFERED)
        if wanted not in _OFFERED:
            raise DemoError("api_format", got=brief(wanted), some=", ".join(_OFFERED))
        pipeline = _pipeline(given)
        count, seed = (
            stated if (stated := number(given, name)) is not None else default
            for name, default in (("count", 1), ("seed", 0))
        )

        def work(upload: PassingUpload, _: Progress) -> Response:
            answer = routes.service.augment(upload, pipeline, count, seed)
            return _response(answer, wanted)

        return [], work

    @router.post("/augment", response_model=AugmentationAnswer, openapi_extra=described(options))
    async def augment(request: Request) -> Response:
        """Augment the picture in the body by random transforms: the same seed, the same pixels."""
        return await routes.respond(request, options, prepare)

    return router


def _options() -> list[Option]:
    names = ", ".join(specs())
    return [
        Option(
            "transform",
            f"{names}; stated several times for several ones in that order, {MAX_STEPS} at most.",
            {"type": "array", "items": {"type": "string", "enum": list(specs())}},
        ),
        Option(
            "pipeline",
            'in place of transform, a JSON list of {"name": transform, "params": {parameter:'
            " value}}; it may have the same transform twice.",
            {"type": "string"},
        ),
        Option("count", "how many pictures.", _range("integer", 1, MAX_COUNT, 1)),
        Option("seed", "the same seed gives the same pixels.", _range("integer", 0, MAX_SEED, 0)),
        Option(
            "format",
            "json, jpeg or png (the first picture), or zip (all of them, lossless, with the JSON"
            " and the code); left out, the header Accept decides.",
            {"type": "string", "enum": list(_OFFERED), "default": "json"},
        ),
        *(_option(spec.name, param) for spec in specs().values() for param in spec.params),
    ]


def _option(transform: str, param: Param) -> Option:
    unit = f", {param.unit}" if param.unit else ""
    doc = f"of {transform}: {translate(param.title, 'en')}{unit}."
    schema: JsonObject = {"type": _TYPES[param.kind], "default": param.default}
    if param.kind in ("float", "int"):
        schema = _range(_TYPES[param.kind], param.low, param.high, param.default)
    if param.kind == "choice":
        schema["enum"] = list(param.choices)
    return Option(f"{transform}.{param.name}", doc, schema)


def _range(kind: str, low: float, high: float, default: object) -> JsonObject:
    return {"type": kind, "minimum": low, "maximum": high, "default": default}


def _pipeline(given: QueryParams) -> object:
    """For `Pipeline.parse`. Raises DemoError for parameters of a transform that is not stated."""
    chosen = given.getlist("transform")
    params: dict[str, dict[str, object]] = {name: {} for name in chosen}
    for spec in specs().values():
        for param in spec.params:
            option = f"{spec.name}.{param.name}"
            if option not in given:
                continue
            if spec.name not in chosen:
                raise DemoError("api_augment_unused", option=option, transform=spec.name)
            params[spec.name][param.name] = _value(given, option, param)
    if "pipeline" not in given:
        return [{"name": name, "params": params[name]} for name in chosen]
    if chosen:
        raise DemoError("api_augment_twice")
    return given["pipeline"]


def _value(given: QueryParams, name: str, param: Param) -> object:
    if param.kind == "bool":
        return switch(given, name, default=bool(param.default))
    return given[name] if param.kind == "choice" else number(given, name)


def _response(answer: AugmentAnswer, wanted: str) -> Response:
    if wanted == "json":
        return JSONResponse(answer.facts)
    if wanted == "zip":
        content = preview_zip(answer.images, answer.facts)
    else:
        content = (encode_jpeg if wanted == "jpeg" else encode_png)(answer.images[0])
    return Response(content, media_type=_OFFERED[wanted])
