"""`POST /api/v1/<task>` for every task that takes pictures: one picture, one model, one answer."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Request
from starlette.datastructures import QueryParams
from starlette.responses import JSONResponse, Response

from demo import tasks
from demo.asgi.api.media_types import JSON, wanted_format
from demo.asgi.api.options import Option, described, number
from demo.asgi.api.picture_route import PictureRoutes, PictureWork
from demo.asgi.api.shapes import answer_shape
from demo.errors import DemoError
from demo.explain.passes import Progress
from demo.images.encode import encode_jpeg
from demo.service.service import Answer
from demo.service.uploads import PassingUpload
from demo.tasks.base import AnyTask, JsonObject, QueryField
from demo.validate import brief

_JSON, _JPEG = "json", "jpeg"
_FILES = {
    "csv": ("csv", "text/csv"),
    "coco": ("coco.json", ""),
    "yolo": ("yolo.zip", "application/zip"),
    "voc": ("xml", "application/xml"),
}
"""Format → the file of the page that it is, and the type by which Accept may choose it."""
_STEM = "picture"
"""The picture has no name here; the files of an answer are named after it."""


def answer_router(routes: PictureRoutes) -> APIRouter:
    """The routes.

    Options in the address are the model, those of the task (a list of names by stating it several
    times), and `format`, which the header Accept may say as well.
    """
    router = APIRouter()
    for task in tasks.all_tasks():
        if task.takes_pictures:
            _add(router, task, routes)
    return router


def _add(router: APIRouter, task: AnyTask, routes: PictureRoutes) -> None:
    options = _options(task)
    offered = {_JSON: JSON, **({_JPEG: "image/jpeg"} if task.draws else {})}
    offered |= {name: kind for name, (_, kind) in _FILES.items() if kind and name in task.data_sets}

    def prepare(request: Request) -> tuple[Sequence[str], PictureWork]:
        given = request.query_params
        model, wanted = given.get("model", ""), wanted_format(request, offered)
        values = _values(task, given)

        def work(upload: PassingUpload, _: Progress) -> Response:
            drawn = wanted == _JPEG
            answer = routes.service.predict(task.name, upload, model, values, drawn=drawn)
            return _response(answer, wanted)

        return [model], work

    @router.post(
        f"/{task.name}",
        name=task.name,
        response_model=answer_shape(task),
        openapi_extra=described(options),
    )
    async def answer(request: Request) -> Response:
        return await routes.respond(request, options, prepare)


def _options(task: AnyTask) -> list[Option]:
    some = ["json", *(["jpeg"] if task.draws else []), *(n for n in _FILES if n in task.data_sets)]
    formats = (
        f"{', '.join(some)}, or the end of the name of another file that the page offers, such as"
        " masks.png; left out, the header Accept decides."
    )
    return [
        Option("model", task.model_doc, {"type": "string"}, required=True),
        *(_option(field) for field in (*task.fields, *task.more_fields)),
        Option("format", formats, {"type": "string", "default": _JSON}),
    ]


def _option(field: QueryField) -> Option:
    kinds: Mapping[str, JsonObject] = {
        "number": {"type": "number"},
        "names": {"type": "array", "items": {"type": "string"}},
    }
    if field.own:
        doc = f"{field.doc.removesuffix('.')}; left out it is the model's own."
        return Option(field.name, doc, kinds[field.kind])
    return Option(field.name, field.doc, {**kinds[field.kind], "default": field.default})


def _values(task: AnyTask, given: QueryParams) -> Mapping[str, object]:
    """The options of the task that the address states; its `parse` checks them."""
    return {
        field.name: number(given, field.name)
        if field.kind == "number"
        else given.getlist(field.name)
        for field in (*task.fields, *task.more_fields)
        if field.name in given
    }


def _response(answer: Answer, wanted: str) -> Response:
    """Raises DemoError for a format that the task does not have."""
    if wanted == _JSON:
        return JSONResponse(answer.facts)
    if wanted == _JPEG and answer.annotated is not None:
        return Response(encode_jpeg(answer.annotated), media_type="image/jpeg")
    files = answer.task.files(answer.result, answer.facts, "", picture=f"{_STEM}.jpg")
    known = {file.name.removeprefix(f"{_STEM}."): file for file in files}
    known = {name: known[end] for name, (end, _) in _FILES.items() if end in known} | known
    if wanted not in known:
        first = [_JSON, *([_JPEG] if answer.task.draws else [])]
        some = ", ".join(dict.fromkeys([*first, *known]))
        raise DemoError("api_format", got=brief(wanted), some=some)
    return Response(known[wanted].content, media_type=known[wanted].mime)
