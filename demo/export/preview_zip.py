"""All previews of one seed as a ZIP: lossless pictures, what was drawn, the code that draws."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from demo.images.encode import encode_png
from demo.results import Image


def preview_zip(previews: Sequence[Image], facts: Mapping[str, Any]) -> bytes:
    """`preview_1.png` …, `previews.json` (the answer of `/augment`) and `previews.py`.

    previews: H×W×3 uint8 RGB each. The pictures are named as the script names its own.
    """
    held = io.BytesIO()
    # PNG is compressed already; storing it as it is costs no time.
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as packed:
        for number, preview in enumerate(previews, 1):
            packed.writestr(f"preview_{number}.png", encode_png(preview))
        packed.writestr("previews.json", json.dumps(dict(facts), indent=1, ensure_ascii=False))
        packed.writestr("previews.py", facts["code"])
    return held.getvalue()
