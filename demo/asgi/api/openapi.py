"""The OpenAPI description of the REST API."""

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from demo import __version__, tasks
from demo.asgi.api.problem import MEANINGS
from demo.asgi.api.shapes import Problem
from demo.asgi.refusal import PROBLEM
from demo.service.service import Service
from demo.tasks.base import JsonObject

_BODY = {
    "required": True,
    "description": "The picture: the file itself, or the field `image` of a form.",
    "content": {
        "image/*": {"schema": {"type": "string", "format": "binary"}},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"image": {"type": "string", "format": "binary"}},
                "required": ["image"],
            }
        },
    },
}


def openapi(app: FastAPI, service: Service) -> JsonObject:
    """The OpenAPI 3.1 description, with the models that are here now as enumerations."""
    described = get_openapi(title="Vitrine", version=__version__, routes=app.routes)
    shapes = described["components"]["schemas"]
    for left_over in ("HTTPValidationError", "ValidationError"):  # of FastAPI, for its own 422
        shapes.pop(left_over, None)
    shapes[Problem.__name__] = Problem.model_json_schema()
    described["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "Where the server asks for one."}
    }
    known = {task.name: task for task in tasks.all_tasks() if task.takes_pictures}
    for path, operations in described["paths"].items():
        name = path.rsplit("/", 1)[-1]
        for method, operation in operations.items():
            operation["responses"] |= _problems(method, path)
            operation["security"] = [{}] if name == "health" else [{}, {"key": []}]
            if method == "post":
                operation["requestBody"] = _BODY
            if name in known:
                operation["summary"] = known[name].summary
                operation["description"] = known[name].returns
                operation["parameters"][0]["schema"]["enum"] = service.names(name)
    found: JsonObject = described
    return found


def _problems(method: str, path: str) -> JsonObject:
    """The refusals of a route, by status."""
    statuses = set(MEANINGS) if method == "post" else {401, 404, 405, 406, 422, 429, 500}
    if "{" not in path:
        statuses -= {404}
    content = {PROBLEM: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}}
    return {
        str(status): {"description": MEANINGS[status], "content": content}
        for status in sorted(statuses)
    }
