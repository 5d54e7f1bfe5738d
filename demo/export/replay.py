"""The few lines of Python that give the same answer once more."""

import keyword
import math
from collections.abc import Mapping, Sequence

PICTURE = "picture.jpg"
"""What the scripts call the visitor's picture; its real name may say too much."""


def replay_client(
    base_url: str, api_name: str, kwargs: Mapping[str, object], picture: str = PICTURE
) -> str:
    """A script that asks the same over HTTP with gradio_client.

    kwargs: the endpoint's arguments beside `image`; plain JSON values only. Every value is
    written as a literal, so that none can become code. Raises TypeError or ValueError else.
    """
    lines = [f"    {_name(key)}={_literal(value)}," for key, value in kwargs.items()]
    return "\n".join(
        [
            "# pip install gradio_client",
            "from gradio_client import Client, handle_file",
            "",
            f"client = Client({_literal(base_url)})",
            "answer = client.predict(",
            f"    image=handle_file({_literal(picture)}),",
            *lines,
            f"    api_name={_literal(api_name)},",
            ")",
            "print(answer)",
            "",
        ]
    )


def replay_local_scores(model: str, top_k: int, picture: str = PICTURE) -> str:
    """A script for the project's folder that classifies the same picture without a server."""
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
) -> str:
    """A script for the project's folder that finds the same boxes without a server."""
    wanted = _literal(tuple(classes))
    return _local(picture, model, size, "from demo.geometry import boxes") + (
        f"found = answer.result.select({_literal(confidence)}, {wanted})\n"
        f"if engine.spec({_literal(model)}).needs_nms:\n"
        f"    found = boxes.nms(found, {_literal(iou)})\n"
        "for xyxy, score, class_id in zip(found.xyxy, found.scores, found.class_ids):\n"
        "    corners = [round(float(v), 1) for v in xyxy]\n"
        '    print(f"{score:.4f}  {found.labels[class_id]}  {corners}")\n'
    )


def _local(picture: str, model: str, size: int | None, *imports: str) -> str:
    """The lines up to `answer`, the engine's prediction."""
    return "\n".join(
        [
            "# Run it in the project's folder, with the picture there too: python this_file.py",
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
    """Python source of a plain value. A subclass's own repr is never asked."""
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, str):
        return str.__repr__(value)
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"expected a finite number, got {value}")
        return float.__repr__(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, tuple):
        inside = ", ".join(map(_literal, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, dict):
        pairs = (f"{_literal(key)}: {_literal(item)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    raise TypeError(f"expected a plain value, got {type(value).__name__}")


def _name(text: str) -> str:
    if not text.isidentifier() or keyword.iskeyword(text):
        raise ValueError(f"expected the name of an argument, got {text!r}")
    return text
