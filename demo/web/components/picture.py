"""Picture components: uploads stay untouched files, answers travel as JPEG."""

from pathlib import Path
from typing import NamedTuple

import gradio as gr
import numpy as np
from gradio.data_classes import ImageData

from demo.errors import DemoError
from demo.images.encode import encode_jpeg, encode_png
from demo.results import Image
from demo.web.components.private_files import save
from demo.web.components.uploads import UploadedPath, UploadOnly


class Upload(UploadOnly, ImageData):
    """An uploaded picture."""


class ShownAs(NamedTuple):
    """A picture that the page shows in place of an upload, whose name it keeps.

    rgb: H×W×3 uint8 RGB. given_name: of the upload.
    """

    rgb: Image
    given_name: str


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
        """Show a `ShownAs` as lossless PNG, so that it decodes to the same pixels again."""
        if value is None:
            return None
        if isinstance(value, str | Path):
            return ImageData(path=str(value), orig_name=Path(value).name)
        assert isinstance(value, ShownAs)
        data = encode_png(value.rgb)
        path = save(data, self.GRADIO_CACHE, "png")
        return ImageData(path=path, orig_name=value.given_name, size=len(data))


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
