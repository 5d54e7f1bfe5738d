"""The parts that the answers of all tasks share, as HTML."""

import base64
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import quote

from demo.drawing.detections import draw_window
from demo.export.files import File
from demo.i18n import translate
from demo.images.decode import Picture
from demo.images.encode import encode_jpeg, encode_png, thumbnail
from demo.inference.engine import Prediction
from demo.models.spec import InputView
from demo.results import Timing
from demo.web.views.device import device_text
from demo.web.views.templates import render

_PARTS = ("decode", "preprocess", "forward", "postprocess", "draw")
_MIN_LISTED_MS = 0.5
_THUMBNAIL_SIDE = 480
_MAGNIFIED_BELOW = 128
"""Network inputs with a shorter longest side, pixels, are enlarged without smoothing."""


class _Part(NamedTuple):
    """One part of the time bar; `listed`: long enough for the legend."""

    name: str
    percent: str
    ms: str
    listed: bool


class Link(NamedTuple):
    """A link that saves a file; without a file name the address decides it."""

    title: str
    href: str
    file_name: str | None


def note(text: str, kind: str = "calm") -> str:
    """A line of text; kind is calm, busy or warn."""
    return render("note", text=text, kind=kind)


def empty(key: str) -> str:
    """The frame of an answer that is still to come, with the string `key` in every language."""
    return render("empty", key=key)


def hint(key: str) -> str:
    """A note with the string `key` in every language, for the page as it is first delivered."""
    return render("hint", key=key)


def megabytes(size_bytes: int | None) -> str:
    """A file size, `5.5 MB`; `?` where it is not known."""
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes else "?"


def picture_notes(picture: Picture, locale: str) -> str:
    """What the decoder did to the file, one note each; empty where it did nothing."""
    texts = [translate(n.key, locale, **dict(n.fields)) for n in picture.notes]
    return render("notes", texts=texts)


def timing(spent: Timing, prediction: Prediction, locale: str) -> str:
    """Where the time of a request went, as a bar of five parts with a legend, and the device.

    Args:
        spent: of this request alone; forward is 0 where the prediction was cached.
        prediction: names model and device, and the forward time of a cached answer.
        locale: one of `demo.i18n.LOCALES`.
    """
    total = max(spent.total, 1e-9)
    parts = []
    for name in _PARTS:
        ms = getattr(spent, name)
        parts.append(_Part(name, f"{100 * ms / total:.1f}", f"{ms:.0f}", ms >= _MIN_LISTED_MS))
    return render(
        "timing",
        parts=parts,
        total_ms=f"{spent.total:.0f}",
        kept_forward_ms=prediction.timing.forward if spent.forward == 0 else None,
        model=prediction.model,
        device=device_text(prediction.device, locale),
        backend=prediction.backend,
        locale=locale,
    )


def model_input(picture: Picture, view: InputView, locale: str) -> str:
    """What the model saw: the window on the upload, and the network's input pixel for pixel."""
    small = thumbnail(picture.rgb, _THUMBNAIL_SIDE)
    # One scale per axis: a thin picture's thumbnail does not have exactly the same aspect ratio.
    scale_x, scale_y = (small.shape[i] / picture.rgb.shape[i] for i in (1, 0))
    x0, y0, x1, y1 = view.window_xyxy
    window = draw_window(small, (x0 * scale_x, y0 * scale_y, x1 * scale_x, y1 * scale_y))
    height, width = view.image.shape[:2]
    return render(
        "model_input",
        window=data_uri(encode_jpeg(window), "image/jpeg"),
        network_input=data_uri(encode_png(view.image), "image/png"),
        magnified=max(height, width) < _MAGNIFIED_BELOW,
        width=width,
        height=height,
        locale=locale,
    )


def download_links(files: Iterable[File], locale: str, picture_path: str = "") -> str:
    """Links that save the files of an answer.

    Args:
        files: their content travels in the links, so that nothing is written on the server.
        locale: one of `demo.i18n.LOCALES`.
        picture_path: a picture in the private folder that comes first; empty for none.
    """
    links = [Link(f.title, data_uri(f.content, f.mime), f.name) for f in files]
    if picture_path:
        links.insert(0, Link(translate("save_picture", locale), file_address(picture_path), None))
    return render("download_links", links=links, locale=locale)


def download_link(path: str, file_name: str) -> str:
    """A link that saves a file of the private folder under `file_name`."""
    return render("download_link", href=file_address(path), file_name=file_name)


def file_address(path: str) -> str:
    """The address of a file in the private folder, relative to the page."""
    return f"gradio_api/file={quote(path)}"


def data_uri(content: bytes, mime: str) -> str:
    """The content as an address that needs no request."""
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"
