"""Copies of pictures in exports: the file itself where trainers read it as it was read here."""

from demo.batch.export.base import Entry
from demo.batch.sinks import Sink
from demo.images.encode import encode_jpeg, encode_png

_EXTENSIONS = {"JPEG": ".jpg", "PNG": ".png", "WebP": ".webp"}
"""Formats that every reader takes, and the extension by which it knows them."""
_JPEG_QUALITY = 95
_FIRST_FRAME, _TURNED = "note_first_frame", "note_turned"


def put_any(entry: Entry, folder: str, sink: Sink) -> str:
    """Put a picture into a folder of the sink; its name there.

    It is the file itself, or a PNG of its pixels where trainers do not read it, read another frame
    of it, or do not turn it upright: of JPEG files they know the orientation.
    """
    answer, notes = entry.answer, _notes(entry)
    extension = _EXTENSIONS.get(answer.format)
    turned = _TURNED in notes and answer.format != "JPEG"
    if extension is None or turned or _FIRST_FRAME in notes:
        name = f"{entry.stem}.png"
        sink.write(f"{folder}/{name}", encode_png(entry.rgb()))
    else:
        name = f"{entry.stem}{extension}"
        sink.copy(f"{folder}/{name}", answer.picture.path)
    return name


def put_jpeg(entry: Entry, folder: str, sink: Sink) -> str:
    """As `put_any`, but always a JPEG file whose pixels stand upright in it."""
    name = f"{entry.stem}.jpg"
    if entry.answer.format == "JPEG" and _TURNED not in _notes(entry):
        sink.copy(f"{folder}/{name}", entry.answer.picture.path)
    else:
        sink.write(f"{folder}/{name}", encode_jpeg(entry.rgb(), _JPEG_QUALITY))
    return name


def _notes(entry: Entry) -> set[str]:
    return {note.key for note in entry.answer.notes}
