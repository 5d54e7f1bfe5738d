"""Quantization of models that come with the project, on a few pictures, as the command does it."""

import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest

from demo.errors import DemoError
from demo.geometry.boxes import nms
from demo.inference.catalog import Catalog
from demo.inference.convert import EXACT_TOLERANCE, Record
from demo.inference.local_engine import LocalEngine
from demo.inference.quantize.__main__ import main
from demo.inference.quantize.photos import boxes_of, class_of, gather
from demo.models.own.base import read_model
from demo.models.spec import ImageRequest
from demo.results import Detections, Scores
from demo.settings import Settings
from tests.conftest import ROOT
from tests.inference.test_conversions import WAIT_S, photo
from tests.models.test_own_states import describe
from tests.support import checkout
from tests.support.checkpoints import network, save

CLASSIFIER, DETECTOR = "cnn-cifar10", "yolo11n"
WATCHED = """
import sys
met = []
sys.addaudithook(lambda event, args: met.append(args) if event.startswith("socket.") else None)
from demo.inference.quantize.__main__ import main
status = main(sys.argv[1:])
sys.exit(f"sockets: {met}" if met else status)
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine pictures in folders of classes, each with a file of boxes; and one that is broken."""
    folder = tmp_path_factory.mktemp("data") / "street"
    for place in range(9):
        path = folder / ("images", "truck", "Automobile")[place % 3] / f"{place}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), cv2.resize(photo(place), (320, 416))[..., ::-1])
    (folder / "images" / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="module")
def printed(data: Path, home: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the command says of the classifier, watched for sockets, in a home of its own."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    words = [CLASSIFIER, "--data", str(data), "--to", str(weights)]
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *words],
        cwd=ROOT,
        env=checkout.environment(home, YOLO_CONFIG_DIR=str(elsewhere)),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0, done.stdout
    return done.stdout


def given(weights: Path, cache: Path) -> Settings:
    return Settings(weights_dir=weights, cache_dir=cache, offline=True, device="cpu", threads=2)


@pytest.mark.timeout(300)
def test_it_says_what_it_costs_and_nothing_else(printed: str, weights: Path) -> None:
    lines = printed.splitlines()
    assert lines[0] == f"{CLASSIFIER}: 6 pictures to calibrate with, 3 to measure with"
    assert [line.split()[0] for line in lines[1:-1]] == ["file", "latency", "answers", "score"]
    assert lines[-1] == f"{weights / CLASSIFIER}-int8.onnx is the model {CLASSIFIER}-int8"


@pytest.mark.timeout(300)
def test_it_leaves_nothing_in_the_home_nor_beside_its_files(
    printed: str, home: Path, weights: Path
) -> None:
    assert [path for path in home.rglob("*") if path.is_file()] == []
    names = sorted(path.name for path in weights.iterdir())
    assert names == [f"{CLASSIFIER}-int8.onnx", f"{CLASSIFIER}-int8.toml"]


@pytest.mark.timeout(300)
def test_a_classifier_becomes_a_model_of_its_own(
    printed: str, weights: Path, tmp_path: Path
) -> None:
    catalog = Catalog(given(weights, tmp_path))
    base, spec = catalog.spec(CLASSIFIER), catalog.spec(f"{CLASSIFIER}-int8")
    assert (spec.task, spec.labels, spec.input_size) == (base.task, base.labels, base.input_size)
    assert (spec.unknown, spec.licence, spec.own) == (base.unknown, base.licence, True)
    assert spec.measured is not None
    assert spec.measured["metric"] in ("top-1", f"answers as {CLASSIFIER}")
    assert f"{CLASSIFIER} in int8 by NNCF " in spec.source
    assert " MB (float32 " in spec.source
    small, large = catalog.size_bytes(spec.name), catalog.size_bytes(CLASSIFIER)
    assert small is not None
    assert large is not None
    assert small < 0.7 * large  # whose weights are of half precision


