"""What the routes about a picture have in common: the line, the body, the work and refusals."""

from collections.abc import Callable, Sequence
from functools import partial

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from demo.asgi.api.line import Line
from demo.asgi.api.options import Option, check_names
from demo.asgi.api.picture_body import picture_body
from demo.asgi.api.problem import problem
from demo.errors import DemoError
from demo.explain.passes import Progress
from demo.service.upload_budget import UploadBudget
from demo.service.uploads import PassingUpload

PictureWork = Callable[[PassingUpload, Progress], Response]
"""From the picture to the answer, in a thread; it may be told to stop."""
Prepare = Callable[[Request], tuple[Sequence[str], PictureWork]]
"""From the address and the header of a request to the models that it needs, and the work."""


class PictureRoutes:
    """Answers requests whose body is a picture."""

    def __init__(self, line: Line, budget: UploadBudget) -> None:
        """Take room for pictures from `budget`."""
        self.line = line
        self.service = line.service
        self._budget = budget

    async def respond(
        self,
        request: Request,
        options: Sequence[Option],
        prepare: Prepare,
        *,
        many_passes: bool = False,
    ) -> Response:
        """The answer, or a problem. Nothing of the picture is kept.

        Args:
            request: its body is not read where the line is full or the address is wrong.
            options: that the address may have.
            prepare: raises DemoError for a wrong address or header.
            many_passes: the work takes many.
        """
        arrived = False
        try:
            check_names(request.query_params, options)
            models, work = prepare(request)
            with self.line.place(many_passes=many_passes) as place:
                uploads = self.service.uploads
                async with picture_body(request, uploads, self._budget) as upload:
                    arrived = True
                    return await place.answer(request, models, partial(work, upload))
        except DemoError as fault:
            return problem(fault, request.headers, unread=not arrived)
        except ClientDisconnect:  # nobody reads this
            return Response(status_code=499)
