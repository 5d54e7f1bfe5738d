"""The example pictures of the page: files that the installed packages bring along."""

from importlib.util import find_spec
from pathlib import Path

from demo.models.spec import ModelSpec

_FILES = (
    ("ultralytics", "assets/bus.jpg"),
    ("gradio", "media_assets/images/cheetah.jpg"),
    ("ultralytics", "assets/zidane.jpg"),
)


def paths() -> list[Path]:
    """The three pictures, as files of the installed packages, without importing those."""
    return [_package(name) / inside for name, inside in _FILES]


def of(spec: ModelSpec | None) -> list[Path]:
    """The example pictures of a model that are on this machine; the page's three for no model."""
    if spec is None or not spec.examples:
        return paths()
    return [file for one in spec.examples if (file := _package(one.package) / one.path).is_file()]


def film_picture(spec: ModelSpec | None) -> Path:
    """The picture that the example film of a model pans over: the last of its examples."""
    return of(spec)[-1]


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the package {name} is not installed")
    return Path(spec.origin).parent