@pytest.mark.timeout(600)
def test_it_answers_as_the_float_network_by_both_back_ends(
    printed: str, weights: Path, tmp_path: Path
) -> None:
    running = LocalEngine(given(weights, tmp_path), converts=True)
    end = time.monotonic() + WAIT_S
    seen = set()
    while "onnx-openvino-int8" not in seen:
        assert time.monotonic() < end
        for seed in range(3):
            request = ImageRequest(photo(seed))
            found = running.run(f"{CLASSIFIER}-int8", request)
            expected = running.run(CLASSIFIER, request)
            a, b = cast(Scores, found.result), cast(Scores, expected.result)
            assert np.abs(a.probabilities - b.probabilities).max() < 0.2
            seen.add(found.backend)
    running.close()
    assert seen == {"onnx-cpu", "onnx-openvino-int8"}


@pytest.mark.timeout(600)
def test_a_detector_keeps_its_boxes(
    shared_data: Path,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copy(shared_data / "weights" / "yolo11n.pt", tmp_path)
    monkeypatch.setenv("VITRINE_WEIGHTS", str(tmp_path))
    engine = LocalEngine(given(tmp_path, tmp_path / "cache"))
    for path in gather(data).held_out:
        _write_boxes(engine, path)
    words = [DETECTOR, "--data", str(data), "--to", str(tmp_path)]
    assert main(words) == 0
    assert "boxes" in capsys.readouterr().out
    described = tomllib.loads((tmp_path / f"{DETECTOR}-int8.toml").read_text("utf-8"))
    assert described["base"] == DETECTOR
    measured = described["measured"]
    assert (measured["metric"], measured["dataset"]) == ("mAP50-95", "street")
    # Against the boxes of the float network, which are no perfect truth for it either: all of its
    # candidates count, not only the clear ones.
    assert measured["value"] > 40
    request = ImageRequest(photo())
    found = engine.run(f"{DETECTOR}-int8", request)
    expected = cast(Detections, engine.run(DETECTOR, request).result)
    engine.close()
    assert found.backend == "onnx-cpu"
    boxes = cast(Detections, found.result)
    assert boxes.labels == expected.labels
    assert boxes.select(0.5).counts().keys() == expected.select(0.5).counts().keys()


def _write_boxes(engine: LocalEngine, path: Path) -> None:
    """Beside a picture the boxes that the float network finds in it."""
    image = cv2.imread(str(path))
    assert image is not None
    rgb = np.ascontiguousarray(image[..., ::-1])
    result = cast(Detections, engine.run(DETECTOR, ImageRequest(rgb)).result)
    found = nms(result.select(0.4), 0.5)
    sides = np.array([*found.size_wh, *found.size_wh])
    xyxy = found.xyxy / sides
    lines = [
        f"{i} {(b[0] + b[2]) / 2} {(b[1] + b[3]) / 2} {b[2] - b[0]} {b[3] - b[1]}"
        for i, b in zip(found.class_ids, xyxy, strict=True)
    ]
    path.with_suffix(".txt").write_text("\n".join(lines), "utf-8")


@pytest.mark.timeout(300)
def test_a_model_that_is_there_is_overwritten_on_request_alone(
    printed: str, weights: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in weights.iterdir():
        shutil.copy(path, tmp_path)
    words = [CLASSIFIER, "--data", str(data), "--to", str(tmp_path)]
    old = (tmp_path / f"{CLASSIFIER}-int8.toml").stat().st_mtime_ns
    assert main(words) == 2
    assert "--force" in capsys.readouterr().err
    assert (tmp_path / f"{CLASSIFIER}-int8.toml").stat().st_mtime_ns == old
    assert main([*words, "--force"]) == 0
    assert (tmp_path / f"{CLASSIFIER}-int8.toml").stat().st_mtime_ns > old


@pytest.mark.timeout(300)
def test_a_network_for_one_size_is_refused(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a detector is whose network as ONNX has the size of the input written into it."""
    record = Record(0.0, EXACT_TOLERANCE, any_size=False)
    monkeypatch.setattr("demo.inference.quantize.network.convert", lambda *_: (record, b""))
    assert main(["yolo-vitrine", "--data", str(data), "--to", str(tmp_path)]) == 2
    assert "pictures of one size alone" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def said(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one sentence of a command that cannot be done."""
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_what_cannot_be_done_is_said_in_a_sentence(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VITRINE_WEIGHTS", raising=False)
    monkeypatch.setenv("VITRINE_OFFLINE", "1")
    monkeypatch.setenv("VITRINE_CACHE", str(tmp_path / "cache"))
    to, empty, gone = ["--to", str(tmp_path)], tmp_path / "empty", str(tmp_path / "gone")
    empty.mkdir()
    assert "VITRINE_WEIGHTS, or name one with --to" in said([CLASSIFIER], capsys)
    assert "no model" in said(["nosuch", *to], capsys).lower()
    assert "no folder" in said([CLASSIFIER, *to, "--data", gone], capsys)
    assert "no folder" in said([CLASSIFIER, "--to", gone], capsys)
    assert "fewer than three" in said([CLASSIFIER, *to, "--data", str(empty)], capsys)
    assert "VITRINE_OFFLINE" in said(["yolo11n", *to, "--data", str(data)], capsys)
    assert "cannot be written" in said([CLASSIFIER, "--to", "/proc/self"], capsys)
    monkeypatch.setenv("VITRINE_DEVICE", "cuda")
    assert "run on the CPU" in said([CLASSIFIER, *to], capsys)


def test_a_quantized_model_and_a_generator_are_refused(
    printed: str,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VITRINE_WEIGHTS", str(weights))
    catalog = Catalog(given(weights, tmp_path))
    generator = next(s.name for s in catalog.specs() if s.task == "generate")
    for name in (f"{CLASSIFIER}-int8", generator):
        assert "cannot be quantized" in said([name], capsys)


@pytest.mark.timeout(300)
def test_an_owners_file_stays_beside_its_quantized_model(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save(network("yolo11n", ["one", "two"]), tmp_path / "mine.pt", 96)
    monkeypatch.setenv("VITRINE_WEIGHTS", str(tmp_path))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert "needs beside it" in said(["mine", "--to", str(elsewhere)], capsys)
    assert main(["mine", "--data", str(data)]) == 0
    spec = read_model(tmp_path / "mine-int8.onnx", "mine-int8")
    assert spec.labels == ("one", "two")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("base", "key"),
    [
        ("nosuch", "own_toml_value"),
        ("../other.pt", "own_toml_value"),
        ("net.onnx", "own_toml_value"),
        (DETECTOR, "own_onnx_input"),
        ("mobilenet_v2", "own_onnx_input"),
    ],
)
def test_a_base_that_does_not_fit_is_refused(
    printed: str, weights: Path, base: str, key: str, tmp_path: Path
) -> None:
    file = describe(tmp_path / "net.onnx", base=base)
    shutil.copy(weights / f"{CLASSIFIER}-int8.onnx", file)
    with pytest.raises(DemoError) as caught:
        read_model(file, "net")
    assert caught.value.key == key


def test_what_is_held_out_is_not_calibrated_with(data: Path) -> None:
    photos = gather(data)
    assert gather(data) == photos
    assert not set(photos.calibration) & set(photos.held_out)
    assert len({*photos.calibration, *photos.held_out}) == 9
    examples = gather(None)
    assert len(examples.calibration) == 4
    assert len(examples.held_out) == 1


def test_labels_stand_in_folders_and_text_files(tmp_path: Path) -> None:
    labels = ("fire truck", "cat")
    assert class_of(Path("x/Fire_Truck/1.jpg"), labels) == 0
    assert class_of(Path("x/dog/1.jpg"), labels) is None
    picture = tmp_path / "images" / "train" / "1.jpg"
    text = tmp_path / "labels" / "train" / "1.txt"
    text.parent.mkdir(parents=True)
    assert boxes_of(picture, (200, 100), 2) is None
    text.write_text("1 0.5 0.5 0.2 0.4\n", "utf-8")
    truth = boxes_of(picture, (200, 100), 2)
    assert truth is not None
    assert truth.class_ids.tolist() == [1]
    assert truth.xyxy == pytest.approx(np.array([[80, 30, 120, 70]]), abs=1e-4)
    text.write_text("", "utf-8")
    empty = boxes_of(picture, (200, 100), 2)
    assert empty is not None
    assert len(empty.class_ids) == 0
    for words in ("2 0.5 0.5 0.2 0.4", "cat 0.5 0.5 0.2 0.4", "1 0.5", "1 nan 0.5 0.2 0.4"):
        text.write_text(words, "utf-8")
        assert boxes_of(picture, (200, 100), 2) is None
