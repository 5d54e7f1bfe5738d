import sys
from pathlib import Path

import pytest

from demo.discover import collect


def package(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, **modules: str) -> str:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text("")
    for module, body in modules.items():
        text = f"from types import SimpleNamespace as T\n{body}\n"
        (folder / name / f"{module}.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    return name


def test_one_thing_or_many_sorted_by_order_then_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = package(
        tmp_path,
        monkeypatch,
        "shelf",
        alpha="SPEC = T(name='late', order=9)",
        beta="SPEC = (T(name='b', order=1), T(name='a', order=1))",
        gamma="OTHER = 1",
        delta="SPEC = (T(name=n, order=2) for n in 'cd')",
    )
    assert [thing.name for thing in collect(name, "SPEC")] == ["a", "b", "c", "d", "late"]
    assert collect(name, "TAB") == []


def test_order_is_optional(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = package(tmp_path, monkeypatch, "plain", one="SPECS = [T(name='z'), T(name='y')]")
    assert [thing.name for thing in collect(name, "SPECS")] == ["y", "z"]


def test_a_duplicate_name_names_both_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = package(
        tmp_path, monkeypatch, "twice", first="TAB = T(name='x')", second="TAB = T(name='x')"
    )
    with pytest.raises(ValueError, match=r"'x' stands in twice\.first and twice\.second"):
        collect(name, "TAB")


def test_a_module_that_fails_to_import_is_not_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = package(tmp_path, monkeypatch, "broken", bad="import a_module_that_does_not_exist")
    with pytest.raises(ModuleNotFoundError, match="a_module_that_does_not_exist"):
        collect(name, "SPEC")
    assert f"{name}.bad" not in sys.modules
