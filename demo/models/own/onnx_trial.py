"""The first run of an ONNX file, in a process of its own that may crash, hang or want too much.

python -m demo.models.own.onnx_trial FILE SIDE prints the facts as JSON.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from demo.errors import DemoError
from demo.models.own.onnx_session import OnnxSession

_LONGEST_S = 20
_MEMORY_BYTES = 6 << 30
_HELD = Path("/proc/self/statm")
"""Its first number: pages of addresses, those of libraries too."""
_ROOT = Path(__file__).resolve().parents[3]
_MAX_SIDE = 1280
_USUAL_SIDE = 320
"""At which a network is tried that takes any size and states none, pixels."""


@dataclass(frozen=True, slots=True)
class OnnxFacts:
    """What an ONNX file says of itself, and what it answered once.

    input_hw: its height and width, each None where any will do. fixed_batch: it takes one picture
    at a time. shapes: of its outputs for one picture. probable: its first output is ≥ 0 with sum 1.
    """

    metadata: dict[str, str]
    input_hw: tuple[int | None, int | None]
    fixed_batch: bool
    shapes: tuple[tuple[int, ...], ...]
    probable: bool


def try_out(path: Path, side: int | None) -> OnnxFacts:
    """Load and run an ONNX file in another process.

    Args:
        path: the file; its structure has been checked.
        side: of the trial picture where the file leaves it open, pixels; None for the file's own.

    Raises:
        DemoError: it crashes, takes more than 20 s or 6 GB, or is no network for pictures.
    """
    command = [sys.executable, "-m", __name__, str(path.resolve()), str(side or 0)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT), *sys.path])}
    try:
        done = subprocess.run(
            command, cwd=_ROOT, env=environ, capture_output=True, timeout=_LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise DemoError("own_onnx_slow", file=path.name, seconds=_LONGEST_S) from None
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise DemoError("own_onnx_broken", file=path.name) from None
    if "refused" in answer:
        raise DemoError(answer["refused"], file=path.name, name=path.name)
    return OnnxFacts(
        answer["metadata"],
        tuple(answer["input_hw"]),
        answer["fixed_batch"],
        tuple(tuple(shape) for shape in answer["shapes"]),
        answer["probable"],
    )


def _trial(path: Path, side: int) -> dict[str, object]:
    """The facts of a file, or the key of the reason why it is refused."""
    try:
        session = OnnxSession(path.read_bytes(), threads=1)
    except (RuntimeError, MemoryError):
        return {"refused": "own_onnx_broken"}
    inputs = session.inputs
    if len(inputs) != 1 or len(inputs[0][2]) != 4 or "float" not in inputs[0][1]:
        return {"refused": "own_onnx_input"}
    batch, channels, height, width = (n if isinstance(n, int) else None for n in inputs[0][2])
    if batch not in (None, 1) or channels not in (None, 3):
        return {"refused": "own_onnx_input"}
    if any(n is not None and not 16 <= n <= _MAX_SIDE for n in (height, width)):
        return {"refused": "own_onnx_input"}
    stated = trial_side(side, session.metadata)
    shape = (1, 3, height or stated, width or stated)
    pixels = np.random.default_rng(0).random(shape, np.float32)
    try:
        outputs = session.run(pixels)
    except (RuntimeError, MemoryError):
        return {"refused": "own_onnx_broken"}
    first = outputs[0]
    if not np.isfinite(first).all():
        return {"refused": "not_finite"}
    return {
        "metadata": session.metadata,
        "input_hw": [height, width],
        "fixed_batch": batch is not None,
        "shapes": [output.shape for output in outputs],
        "probable": bool(first.min() >= 0 and abs(float(first.sum()) - 1) < 1e-3),
    }


def trial_side(stated: int | None, metadata: Mapping[str, str]) -> int:
    """The side of the trial picture where the file leaves it open, pixels."""
    return stated or stated_side(metadata) or _USUAL_SIDE


def stated_side(metadata: Mapping[str, str]) -> int | None:
    """The longest side of `imgsz`, such as `[640, 640]`; None where none is stated."""
    words = [word.strip() for word in metadata.get("imgsz", "").strip("[]()").split(",")]
    side = max((int(word) for word in words if word.isdecimal() and len(word) < 6), default=0)
    return side if 16 <= side <= _MAX_SIDE else None


def limit_memory() -> None:
    """Bound what this process may take besides what it has now, where the system can."""
    try:
        import resource
    except ImportError:  # Windows: the time alone is limited
        return
    try:
        held_bytes = int(_HELD.read_text().split()[0]) * resource.getpagesize()
    except OSError:  # no Linux
        held_bytes = 0
    limit = held_bytes + _MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    limit_memory()
    print(json.dumps(_trial(Path(sys.argv[1]), int(sys.argv[2]))))
