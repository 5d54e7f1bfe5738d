"""File types by signature."""

import pytest

from demo.images.file_types import recognise
from tests.support.photos import refused


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"MM\0+\0\x08", "TIFF"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "AVIF"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"),
    ],
)
def test_accepted_kinds(start: bytes, kind: str) -> None:
    assert recognise(start + bytes(32)) == kind


def test_other_file_types_are_named_in_the_error() -> None:
    kinds = {
        b"%PDF-1.7": "PDF",
        b"PK\x03\x04": "ZIP",
        b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom": "MP4 / QuickTime",
        b"\xef\xbb\xbf<?xml version='1.0'?>\n<svg xmlns=''/>": "SVG",
        b"<!DOCTYPE html><html>": "HTML",
        b"8BPS\0\1": "Photoshop PSD",
        b"\0\0\0\x0cJXL \r\n": "JPEG XL",
    }
    kinds[bytes(60) + b"TRUEVISION-XFILE.\0"] = "TGA"
    for data, kind in kinds.items():
        assert refused(data).fields["kind"] == kind
    assert refused(b"").key == "image_empty"
    assert refused(b"hello").key == "image_unknown"
    assert "JPEG, PNG, WebP" in str(refused(b"hello"))
