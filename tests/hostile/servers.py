"""The servers under attack: the application, and a build of it that leaks."""

from pathlib import Path

from tests.hostile import weights
from tests.hostile.checks.limits import PROXY, QUEUE, RATE, UPLOADS_MB
from tests.hostile.target import Target

_LEAKING = "tests/hostile/leaking_server.py"

_LOOSE = {"VITRINE_STREAM_QUEUE": "10000", "VITRINE_STREAMS_PER_ADDRESS": "10000"}
"""Settings that allow what a guard would refuse."""


def good(folder: Path, limited: bool = False) -> Target:
    """`python app.py`, with an owner's folder of hostile weights."""
    return _target(folder, "app.py", limited)


def leaking(folder: Path, limited: bool = False) -> Target:
    """The same application without its guards."""
    return _target(folder, _LEAKING, limited, **_LOOSE)


def _target(folder: Path, program: str, limited: bool, **more: str) -> Target:
    models = weights.write(folder / "weights", folder / "canary" / "ran.txt")
    environ = {"VITRINE_WEIGHTS": str(folder / "weights")}
    if limited:
        environ |= {
            "VITRINE_PROXIES": PROXY,
            "VITRINE_QUEUE_SIZE": str(QUEUE),
            "VITRINE_RATE": str(RATE),
            "VITRINE_KEEP_MINUTES": "0.1",
            "VITRINE_UPLOADS_MB": str(UPLOADS_MB),
            "VITRINE_MAX_FILE_MB": "5",
            "VITRINE_MAX_VIDEO_MB": "10",
        }
    target = Target(folder, program, **environ, **more)
    target.hostile_models = models
    return target
