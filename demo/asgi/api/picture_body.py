"""The picture in the body of a request, as a file of the private folder while it is answered."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from anyio.to_thread import run_sync
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from demo.errors import DemoError
from demo.service.upload_budget import UploadBudget
from demo.service.uploads import UploadStore
from demo.system import is_disk_full

_FIELD = "image"


@asynccontextmanager
async def picture_body(
    request: Request, uploads: UploadStore, budget: UploadBudget
) -> AsyncIterator[str]:
    """The path of the picture: the raw body, or the field `image` of a form. It is deleted after.

    The size of the body is limited before (see `BodyLimit`).

    Raises:
        DemoError: there is no picture in the body, or no room for it.
    """
    data = await _read(request)
    folder = uploads.folder / uuid4().hex
    with budget.reservation() as room:
        await room.extend(len(data))
        room.take(len(data))
        try:
            await run_sync(_write, folder, data)
            yield str(folder / "picture")
        finally:
            await run_sync(shutil.rmtree, folder, True)


async def _read(request: Request) -> bytes:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body()
    try:
        async with request.form(max_files=1, max_fields=0) as form:
            field = form.get(_FIELD)
            if not isinstance(field, UploadFile):
                raise DemoError("api_no_image", field=_FIELD)
            return await field.read()
    except MultiPartException:
        raise DemoError("api_no_image", field=_FIELD) from None


def _write(folder: Path, data: bytes) -> None:
    try:
        folder.mkdir(mode=0o700)
        (folder / "picture").write_bytes(data)
    except OSError as fault:
        if is_disk_full(fault):
            raise DemoError("disk_full") from fault
        raise
