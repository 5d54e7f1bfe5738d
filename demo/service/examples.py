"""The example pictures of the page: files that the installed packages bring along."""

from importlib.util import find_spec
from pathlib import Path

_FILES = (
    ("ultralytics", "assets/bus.jpg"),
    ("gradio", "media_assets/images/cheetah.jpg"),
    ("ultralytics", "assets/zidane.jpg"),
)


def paths() -> list[Path]:
    """The three pictures, as files of the installed packages, without importing those."""
    return [_package(name) / inside for name, inside in _FILES]


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the package {name} is not installed")
    return Path(spec.origin).parent
