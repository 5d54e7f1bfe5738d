"""A copy of the project with nothing beside it, as a fresh clone has it."""

import os
import shutil
import sys
from pathlib import Path

from tests.conftest import ROOT

_COPIED = ("benchmarks", "demo", "tests")
_LINKED = ("weights",)
"""Only read, and large."""


def copy(target: Path) -> Path:
    """Copy the project into a new folder `target`, without data, weights of others or git."""
    target.mkdir()
    for folder in _COPIED:
        shutil.copytree(
            ROOT / folder, target / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    for folder in _LINKED:
        (target / folder).symlink_to(ROOT / folder)
    for file in ROOT.iterdir():
        if file.is_file() and file.name != ".git":
            shutil.copy(file, target)
    return target


def environment(home: Path, **more: str) -> dict[str, str]:
    """Variables of a user with an empty home, no settings, no network, no GPU and no browser."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("VITRINE_", "GRADIO_"))}
    return {
        **kept,
        "HOME": str(home),
        "PATH": str(Path(sys.executable).parent),
        "CUDA_VISIBLE_DEVICES": "",
        "VITRINE_OFFLINE": "1",
        "VITRINE_DEVICE": "cpu",
        "YOLO_CONFIG_DIR": str(home),
        **more,
    }
