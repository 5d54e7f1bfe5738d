"""Replay scripts: a few lines of Python that give the same answer again."""

import ast
import json
import shlex
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote, urlencode

PICTURE = "picture.jpg"
"""Default name of the picture in scripts; the visitor's file name may be private."""

REST_PATH = "/api/v1"
"""Where the REST API stands on a server."""


class Listing(NamedTuple):
    """What a script without a server does with the boxes that it has found.

    module: of `demo.geometry`, whose `nms` drops duplicates. lines: source that comes before the
    boxes are printed. numbers: the field whose numbers are printed of each.
    """

    module: str = "boxes"
    lines: str = ""
    numbers: str = "xyxy"


BOXES = Listing()
MASKS = Listing(lines="found = found.with_pixels()\nprint(found.masks.areas())\n")
POSES = Listing(lines="print(found.skeleton.names)\nprint(found.keypoints.round(2))\n")

ORIENTED = Listing("rotated_boxes", numbers="xywhr")


def rest_script(
    base_url: str, route: str, options: Sequence[tuple[str, object]], picture: str = PICTURE
) -> str:
    """A script that asks the REST API, with Python alone; its first line does so with curl.

    Args:
        base_url: address of the server.
        route: such as `detect`.
        options: of the route; a list is stated a name at a time. Every value is written as a
            literal, so that none can become code.
        picture: path of the picture.

    Raises:
        TypeError: for a value that is not of JSON's types.
        ValueError: for a float that is not finite, and a value whose `repr` is no literal of it.
    """
    named = [(name, one) for name, value in options for one in _several(value)]
    lines = [f"    ({_literal(name)}, {_literal(value)})," for name, value in named]
    address = f"{base_url}{REST_PATH}/{route}"
    return "\n".join(
        [
            f"# {_curl(f'{address}?{urlencode(named)}', picture)}",
            "import json",
            "from pathlib import Path",
            "from urllib.parse import urlencode",
            "from urllib.request import Request, urlopen",
            "",
            "options = [",
            *lines,
            "]",
            f"address = {_literal(address)}",
            f"picture = Path({_literal(picture)}).read_bytes()",
            "headers = {}  # where the server asks for a key: {'Authorization': 'Bearer KEY'}",
            'request = Request(f"{address}?{urlencode(options)}", picture, headers)',
            "with urlopen(request) as answer:",
            "    print(json.dumps(json.load(answer), indent=2, ensure_ascii=False))",
            "",
        ]
    )


def replay_local_scores(model: str, top_k: int, picture: str = PICTURE) -> str:
    """A script for the project's folder that classifies the picture without a server."""
    return _local(picture, model, None) + (
        f"for label, score in answer.result.top({_literal(top_k)}):\n"
        '    print(f"{score:.4f}  {label}")\n'
    )


def replay_local_detections(
    model: str,
    confidence: float,
    iou: float,
    classes: Sequence[str],
    size: int | None,
    picture: str = PICTURE,
    listing: Listing = BOXES,
) -> str:
    """A script for the project's folder that detects the same boxes without a server."""
    labels, module = _literal(tuple(classes)), listing.module
    return _local(picture, model, size, f"from demo.geometry import {module}") + (
        f"found = answer.result.select({_literal(confidence)}, {labels})\n"
        f"if engine.spec({_literal(model)}).needs_nms:\n"
        f"    found = {module}.nms(found, {_literal(iou)})\n"
        f"{listing.lines}"
        f"for box, score, i in zip(found.{listing.numbers}, found.scores, found.class_ids):\n"
        "    numbers = [round(float(v), 2) for v in box]\n"
        '    print(f"{score:.4f}  {found.labels[i]}  {numbers}")\n'
    )


def _local(picture: str, model: str, size: int | None, *imports: str) -> str:
    """The lines up to `answer`, the engine's prediction."""
    return "\n".join(
        [
            "# Run it in the project's folder, with the picture beside it: python this_file.py",
            "import os",
            "import sys",
            "from pathlib import Path",
            "",
            'sys.path.insert(0, ".")',
            *imports,
            "from demo.images.decode import decode",
            "from demo.images.limits import Limits",
            "from demo.inference.local_engine import LocalEngine",
            "from demo.models.spec import ImageRequest",
            "from demo.settings import Settings",
            "",
            "settings = Settings.from_env(os.environ)",
            f"data = Path({_literal(picture)}).read_bytes()",
            "picture = decode(data, Limits.of(settings))",
            "engine = LocalEngine(settings)",
            f"answer = engine.run({_literal(model)}, ImageRequest(picture.rgb, {_literal(size)}))",
            "",
        ]
    )


def _literal(value: object) -> str:
    """Python source of a value of JSON's types or a tuple; see `rest_script` for errors."""
    json.dumps(value, allow_nan=False)
    text = repr(value)
    # A subclass may have any repr; only a literal of the same value is written.
    if ast.literal_eval(text) != value:
        raise ValueError(f"expected a literal of {value!s}, got {text}")
    return text


def _several(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _curl(address: str, picture: str) -> str:
    """The command in one line, for a shell; a picture whose name holds others is `PICTURE`."""
    name = picture if picture.isprintable() else PICTURE
    safe = quote(address, safe="%:/?#[]@!$&*+,;=-._~")
    return f"curl --data-binary {shlex.quote(f'@{name}')} {shlex.quote(safe)}"
