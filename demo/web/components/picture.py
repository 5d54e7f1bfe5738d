"""The picture components: an upload stays a file until the one decoder opens it."""

from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import gradio as gr
from gradio import component_meta, processing_utils
from gradio.data_classes import GradioModel, ImageData
from gradio.exceptions import InvalidPathError
from pydantic import ValidationError

from demo.i18n import translate
from demo.images.encode import encode_jpeg, encode_png

# Gradio writes a stub file beside every module that derives a component, at every start; a program
# does not change its own folder.
component_meta.create_or_modify_pyi = lambda *_: None


class UploadOnly(GradioModel):
    """Mixed into a data model: whatever a request says in place of a file is one sentence."""

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Check the fields. Raises gr.Error for anything but a file."""
        try:
            return super().model_validate(obj, **options)
        except ValidationError:
            raise not_uploaded() from None


class Upload(UploadOnly, ImageData):
    """An uploaded picture."""


class PictureIn(gr.Image):
    """An input whose handlers get the path of the uploaded file, untouched, or None.

    Gradio's own decoding loses EXIF rotation, 16-bit range and every readable error; here the
    handler opens the file through `demo.service.service`, which checks that it lies in the private folder.
    """

    data_model = Upload

    def get_block_name(self) -> str:
        """The front end's component."""
        return "image"

    def preprocess(self, payload: ImageData | None) -> str | None:
        """Pass the path on; a picture sent by address or as data has none inside the folder."""
        if payload is None:
            return None
        if not payload.path:
            raise not_uploaded()
        return str(payload.path)

    def postprocess(self, value: Any) -> ImageData | None:
        """Show an array as lossless PNG, so that it decodes to the same pixels again."""
        if value is None:
            return None
        if isinstance(value, str | Path):
            return ImageData(path=str(value), orig_name=Path(value).name)
        return _saved(encode_png(value), self.GRADIO_CACHE, "png")


class PictureOut(gr.Image):
    """An output that takes H×W×3 uint8 RGB and travels as JPEG.

    Gradio's default, WebP, takes 25 times as long for a 1-megapixel picture.
    """

    def get_block_name(self) -> str:
        """The front end's component."""
        return "image"

    def postprocess(self, value: Any) -> ImageData | None:
        """Write H×W×3 uint8 RGB as JPEG; a path names one that stands in the folder."""
        if value is None:
            return None
        if isinstance(value, str):
            return ImageData(path=value, orig_name=Path(value).name)
        return _saved(encode_jpeg(value), self.GRADIO_CACHE, "jpg")


def save(data: bytes, folder: str, suffix: str, stem: str = "vitrine") -> str:
    """Write `data` as `stem.suffix` into a folder that nobody can guess; the path."""
    path = place(folder) / f"{stem}.{suffix}"
    path.write_bytes(data)
    return str(path)


def place(folder: str) -> Path:
    """A new folder inside `folder` that nobody can guess."""
    made = Path(folder) / uuid4().hex
    made.mkdir(mode=0o700)
    return made


def _saved(data: bytes, folder: str, suffix: str) -> ImageData:
    path = save(data, folder, suffix)
    return ImageData(path=path, orig_name=f"vitrine.{suffix}", size=len(data))


def refuse_all_but_uploads() -> None:
    """Make Gradio answer a foreign address or path in a request with one sentence.

    Whichever component it is sent to: every value passes the first function before it is
    preprocessed, and every `http…` path is fetched by the second.
    """
    move = processing_utils.async_move_files_to_cache

    async def refuse(*_: Any, **__: Any) -> str:
        raise not_uploaded()

    async def move_politely(*values: Any, **options: Any) -> Any:
        try:
            return await move(*values, **options)
        except (InvalidPathError, OSError, ValueError):  # not allowed, or no path at all
            if options.get("postprocess"):
                raise
            raise not_uploaded() from None

    processing_utils.async_ssrf_protected_download = refuse
    processing_utils.async_move_files_to_cache = move_politely


def not_uploaded() -> gr.Error:
    """The answer to a value that is no upload."""
    return gr.Error(translate("picture_not_uploaded", "en"), print_exception=False)
