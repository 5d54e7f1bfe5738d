"""A test photo, files of it, and errors of the decoder."""

import io
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as pil

from demo.errors import DemoError
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.results import Image


@cache
def bus() -> Image:
    """The photo of a bus and four people in the ultralytics package, 810×1080."""
    import torch  # noqa: F401 - ultralytics sets the number of threads of a later torch to one
    import ultralytics

    path = Path(ultralytics.__file__).parent / "assets" / "bus.jpg"
    return np.array(pil.open(path))


def save(image: pil.Image, kind: str, **options: Any) -> bytes:
    """The bytes of a file written by Pillow."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def refused(data: bytes, limits: Limits | None = None) -> DemoError:
    """The error that the decoder raises for a file; fails if it raises none."""
    with pytest.raises(DemoError) as caught:
        decode(data, limits or Limits())
    return caught.value
