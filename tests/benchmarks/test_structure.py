"""The figures of a source tree, on small trees whose figures are known."""

from pathlib import Path

import pytest

from benchmarks import source_branches, source_tree, source_types, structure

BLOCK = "\n".join(f"x{i} = {i}" for i in range(7)) + "\n"


def tree(folder: Path, **sources: str) -> list[source_tree.Module]:
    """A package `demo` of the given modules; `room__name` stands in a folder."""
    for name, source in sources.items():
        path = folder / "demo" / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, "utf-8")
    return source_tree.read(folder)


def test_a_circle_of_imports_is_found_and_broken_once(tmp_path: Path) -> None:
    modules = tree(
        tmp_path,
        a="from demo import b\n",
        b="def late():\n    from demo.c import x\n",
        c="import demo.a\nimport os\n",
        d="from demo.a import name\n",
    )
    graph = source_tree.imports(modules)
    assert graph == {
        "demo.a": {"demo.b"},
        "demo.b": {"demo.c"},
        "demo.c": {"demo.a"},
        "demo.d": {"demo.a"},
    }
    [circle] = source_tree.circles(graph)
    assert circle[0] == circle[-1]
    assert set(circle) == {"demo.a", "demo.b", "demo.c"}


def test_no_circle_in_imports_that_run_one_way(tmp_path: Path) -> None:
    modules = tree(tmp_path, a="import demo.b\n", b="import demo.c\n", c="")
    assert source_tree.circles(source_tree.imports(modules)) == []


def test_equal_lines_are_one_run_however_long_and_often(tmp_path: Path) -> None:
    """Neither indentation nor comments, blank lines, docstrings and imports hide or make one."""
    indented = "if True:\n" + "".join(f"    {line}\n\n    # why\n" for line in BLOCK.splitlines())
    modules = tree(tmp_path, a=BLOCK, b=f'"""Doc."""\nimport os\n{indented}', c="y = 1\n" + BLOCK)
    [places] = source_tree.duplicates(modules)
    assert places == ["demo/a.py:1", "demo/b.py:4", "demo/c.py:2"]


def test_five_equal_lines_are_no_run(tmp_path: Path) -> None:
    five = "\n".join(BLOCK.splitlines()[:5]) + "\n"
    assert source_tree.duplicates(tree(tmp_path, a=five, b=five)) == []


def test_any_counts_in_arguments_answers_and_annotated_names(tmp_path: Path) -> None:
    [module] = tree(
        tmp_path,
        a=(
            "from typing import Any\n"
            "class A:\n    facts: dict[str, Any]\n    other: 'list[Any]'\n"
            "def f(x: Any, *rest: int, **named: Any) -> dict[str, Any]:\n    return Any\n"
        ),
    )
    assert source_types.any_uses(module) == (5, 2)


def test_no_alias_hides_an_any(tmp_path: Path) -> None:
    [module] = tree(
        tmp_path,
        a=(
            "Facts = dict[str, Any]\nMore: TypeAlias = list[Facts]\n"
            "def f(x: Facts, y: More | None) -> int: ...\n"
        ),
    )
    assert source_types.any_uses(module) == (2, 2)


@pytest.mark.parametrize(
    "line",
    [
        'if spec.task == "detect": pass',
        'if facts["task"] != "generate": pass',
        'wide = task in ("detect", "segment")',
        "if spec.task not in _TASKS: pass",
        "assert isinstance(result, Scores)",
        "boxes = isinstance(result, results.Detections | None)",
        "if isinstance(recipe, (DetectorRecipe, int)): pass",
        "match result:\n    case Detections(xyxy=x): pass",
        'match spec.task:\n    case "detect": pass',
        'title = {"detect": 1, "classify": 2}[task]',
    ],
)
def test_a_branch_on_the_task_counts(tmp_path: Path, line: str) -> None:
    [place] = source_branches.task_branches(tree(tmp_path, a=line + "\n", tasks__detect=line))
    assert place.startswith("demo/a.py:")


@pytest.mark.parametrize(
    "line",
    [
        "rows = [m for m in models if m.task == task]",
        'picker = model_picker(context, "detect")',
        "assert isinstance(result, dict)",
        'if kind == "detector": pass',
        'row = {"task": spec.task, "name": spec.name}',
    ],
)
def test_what_only_selects_or_names_a_task_does_not_count(tmp_path: Path, line: str) -> None:
    assert source_branches.task_branches(tree(tmp_path, a=line + "\n")) == []


def test_a_file_that_names_a_back_end_is_a_place_to_touch(tmp_path: Path) -> None:
    modules = tree(
        tmp_path,
        backends__base="class Runner: ...\n",
        backends__torch_cpu="BACKEND = object()\n",
        backends__onnx='BACKEND = object()\nrivals = "torch-cpu"\n',
        inference__engine='import torch\nfast = "torch-cpu"\n',
        inference__other="from demo.backends import onnx\n",
        inference__fine="from demo.backends.base import Runner\nbase = 'cpu'\n",
    )
    assert source_branches.backend_places(modules) == [
        "demo/inference/engine.py",
        "demo/inference/other.py",
    ]


def test_without_back_ends_every_type_of_torch_in_the_core_is_one(tmp_path: Path) -> None:
    modules = tree(
        tmp_path,
        engine="def run(x: torch.Tensor) -> None: ...\n",
        models__a="def load() -> 'torch.nn.Module': ...\n",
        models__b="def load() -> int:\n    return torch.tensor(1)\n",
        page="def f(x: torch.Tensor) -> None: ...\n",
    )
    assert source_branches.backend_places(modules) == ["demo/engine.py", "demo/models/a.py"]


def test_the_table_of_rooms_holds_packages_and_top_modules(tmp_path: Path) -> None:
    tree(tmp_path, settings='"""Knobs."""\n', images__decode='"""The decoder."""\n')
    (tmp_path / "demo" / "__init__.py").write_text('"""The whole."""\n', "utf-8")
    (tmp_path / "demo" / "images" / "__init__.py").write_text('"""Pixels.\n\nMore."""\n', "utf-8")
    table = structure.rooms(tmp_path)
    assert table.splitlines()[2:] == ["| `images/` | Pixels. |", "| `settings.py` | Knobs. |"]
    guide = "a\n<!-- rooms: python -m benchmarks.structure --rooms -->\nold\n<!-- /rooms -->\nb\n"
    assert structure.with_rooms(guide, table) == guide.replace("old", table)
    with pytest.raises(ValueError, match="expected"):
        structure.with_rooms("no markers", table)


def test_the_command_prints_each_figure_and_fails_over_a_bar(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree(
        tmp_path, a='"""A."""\n\n\ndef f(task: str) -> bool:\n    return task == "detect"\n', b="\n"
    )
    (tmp_path / "demo" / "c.py").write_text("def g() -> None: ...\n", "utf-8")
    assert structure.main(["--root", str(tmp_path), "--places"]) == 1
    printed = capsys.readouterr().out
    assert "branches on task or result type outside demo/tasks/" in printed
    assert "    demo/a.py:5" in printed
