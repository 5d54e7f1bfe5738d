"""Check of the input size that a request asks for."""

from demo import validate
from demo.errors import DemoError
from demo.models.spec import ImageRequest, ModelSpec, Request


def check_size(spec: ModelSpec, request: Request) -> Request:
    """The request, with a size that the model takes. Raises DemoError for any other."""
    if not isinstance(request, ImageRequest) or request.size in (None, spec.input_size):
        return request
    if spec.fixed_size:
        got = validate.brief(request.size)
        raise DemoError("size_fixed", got=got, name=spec.name, size=spec.input_size)
    size = validate.whole(request.size, "size", 64, 1280)
    if size % 32:
        raise DemoError("size_not_multiple", got=size)
    return ImageRequest(request.image, size)
