"""`POST /api/v1/<task>` for every task that takes pictures: one picture, one model, one answer."""

import asyncio
from collections.abc import Mapping
from functools import partial

from fastapi import APIRouter, Request
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from demo import tasks
from demo.asgi.api.documents import model_parameters
from demo.asgi.api.picture_body import picture_body
from demo.asgi.api.problem import problem
from demo.errors import DemoError
from demo.images.encode import encode_jpeg
from demo.service.service import Answer, Service
from demo.service.upload_budget import UploadBudget
from demo.tasks.base import AnyTask
from demo.validate import brief
from demo.web.faults import explained

_JSON, _JPEG = "json", "jpeg"
_STEM = "picture"
"""The picture has no name here; the files of an answer are named after it."""


def answer_router(service: Service, budget: UploadBudget) -> APIRouter:
    """The routes, which answer by `service` and take room for pictures from `budget`.

    Options in the address are the model, those of the task's endpoint in the Gradio API (a list of
    names by stating it several times), and `format`: json, jpeg where the task draws, or the end of
    the name of one of the files that the page offers, such as csv or coco.json.
    """
    router = APIRouter()
    for task in tasks.all_tasks():
        if task.takes_pictures:
            _add(router, task, service, budget)
    return router


def _add(router: APIRouter, task: AnyTask, service: Service, budget: UploadBudget) -> None:
    extra = {"parameters": model_parameters(task)}

    @router.post(f"/{task.name}", name=task.name, openapi_extra=extra)
    async def answer(request: Request) -> Response:
        options = request.query_params
        try:
            values = _values(task, options)
            async with picture_body(request, service.uploads, budget) as path:
                model = options.get("model", "")
                found = await _awaited(
                    service, partial(service.predict, task.name, path, model, values)
                )
            return _response(found, options.get("format", _JSON))
        except DemoError as fault:
            return problem(fault, request.headers)
        except ClientDisconnect:  # nobody reads this
            return Response(status_code=499)


def _values(task: AnyTask, options: QueryParams) -> Mapping[str, object]:
    """The options of the task that the address states; its `parse` checks them."""
    values: dict[str, object] = {}
    for field in task.fields:
        if field.name in options:
            number = field.kind == "number"
            text = options[field.name]
            values[field.name] = _number(text) if number else options.getlist(field.name)
    return values


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _response(answer: Answer, wanted: str) -> Response:
    """Raises DemoError for a format that the task does not have."""
    if wanted == _JSON:
        return JSONResponse(answer.facts)
    if wanted == _JPEG and answer.annotated is not None:
        return Response(encode_jpeg(answer.annotated), media_type="image/jpeg")
    files = answer.task.files(answer.result, answer.facts, "", picture=f"{_STEM}.jpg")
    known = {file.name.removeprefix(f"{_STEM}."): file for file in files}
    if wanted not in known:
        first = [_JSON, *([_JPEG] if answer.annotated is not None else [])]
        some = ", ".join(dict.fromkeys([*first, *known]))
        raise DemoError("api_format", got=brief(wanted), some=some)
    return Response(known[wanted].content, media_type=known[wanted].mime)


async def _awaited(service: Service, work: "partial[Answer]") -> Answer:
    future = asyncio.wrap_future(service.submit(work))
    await asyncio.wait([future])
    fault = future.exception()
    if fault is not None:
        raise explained(fault) from fault
    return future.result()
