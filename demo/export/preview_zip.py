"""The previews of one seed as a ZIP: lossless pictures, sampled parameters and the script."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence

from demo.images.encode import encode_png
from demo.results import Image


def preview_zip(previews: Sequence[Image], facts: Mapping[str, object]) -> bytes:
    """A ZIP of `preview_1.png` …, `previews.json` and `previews.py`.

    The pictures have the names that the script gives to its own.

    Args:
        previews: H×W×3 uint8 RGB each.
        facts: the JSON of `/augment`; its `code` becomes `previews.py`.
    """
    buffer = io.BytesIO()
    # PNG is compressed already.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
        for number, preview in enumerate(previews, 1):
            packed.writestr(f"preview_{number}.png", encode_png(preview))
        packed.writestr("previews.json", json.dumps(dict(facts), indent=1, ensure_ascii=False))
        packed.writestr("previews.py", str(facts["code"]))
    return buffer.getvalue()
