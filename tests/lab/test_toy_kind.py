"""One new file adds a recipe kind with its recipe; every command takes it."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file

from tests.support.preloaded import Preloaded

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

LAUNCHER = """
import sys
from pathlib import Path

import demo.lab.kinds
import demo.lab.recipes

folder = str(Path(__file__).parent / "plugins")
demo.lab.kinds.__path__.append(folder)
demo.lab.recipes.__path__.append(folder)

from demo.lab.__main__ import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
"""
"""The command line with a further folder of kinds and recipes; spawned trainings import it too."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plugins").mkdir()
    shutil.copy(HERE / "toy_kind.py", tmp_path / "plugins" / "toy.py")
    (tmp_path / "lab.py").write_text(LAUNCHER, "utf-8")
    return tmp_path


Lab = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run_lab(preloaded: Preloaded, folder: Path) -> Lab:
    """Runs a command in the folder."""
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    return lambda *words: preloaded.run(["lab.py", *words], folder, environ)


@pytest.fixture
def lab(run_lab: Lab) -> Callable[..., str]:
    """What a command prints; it must succeed."""

    def run(*words: str) -> str:
        answer = run_lab(*words)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    return run


def test_a_kind_in_one_new_file_goes_through_every_command(
    folder: Path, lab: Callable[..., str]
) -> None:
    listed = lab("list")
    assert "  toy-line: points, 4 epochs\n" in listed
    assert "  points: from --data\n" in listed
    assert "  cnn-cifar10: cifar10, 40 epochs\n" in listed
    first = lab("train", "toy-line", "--threads", "1").splitlines()
    assert [row.split()[2] for row in first] == ["1/4", "2/4", "3/4", "4/4"]
    rest = lab("train", "toy-line", "--threads", "1", "--epochs", "30", "--resume")
    assert len(rest.splitlines()) == 26
    record = json.loads((folder / "runs" / "toy-line" / "run.json").read_text())
    assert (record["epochs"], record["machine"]) == (30, "1 CPU core")
    assert "toy-line.safetensors: error 0.0" in lab("publish", "toy-line")
    weight = load_file(folder / "weights" / "toy-line.safetensors")["weight"]
    assert float(weight) == pytest.approx(2, abs=0.01)
    scores = json.loads(lab("evaluate", "toy-line", "points"))
    assert scores["error"]["value"] < 0.01
    table = lab("overview")
    assert "| `toy-line` | 0.0 M parameters, one number | 0.0 MB | points test |" in table
    facts = json.loads((folder / "weights" / "toy-line.json").read_text())
    assert list(facts)[-3:] == ["unknown", "slope", "failures"]
    assert "## Slope\n\nThe line rises by 2.0." in (folder / "weights" / "toy-line.md").read_text()


def test_an_unknown_recipe_is_an_error_with_all_names(run_lab: Lab) -> None:
    answer = run_lab("train", "none")
    assert answer.returncode == 2
    assert "cnn-cifar10" in answer.stderr
    assert "toy-line" in answer.stderr
