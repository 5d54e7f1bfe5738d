"""The documents of the REST API: `/api/openapi.json` for programs, `/api/docs` for people.

Swagger UI would be fetched from another server, which the page's policy and a laptop without a
network both rule out; so the same description is shown by a page of our own.
"""

import json
from collections.abc import Callable, Sequence
from functools import cache

from anyio.to_thread import run_sync
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from demo import tasks
from demo.asgi.api.openapi import openapi
from demo.asgi.api.problem import MEANINGS
from demo.asgi.refusal import problem_facts
from demo.asgi.rest_paths import API_PATH
from demo.compare.selection import compared_tasks
from demo.errors import DemoError
from demo.export.replay import rest_script
from demo.service import examples
from demo.service.service import Service
from demo.service.uploads import PassingUpload
from demo.tasks.base import AnyTask, JsonObject
from demo.web.views.api_documents import Operation, Parameter, documents

_LISTED = 2
"""Entries of a list that the example of an answer shows."""


def documents_router(app: FastAPI, service: Service) -> APIRouter:
    """The routes of both documents; they describe the routes of `app` below `API_PATH`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/openapi.json")
    async def schema() -> JSONResponse:
        return JSONResponse(await run_sync(openapi, app, service))

    @cache
    def example(task: AnyTask, model: str) -> JsonObject:
        """What `model` answers about the first example."""
        picture = PassingUpload(examples.paths()[0])
        return service.predict(task.name, picture, model, {}, drawn=False).facts

    @router.get("/docs")
    async def page(request: Request) -> Response:
        described = await run_sync(openapi, app, service)
        shown = await run_sync(_operations, described, service, example)
        base = str(request.base_url).rstrip("/")
        model = service.engine.default("detect") if service.names("detect") else "NAME"
        script = rest_script(base, "detect", [("model", model)], "photo.jpg")
        fault = DemoError("api_option", got="confidnce", some="model, confidence, iou")
        refused = json.dumps(
            problem_facts(422, fault.key, str(fault)), indent=1, ensure_ascii=False
        )
        return HTMLResponse(documents(shown, base + API_PATH, script, refused, MEANINGS))

    return router


def _operations(
    described: JsonObject, service: Service, example: Callable[[AnyTask, str], JsonObject]
) -> list[Operation]:
    """What the page shows of each route, with a real answer where a model is here."""
    known = {task.name: task for task in tasks.all_tasks()}
    paths = described["paths"]
    assert isinstance(paths, dict)
    operations = []
    for path, methods in paths.items():
        name = path.removeprefix(f"{API_PATH}/")
        [(method, operation)] = methods.items()
        rows = [_row(one) for one in operation.get("parameters", ())]
        query, answer = _query(rows, service), ""
        if name in known:
            model = service.engine.default(name) if service.names(name) else ""
            query = f"model={model or _missing(name, service)}"
            answer = _example_text(example, known[name], model) if model else ""
        address = _address(name, query, service) if method == "get" else f"{name}?{query}"
        summary = operation.get("summary", name)
        text = operation.get("description", "")
        operations.append(Operation(method.upper(), name, summary, text, rows, address, answer))
    return operations


def _missing(task: str, service: Service) -> str:
    """The first model of a task of which none is here."""
    return next((row["name"] for row in service.engine.models() if row["task"] == task), "")


def _address(name: str, query: str, service: Service) -> str:
    """The address of an example that only asks."""
    return name.replace("{name}", query.removeprefix("model="))


def _example_text(example: Callable[[AnyTask, str], JsonObject], task: AnyTask, model: str) -> str:
    try:
        return json.dumps(_shortened(example(task, model)), indent=1, ensure_ascii=False)
    except DemoError as fault:  # a model that is here may still be unable to answer
        return str(fault)


def _row(parameter: JsonObject) -> Parameter:
    schema = parameter["schema"]
    assert isinstance(schema, dict)
    kinds = [str(one.get("type", "")) for one in schema.get("anyOf", [schema])]
    default = schema.get("default")
    return Parameter(
        str(parameter["name"]),
        " or ".join(kind for kind in kinds if kind),
        "" if default in (None, "", []) else json.dumps(default),
        str(parameter.get("description", "")),
        [str(one) for one in schema.get("enum", ())],
    )


def _query(rows: Sequence[Parameter], service: Service) -> str:
    """The options of the example of a route of several tasks, or of none: models that are here."""
    here = [service.names(task.name) for task in compared_tasks()]
    if any(row.name == "models" for row in rows):
        return "models=" + ",".join(next((names for names in here if len(names) > 1), [])[:2])
    if any(row.name == "transform" for row in rows):
        return "transform=rotation&rotation.degrees=15&seed=7"
    return "model=" + next((names[0] for names in here if names), "")


def _shortened(value: object) -> object:
    """A JSON value with the first entries of each list of objects."""
    if isinstance(value, dict):
        return {key: _shortened(one) for key, one in value.items()}
    if isinstance(value, list | tuple) and len(value) > _LISTED and isinstance(value[0], dict):
        return [*(_shortened(one) for one in value[:_LISTED]), "…"]
    if isinstance(value, list | tuple):
        return [_shortened(one) for one in value]
    return value
