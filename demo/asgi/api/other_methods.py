"""Requests of the API that fit no route: 405 where another method would, else 404."""

from collections.abc import Iterable

from fastapi import APIRouter
from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from demo.asgi.api.problem import problem
from demo.asgi.rest_paths import API_PATH
from demo.errors import DemoError


class OtherMethods:
    """ASGI application behind all routes: the page would take any path for one of its own."""

    def __init__(self, routers: Iterable[APIRouter]) -> None:
        """Answer for what none of `routers` takes, which stand below `API_PATH`."""
        routes = (route for router in routers for route in router.routes)
        self._routes = [route for route in routes if isinstance(route, Route)]

    @property
    def route(self) -> Route:
        """The route of every path of the API and every method."""
        return Route(f"{API_PATH}/{{path:path}}", self, name="other", include_in_schema=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        asked = Headers(scope=scope)
        allowed = self._allowed(scope)
        if not allowed:
            answer = problem(DemoError("api_route"), asked, status=404, unread=True)
        else:
            names = ", ".join(sorted(allowed))
            fault = DemoError("api_method", allowed=names, method=scope["method"][:20])
            answer = problem(fault, asked, status=405, unread=True)
            answer.headers["allow"] = names
        await answer(scope, receive, send)

    def _allowed(self, scope: Scope) -> set[str]:
        """Methods that the path takes."""
        path = get_route_path(scope).removeprefix(API_PATH)
        fitting = [route for route in self._routes if route.path_regex.match(path)]
        return {method for route in fitting for method in route.methods or ()}
