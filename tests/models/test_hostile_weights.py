"""Weights that mean harm: nothing of them runs, nothing is unpacked beyond the file's own size."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from demo.errors import DemoError
from demo.models.checkpoint import load_state
from demo.models.spec import WeightsFile

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What became of all hostile files, loaded one after the other in one process."""
    folder = tmp_path_factory.mktemp("hostile")
    for step in ("write", "load"):
        done = subprocess.run(
            [sys.executable, "-m", "tests.support.hostile_weights", step],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_every_hostile_file_is_refused_in_one_sentence(loaded: dict[str, Any]) -> None:
    outcomes = loaded["outcomes"]
    assert len(outcomes) > 90
    expected = {"weights_unsafe", "weights_corrupt", "weights_bomb", "weights_no_tensors"}
    assert {name: key for name, key in outcomes.items() if key not in expected} == {}


def test_nothing_of_them_runs(loaded: dict[str, Any]) -> None:
    assert loaded["events"] == []
    assert not loaded["ran"]


def test_nothing_of_them_takes_more_memory_than_files_of_their_size(loaded: dict[str, Any]) -> None:
    assert loaded["growth_mb"] < 300


def test_a_state_whose_network_shares_its_weights_is_read(tmp_path: Path) -> None:
    weight = torch.rand(64, 64)
    state = {"head.weight": weight, "body.weight": weight, "part": weight[:32]}
    torch.save(state, tmp_path / "net.pth")
    read = load_state(WeightsFile(tmp_path / "net.pth", ""))
    assert all(torch.equal(read[name], tensor) for name, tensor in state.items())


def test_a_nested_tensor_is_one_sentence(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="prototype"):
        nested = torch.nested.nested_tensor([torch.zeros(3), torch.zeros(4)])
    torch.save({"weight": nested}, tmp_path / "net.pth")
    with pytest.raises(DemoError) as raised:
        load_state(WeightsFile(tmp_path / "net.pth", ""))
    assert raised.value.key == "weights_unsafe"


def test_the_pinned_torch_has_no_known_hole_in_its_restricted_unpickler() -> None:
    """CVE-2025-32434 was mended in 2.6, CVE-2026-24747 in 2.10."""
    pinned = re.search(r"^torch==(\d+)\.(\d+)", (ROOT / "requirements.txt").read_text(), re.M)
    assert pinned is not None
    assert tuple(map(int, pinned.groups())) >= (2, 10)
    assert tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 10)


def test_ultralytics_knows_restricted_loading_here() -> None:
    """With an older torch its loader would fall back to running what a pickle says."""
    from demo.models import ultralytics

    assert ultralytics.tasks()._SafeLoad.SUPPORTED
