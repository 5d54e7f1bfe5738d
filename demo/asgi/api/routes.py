"""All routes of the REST API and its documents."""

from fastapi import FastAPI

from demo.asgi.api.answers import answer_router
from demo.asgi.api.augment import augment_router
from demo.asgi.api.compare import compare_router
from demo.asgi.api.documents import documents_router
from demo.asgi.api.explain import explain_router
from demo.asgi.api.line import Line
from demo.asgi.api.models import models_router
from demo.asgi.api.other_methods import OtherMethods
from demo.asgi.api.picture_route import PictureRoutes
from demo.asgi.rest_paths import API_PATH
from demo.service.service import Service
from demo.service.upload_budget import UploadBudget


def add_rest(app: FastAPI, service: Service, budget: UploadBudget) -> None:
    """Add the routes to `app`, which answer by `service` and take room from `budget`."""
    line = Line(service, service.settings.rest_waiting)
    pictures = PictureRoutes(line, budget)
    makers = (answer_router, compare_router, explain_router, augment_router)
    routers = [made(pictures) for made in makers]
    routers.append(models_router(line))
    for router in routers:
        app.include_router(router, prefix=API_PATH)
    app.include_router(documents_router(app, service), prefix="/api")
    app.router.routes.append(OtherMethods(routers).route)
