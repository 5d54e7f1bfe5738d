"""The scripts of the page as one file, which browsers keep until it changes."""

import hashlib

from starlette.requests import Request
from starlette.responses import Response

PATH = "/page.js"
_KEEP = "public, max-age=31536000, immutable"


class PageScripts:
    """The scripts of the page: one answer to a request, and the tag that names it."""

    def __init__(self, script: str) -> None:
        """Take the JavaScript of the page."""
        self._script = script.encode()
        digest = hashlib.sha256(self._script).hexdigest()[:16]
        # Relative, so that it holds below any prefix; the digest makes a changed file a new one.
        self.tag = f'<script src=".{PATH}?{digest}"></script>'

    async def answer(self, _: Request) -> Response:
        """Answer with the scripts."""
        return Response(
            self._script, media_type="text/javascript", headers={"cache-control": _KEEP}
        )
