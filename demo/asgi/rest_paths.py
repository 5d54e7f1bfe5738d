"""Which requests are those of the REST API."""

from starlette._utils import get_route_path
from starlette.types import Scope

from demo.export.replay import REST_PATH

API_PATH = REST_PATH
"""Begin of the paths of the API, but for those of its documents."""


def is_rest(scope: Scope) -> bool:
    """Whether a request is one of the API, so that a refusal has to be a problem (RFC 9457)."""
    return scope["type"] == "http" and get_route_path(scope).startswith(f"{API_PATH}/")
