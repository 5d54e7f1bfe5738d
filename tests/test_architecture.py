"""The rules of the tree that no type checker knows; the layers of imports are in pyproject.toml."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import source_tree, structure

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "demo"
MODULES = source_tree.read(ROOT)
HEAVY = {"torch", "torchvision", "ultralytics", "gradio"}
LIGHT = sorted(
    module.name
    for module in MODULES
    if module.name.startswith(("demo.drawing", "demo.export", "demo.geometry", "demo.images"))
    or (module.path.parent == Path("demo") and module.path.stem != "weights")
)
"""Modules that start without torch and gradio: the ground, pixels, drawing and files."""
FIGURES = {figure.name: figure for figure in structure.measure(ROOT)}


def test_imports_follow_the_contracts() -> None:
    """Layers, circles and who may import gradio and torch, as pyproject.toml states them."""
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("room", ["web", "models", "inference", "augment"])
def test_the_rooms_that_the_contracts_name_import_what_they_may(room: str) -> None:
    """So that the contracts are about imports that exist: gradio by the page, torch by the rest."""
    heavy = "gradio" if room == "web" else "torch"
    text = "".join(m.source for m in MODULES if m.name.startswith(f"demo.{room}."))
    assert f"import {heavy}" in text or f"from {heavy}" in text


@pytest.mark.parametrize("name", LIGHT)
def test_a_light_module_imports_nothing_heavy(name: str) -> None:
    """Not even indirectly: each is imported in a process of its own."""
    program = f"import sys, {name}; print(*sorted({HEAVY!r} & sys.modules.keys()))"
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == ""


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_of_the_tree_is_within_its_bar(name: str) -> None:
    figure = FIGURES[name]
    assert figure.holds, f"{figure.value:g} > {figure.bar:g}: {', '.join(figure.places)}"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_has_a_docstring_that_names_its_content(module: source_tree.Module) -> None:
    first = source_tree.first_line(module)
    assert first.endswith((".", "…"))
    assert len(first) <= 100


def test_the_guide_names_every_room() -> None:
    """And says of each what its docstring says: `python -m benchmarks.structure --rooms`."""
    guide = (DEMO / "README.md").read_text("utf-8")
    assert guide == structure.with_rooms(guide, structure.rooms(ROOT))


def test_the_files_that_the_guide_names_exist() -> None:
    guide = (DEMO / "README.md").read_text("utf-8")
    names = re.findall(r"(?<!\[)`((?:[\w-]+/)+[\w.-]*|[\w-]+\.(?:py|json))`", guide)
    places = (DEMO, ROOT, DEMO / "inference")
    missing = [name for name in names if not any((place / name).exists() for place in places)]
    links = [link for link in re.findall(r"\]\((\S+)\)", guide) if not (DEMO / link).exists()]
    assert len(names) > 60
    assert missing + links == []


def test_the_style_sheet_stays_small() -> None:
    assert (DEMO / "web" / "static" / "style.css").read_text("utf-8").count("\n") < 150


def test_app_is_only_an_entry() -> None:
    assert (ROOT / "app.py").read_text("utf-8").count("\n") < 40
