"""`GET /api/v1/models`, `GET /api/v1/models/{name}` and `GET /api/v1/health`."""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from demo import __version__, tasks
from demo.asgi.api.line import Line
from demo.asgi.api.media_types import JSON, wanted_format
from demo.asgi.api.options import check_names
from demo.asgi.api.problem import problem
from demo.errors import DemoError
from demo.inference.engine import ModelRow
from demo.inference.named_model import named_model
from demo.models.file_stamp import FileStamp
from demo.service.service import Service


class ModelScore(BaseModel):
    """A published or measured score."""

    metric: str = ""
    value: float = Field(description="In %, unless unit names another unit.")
    low: float | None = Field(None, description="Lower end of the 95 % interval.")
    high: float | None = Field(None, description="Upper end of it.")
    n: int | None = Field(None, description="Number of pictures.")
    dataset: str = ""
    unit: str = ""


class Model(BaseModel):
    """A model of the catalog."""

    name: str = Field(description="What the option model of the other routes takes.")
    title: str
    task: str = Field(description="The route that it answers at, such as detect.")
    available: bool = Field(description="Whether its weights are on this machine.")
    origin: Literal["embedded", "package", "folder", "cache", "official"] = Field(
        description="Where its weights come from: embedded in the project, an installed package,"
        " the owner's folder, the cache of downloads, or its official source (not here yet)."
    )
    lineage: str = Field(description="The family of its network.")
    params: int | None = Field(description="Number of parameters.")
    size_bytes: int | None = Field(description="Size of its file.")
    input_size: int = Field(description="Side of the network's input, pixels.")
    classes: int = Field(description="How many labels it knows.")
    published: ModelScore | None
    measured: ModelScore | None
    licence: str
    source: str
    command: str = Field(description="The command line that brings its weights.")
    resident: bool = Field(description="Whether it is loaded.")
    backend: str | None = Field(
        description="What runs its network now, as in answers; null where it is not loaded."
    )


class ModelDetail(Model):
    """A model of the catalog with its labels."""

    labels: list[str] = Field(description="By class id.")
    confidence: float | None = Field(description="Its own lowest score of a box, 0–1.")
    iou: float | None = Field(description="Its own largest overlap of two boxes, 0–1.")


class Health(BaseModel):
    """That the server answers, and how busy this API is."""

    status: Literal["ok"]
    version: str
    device: str = Field(description="For people, such as CPU · 2 cores.")
    waiting: int = Field(description="Requests of this API in line.")
    running: int = Field(description="Answers of this API under way.")


_NAME_DOC = "the name of a model, see /models."
_Name = Annotated[str, Path(description=_NAME_DOC)]


def models_router(line: Line) -> APIRouter:
    """The routes."""
    router, service = APIRouter(), line.service

    async def models(request: Request) -> Response:
        """Every model of the catalog: whether it can answer here, its size, scores and licence."""
        rows = service.engine.models
        return await _answered(request, lambda: [_entry(service, row) for row in rows()])

    async def model(request: Request, name: _Name) -> Response:
        """One model with its labels."""
        return await _answered(request, lambda: _detail(service, name))

    async def health(request: Request) -> Response:
        """That the server answers, and how many requests wait. It asks for no key."""
        return await _answered(request, lambda: _health(line))

    for path, function, shape in (
        ("/models", models, list[Model]),
        ("/models/{name}", model, ModelDetail),
        ("/health", health, Health),
    ):
        router.get(path, response_model=shape)(function)
        router.head(path, include_in_schema=False)(function)
    return router


async def _answered(
    request: Request, make: Callable[[], BaseModel | Sequence[BaseModel]]
) -> Response:
    try:
        check_names(request.query_params, ())
        wanted_format(request, {"json": JSON})
        made = await run_sync(make)
    except DemoError as fault:
        status = 404 if fault.key in ("unknown_model", "no_model") else None
        return problem(fault, request.headers, status=status)
    if isinstance(made, BaseModel):
        return JSONResponse(made.model_dump())
    return JSONResponse([one.model_dump() for one in made])


def _entry(service: Service, row: ModelRow) -> Model:
    return Model.model_validate({**row, "origin": _origin(service, row)})


def _detail(service: Service, name: str) -> ModelDetail:
    """Raises DemoError for a name that no model has."""
    known = [task.name for task in tasks.all_tasks()]
    spec = named_model(service.engine, name, known)
    row = next(row for row in service.engine.models() if row["name"] == spec.name)
    own = {"labels": list(spec.labels), "confidence": spec.confidence, "iou": spec.iou}
    return ModelDetail.model_validate({**row, "origin": _origin(service, row), **own})


def _origin(service: Service, row: ModelRow) -> str:
    if row["own"]:
        return "folder"
    if row["embedded"] or row["packaged"]:
        return "embedded" if row["embedded"] else "package"
    if not row["available"]:
        return "official"
    stamp, folder = service.engine.weights_version(row["name"]), service.settings.weights_dir
    if isinstance(stamp, FileStamp) and folder is not None:
        return "folder" if stamp.path.is_relative_to(folder.resolve()) else "cache"
    return "cache"


def _health(line: Line) -> Health:
    device = line.service.engine.device_text()
    return Health(
        status="ok",
        version=__version__,
        device=device,
        waiting=line.waiting,
        running=line.running,
    )
