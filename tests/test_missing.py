"""Every command says in one sentence what it lacks: tried where there is nothing at all."""

import re
from pathlib import Path

import pytest

from demo.lab.__main__ import parse
from tests.conftest import ROOT
from tests.support import checkout
from tests.support.preloaded import Preloaded

BENCHMARKS = {
    "__main__ --only teapots": "teapots",
    "camera": "Chromium",
    "camera_peer": "yolo11n.pt",
    "camera_soak": "Chromium",
    "detect_http": "weights/yolo11n.pt",
    "explain": "--data",
    "explain --data .": "boxes3/boxes.csv",
    "explain --data . --weights": "animals/boxes.csv",
    "gpu": "CUDA",
    "interactive": "weights/yolo11n.pt",
    "load": "coco128",
    "mutations": "odd_images",
    "page": "Chromium",
    "precision": "coco128",
    "regression .": "weights/yolo11n.pt",
    "rest": "weights/yolo11n.pt",
    "rest --fast": "weights/yolo11n.pt",
    "rest_peers none.pt": "none.pt",
    "screenshot": "Chromium",
    "tracking": "weights/yolo11n.pt",
    "video": "weights/yolo11n.pt",
}
"""Words of each measurement → what it has to name."""
COMPLETE = {"crashes", "start", "structure", "video_memory"}
"""Measurements that a fresh clone with the packages has all for."""
LAB = {
    "train cnn-cifar10": "cifar10",
    "train photo-101": "caltech101",
    "train dcgan-cifar10 --data .": "cifar10/cifar10.npz",
    "train yolo-vitrine": "--data",
    "evaluate photo-101 photo-101": "caltech101",
    "evaluate dcgan-cifar10 cifar10": "cifar10",
    "evaluate yolo-vitrine animals": "--data",
    "publish photo-101": "python -m demo.lab train photo-101",
    "prune photo-101": "photo-101",
    "calibrate photo-101": "caltech101",
    "calibrate efficientnet_lite0": "--data",
}
OTHERS = {
    "demo.weights": "list",
    "demo.weights fetch yolo11n": "yolo11n",
    "demo.weights describe none.pt": "none.pt",
    "demo.video none.mp4 out.mp4": "none.mp4",
    "demo.live none.mp4": "none.mp4",
    "demo.live 97": "97",
}
COMMANDS = {
    **{f"benchmarks.{words}": named for words, named in BENCHMARKS.items()},
    **{f"demo.lab {words}": named for words, named in LAB.items()},
    **OTHERS,
}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout.copy(tmp_path_factory.mktemp("bare") / "vitrine")


@pytest.mark.parametrize("words", COMMANDS)
def test_what_is_missing_is_one_sentence(
    words: str, preloaded: Preloaded, bare: Path, tmp_path: Path
) -> None:
    ended = preloaded.run(["-m", *words.split()], bare, checkout.environment(tmp_path))
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    assert COMMANDS[words] in ended.stderr
    assert len(ended.stderr) > 30
    assert ended.returncode == 2
    assert ended.stdout == ""


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("camera", "playwright"),
        ("camera_soak", "playwright"),
        ("page", "playwright"),
        ("screenshot", "playwright"),
        ("tracking", "motmetrics"),
    ],
)
def test_a_missing_package_is_one_sentence(
    module: str, package: str, preloaded: Preloaded, bare: Path, tmp_path: Path
) -> None:
    program = (
        f"import runpy, sys; sys.modules[{package!r}] = None; "
        f"sys.argv = ['x']; runpy.run_module('benchmarks.{module}', run_name='__main__')"
    )
    ended = preloaded.run(["-c", program], bare, checkout.environment(tmp_path))
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert f"{package}; install it by `pip install -r requirements-dev.txt`" in ended.stderr
    assert ended.returncode == 2


def test_every_measurement_is_tried_here() -> None:
    modules = (ROOT / "benchmarks").glob("*.py")
    commands = {path.stem for path in modules if '"__main__"' in path.read_text("utf-8")}
    assert {words.split()[0] for words in BENCHMARKS} | COMPLETE == commands


def test_every_command_of_the_lab_is_tried_here(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"])
    found = re.search(r"\{([\w,]+)\}", capsys.readouterr().out)
    assert found is not None
    needs_nothing = {"list", "overview"}
    assert {words.split()[0] for words in LAB} | needs_nothing == set(found[1].split(","))
