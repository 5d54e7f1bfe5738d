"""Uploads as data: anything else in their place is refused with one sentence."""

from pathlib import Path
from typing import Any, Self

from gradio import processing_utils
from gradio.data_classes import FileData, GradioModel, ImageData
from gradio.exceptions import InvalidPathError
from pydantic import ValidationError

from demo.errors import DemoError
from demo.export.names import file_name
from demo.system import is_disk_full


class UploadedPath(str):
    """The path of an upload, with the name that its owner knows it by.

    Gradio leaves characters out of the names of the files that it stores.
    """

    def __new__(cls, path: str, given_name: str) -> Self:
        """given_name: what the client states, a name or a path; not checked yet."""
        made = super().__new__(cls, path)
        made.given_name = given_name
        return made

    given_name: str

    @classmethod
    def of(cls, payload: FileData | ImageData) -> Self:
        """The path of a payload that has one; without a stated name the path has it."""
        path = str(payload.path)
        return cls(path, payload.orig_name or Path(path).name)


def given_name(path: str) -> str:
    """The name of an upload as its client states it, unchecked."""
    return path.given_name if isinstance(path, UploadedPath) else Path(path).name


def own_name(path: str) -> str:
    """The file name of an upload as its owner knows it. Raises DemoError for an impossible one."""
    return file_name(given_name(path))


class UploadOnly(GradioModel):
    """Mixin for data models: a request value that is not a file raises DemoError."""

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Check the fields. Raises DemoError for anything but a file."""
        try:
            return super().model_validate(obj, **options)
        except ValidationError:
            raise DemoError("picture_not_uploaded") from None


def refuse_all_but_uploads() -> None:
    """Make Gradio answer a foreign address or path in a request with one sentence.

    This covers every component: each value passes the first replaced function before it is
    preprocessed, and every `http…` path is fetched by the second.
    """
    move = processing_utils.async_move_files_to_cache

    async def refuse(*_: object, **__: object) -> str:
        raise DemoError("picture_not_uploaded")

    async def move_or_refuse(*values: Any, **options: Any) -> Any:
        try:
            return await move(*values, **options)
        except (InvalidPathError, OSError, ValueError) as fault:  # not allowed, or no path at all
            if options.get("postprocess") or is_disk_full(fault):
                raise
            raise DemoError("picture_not_uploaded") from None

    processing_utils.async_ssrf_protected_download = refuse
    processing_utils.async_move_files_to_cache = move_or_refuse
