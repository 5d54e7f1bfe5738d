"""The rules of the tree, which no type checker knows."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "demo"
GRADIO_FILES = {"page.py", "tab.py"}
WITHOUT_TORCH = {
    "errors",
    "settings",
    "results",
    "text",
    "boxes",
    "draw",
    "export",
    "images",
    "letterbox",
}
HEAVY = {"torch", "torchvision", "ultralytics", "gradio"}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_only_the_page_and_its_tabs_import_gradio() -> None:
    for path in DEMO.rglob("*.py"):
        place = path.relative_to(DEMO)
        if place.parts[0] == "tabs" or str(place) in GRADIO_FILES:
            continue
        roots = {name.split(".")[0] for name in imported(path)}
        assert "gradio" not in roots, place


def test_the_entry_to_the_page_imports_gradio() -> None:
    """So that the rule above is about files that are there."""
    assert all("gradio" in imported(DEMO / name) for name in GRADIO_FILES)


@pytest.mark.parametrize("name", sorted(WITHOUT_TORCH))
def test_a_light_module_brings_nothing_heavy_with_it(name: str) -> None:
    """Not even by way of what it imports: asked in a process of its own."""
    asked = f"import sys, demo.{name}; print(*sorted({HEAVY!r} & sys.modules.keys()))"
    answer = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == ""


def test_models_and_transforms_do_not_know_what_uses_them() -> None:
    above = (
        "demo.web.page",
        "demo.web.tab",
        "demo.web.tabs",
        "demo.service.service",
        "demo.inference.engine",
        "demo.lab",
    )
    for folder in ("models", "augment"):
        for path in (DEMO / folder).glob("*.py"):
            for name in imported(path):
                assert not name.startswith(above), f"{path.name} imports {name}"


def test_modules_stay_small() -> None:
    for path in DEMO.rglob("*.py"):
        assert path.read_text("utf-8").count("\n") <= 250, path.name


def test_functions_stay_small() -> None:
    for path in DEMO.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                lines = node.end_lineno - node.lineno + 1
                assert lines <= 45, f"{path.name}: {node.name} has {lines} lines"


def test_the_style_sheet_stays_small() -> None:
    assert (DEMO / "web" / "static" / "style.css").read_text("utf-8").count("\n") < 150


def test_app_is_only_an_entry() -> None:
    assert (ROOT / "app.py").read_text("utf-8").count("\n") < 40
