"""The picture in the body of a request while it is answered: in memory, or in a private file."""

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from anyio.to_thread import run_sync
from starlette.requests import Request

from demo.asgi.form_parts import FormParts
from demo.errors import DemoError
from demo.service.upload_budget import Reservation, UploadBudget
from demo.service.uploads import PassingUpload, UploadStore
from demo.system import is_disk_full
from demo.validate import brief

_FIELD = "image"
_BUFFER_BYTES = 256_000
"""What of a body is in memory at once: a smaller one needs no file."""
_STEP_BYTES = 1_000_000
"""Room that is asked for at once."""


@asynccontextmanager
async def picture_body(
    request: Request, uploads: UploadStore, budget: UploadBudget
) -> AsyncIterator[PassingUpload]:
    """The picture: the raw body, or the field `image` of a form. Its file is deleted after.

    A large one is written as it arrives. A raw body may be called any type but JSON: curl calls it
    a form without being asked. The size of the body is limited before (see `BodyLimit`).

    Raises:
        DemoError: there is no picture in the body, or no room for it.
        ClientDisconnect: the client has left.
    """
    folder = uploads.folder / uuid4().hex
    try:
        with budget.reservation() as room:
            upload = await _receive(request, folder / "picture", room, budget)
        yield upload
    finally:
        # In this thread: a request that is cancelled may wait for no other one.
        shutil.rmtree(folder, ignore_errors=True)


async def _receive(
    request: Request, path: Path, room: Reservation, budget: UploadBudget
) -> PassingUpload:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        raise DemoError("api_json_body", field=_FIELD)
    form = _PictureForm(request.headers["content-type"]) if kind.startswith("multipart/") else None
    declared = request.headers.get("content-length", "")
    length = int(declared) if declared.isdecimal() else None
    if length is not None:
        await budget.check(length)
    step = _STEP_BYTES if length is None else min(length, _STEP_BYTES)
    with _Growing(path) as file:
        async for chunk in request.stream():
            data = form.picture(chunk) if form else chunk
            if len(data) > room.left_bytes:
                await room.extend(max(len(data), step))
            room.take(len(data))
            await file.add(data)
        if form:
            form.check_complete()
        return PassingUpload(await file.finish())


class _Growing:
    """A file that is written in a thread, a buffer at a time."""

    def __init__(self, path: Path) -> None:
        """Nothing is made before the first buffer is full."""
        self._path = path
        self._chunks: list[bytes] = []
        self._size_bytes = 0
        self._file: BinaryIO | None = None

    def __enter__(self) -> "_Growing":
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    async def add(self, data: bytes) -> None:
        """Take bytes. Raises DemoError where the disk is full."""
        self._chunks.append(data)
        self._size_bytes += len(data)
        if self._size_bytes >= _BUFFER_BYTES:
            await run_sync(self._write, False)

    async def finish(self) -> bytes | Path:
        """The whole: where it fits into one buffer, its bytes. Raises DemoError as `add` does."""
        if self._file is None:
            return b"".join(self._chunks)
        await run_sync(self._write, True)
        return self._path

    def _write(self, last: bool) -> None:
        try:
            if self._file is None:
                self._path.parent.mkdir(mode=0o700)
                self._file = self._path.open("wb")
            self._file.writelines(self._chunks)
            if last:
                self._file.close()
        except OSError as fault:
            if is_disk_full(fault):
                raise DemoError("disk_full") from fault
            raise
        self._chunks.clear()
        self._size_bytes = 0


class _PictureForm:
    """A form with a picture in one field and nothing else."""

    def __init__(self, content_type: str) -> None:
        """Raises DemoError for another type of body."""
        self._malformed = DemoError("api_no_image", field=_FIELD)
        self._data = bytearray()
        self._found = self._complete = False
        self._parts = FormParts(
            content_type, self._malformed, self._begin, self._data.extend, self._end
        )

    def picture(self, chunk: bytes) -> bytes:
        """The bytes of the picture in the next piece. Raises DemoError for any other field."""
        self._parts.feed(chunk)
        data = bytes(self._data)
        self._data.clear()
        return data

    def check_complete(self) -> None:
        """Raise DemoError for a form that breaks off, or has no picture."""
        if not (self._found and self._complete):
            raise self._malformed

    def _begin(self, named: Mapping[bytes, bytes]) -> None:
        name = named.get(b"name", b"").decode("utf-8", "replace")
        if name != _FIELD or self._found:
            raise DemoError("api_form_field", got=brief(name), field=_FIELD)
        self._found = True

    def _end(self) -> None:
        self._complete = True
