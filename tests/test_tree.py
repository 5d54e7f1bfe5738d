"""The rules of the tree, which no type checker knows."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "demo"
GRADIO_FILES = {"page.py", "tab.py", "picture.py", "style.py"}
WITHOUT_TORCH = {"errors", "settings", "results", "text", "boxes", "draw", "export", "images"}


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
        if path.parent.name == "tabs" or path.name in GRADIO_FILES:
            continue
        # serve.py names the type of a page, which costs nothing at run time.
        if path.name == "serve.py":
            assert "if TYPE_CHECKING:\n    import gradio" in path.read_text("utf-8")
            continue
        roots = {name.split(".")[0] for name in imported(path)}
        assert "gradio" not in roots, path.name


def test_the_light_modules_do_not_import_torch() -> None:
    for name in WITHOUT_TORCH:
        roots = {n.split(".")[0] for n in imported(DEMO / f"{name}.py")}
        assert not roots & {"torch", "torchvision", "ultralytics", "gradio"}, name


def test_models_and_transforms_do_not_know_what_uses_them() -> None:
    above = ("demo.page", "demo.tab", "demo.tabs", "demo.desk", "demo.engine", "demo.lab")
    for folder in ("models", "augment"):
        for path in (DEMO / folder).glob("*.py"):
            for name in imported(path):
                assert not name.startswith(above), f"{path.name} imports {name}"


def test_modules_stay_small() -> None:
    for path in DEMO.rglob("*.py"):
        assert path.read_text("utf-8").count("\n") <= 250, path.name


def test_the_style_sheet_stays_small() -> None:
    assert (DEMO / "style.css").read_text("utf-8").count("\n") < 150


def test_app_is_only_an_entry() -> None:
    assert (ROOT / "app.py").read_text("utf-8").count("\n") < 40
