"""New pictures of a visitor: files that the page has uploaded, looked through on the server."""

import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import gradio as gr

from demo.batch.limits import BatchLimits
from demo.batch.pictures import Gathered, LeftOut, NamedPicture, Source, gather
from demo.errors import DemoError
from demo.i18n import translate
from demo.images.file_types import recognise
from demo.service.service import Service
from demo.service.upload_room import check_room
from demo.web.components.batches.messages import NotSent, Sent, SentFile, read
from demo.web.components.batches.visitor_batch import VisitorBatch
from demo.web.components.batches.visitors import Visitors
from demo.web.components.private_files import new_folder
from demo.web.request import request_locale
from demo.web.tab import Context

_HEAD_BYTES = 512


def start_handler(context: Context, visitors: Visitors) -> Callable[..., str]:
    """The handler that takes a visitor's pictures; the older ones stay where it cannot.

    Its input is a message of the page, its output the sentence about what is wrong, as JSON.
    """

    def start(request: gr.Request, message: str) -> str:
        error = ""
        try:
            batch = _batch(context.service, read(Sent, message))
            visitors.put(str(request.session_hash), batch)
        except DemoError as fault:
            error = translate(fault.key, request_locale(request), **fault.fields)
        # The page is told of a value that is another than the last one.
        return json.dumps({"error": error, "number": secrets.token_hex(4)}, ensure_ascii=False)

    return start


def _batch(service: Service, sent: Sent) -> VisitorBatch:
    """Raises DemoError for what is beyond the limits, and where there is no picture."""
    found: list[Source] = []
    left = [_not_sent(one) for one in sent.left]
    for one in sent.files:
        source = _source(service, one)
        if isinstance(source, LeftOut):
            left.append(source)
        else:
            found.append(source)
    size_bytes = sum(source.path.stat().st_size for source in found if _is_zip(source))
    check_room(service.uploads, service.settings, size_bytes)
    folder = new_folder(str(service.uploads.folder))
    unpacked = folder / "pictures"
    unpacked.mkdir(0o700)
    gathered = gather(found, unpacked, BatchLimits.of(service.settings))
    pictures = tuple(_with_extension(one, unpacked) for one in gathered.pictures)
    left = [*left, *gathered.left_out]
    if not pictures:
        raise left[0].error if len(left) == 1 else DemoError("several_no_picture", count=len(left))
    return VisitorBatch(service, folder, Gathered(pictures, tuple(left)))


def _source(service: Service, sent: SentFile) -> Source | LeftOut:
    """An upload; what else a path may lead to is left out."""
    try:
        return Source(service.uploads.touch(sent.path), sent.name)
    except DemoError as error:
        return LeftOut(sent.name, error)


def _not_sent(one: NotSent) -> LeftOut:
    return LeftOut(one.name, DemoError(one.why, name=one.name, limit=one.limit or 0))


def _is_zip(source: Source) -> bool:
    return source.path.suffix.lower() == ".zip"


def _with_extension(picture: NamedPicture, unpacked: Path) -> NamedPicture:
    """The picture under a name by which the server tells browsers its kind."""
    if picture.path.parent != unpacked:
        return picture
    with picture.path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    try:
        kind = recognise(head)
    except DemoError:  # its answer says so
        return picture
    return replace(picture, path=picture.path.rename(picture.path.with_suffix(f".{kind.lower()}")))
