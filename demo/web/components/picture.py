"""Picture components: uploads stay untouched files, answers travel as JPEG."""

from pathlib import Path

import gradio as gr
import numpy as np
from gradio.data_classes import ImageData

from demo.errors import DemoError
from demo.images.encode import encode_jpeg
from demo.web.components.private_files import save
from demo.web.components.uploads import UploadedPath, UploadOnly


class Upload(UploadOnly, ImageData):
    """An uploaded picture."""


class PictureIn(gr.Image):
    """An input whose handlers get the path of the uploaded file, untouched, or None.

    Gradio's own decoding loses EXIF rotation, 16-bit range and every readable error. Here the
    handler opens the file through `demo.service.service`, which checks that it lies in the private
    folder.
    """

    data_model = Upload

    def get_block_name(self) -> str:
        """Name of the front end's component."""
        return "image"

    def preprocess(self, payload: ImageData | None) -> UploadedPath | None:
        """Return the path. Raises DemoError for a picture sent by address or as inline data."""
        if payload is None:
            return None
        if not payload.path:
            raise DemoError("picture_not_uploaded")
        return UploadedPath.of(payload)

    def postprocess(self, value: object) -> ImageData | None:
        """Show a file of the private folder, such as an example; see `asgi/upload_preview.py`."""
        if value is None:
            return None
        assert isinstance(value, str | Path)
        return ImageData(path=str(value), orig_name=Path(value).name)


class PictureOut(gr.Image):
    """An output that takes H×W×3 uint8 RGB and travels as JPEG.

    Gradio's default, WebP, takes 25 times as long for a 1-megapixel picture.
    """

    def get_block_name(self) -> str:
        """Name of the front end's component."""
        return "image"

    def postprocess(self, value: object) -> ImageData | None:
        """Write H×W×3 uint8 RGB as JPEG; a path names a file that is in the folder already."""
        if value is None:
            return None
        if isinstance(value, str):
            return ImageData(path=value, orig_name=Path(value).name)
        assert isinstance(value, np.ndarray)
        data = encode_jpeg(value)
        return ImageData(
            path=save(data, self.GRADIO_CACHE, "jpg"), orig_name="vitrine.jpg", size=len(data)
        )
