"""Models from the owner's files, against what ultralytics itself says of them."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from demo.errors import DemoError
from demo.models.own.base import read_model
from demo.models.own.layer_description import is_sane
from demo.models.spec import ImageRequest, WeightsFile
from demo.models.ultralytics import tasks
from demo.results import Detections, Scores
from tests.models.test_models import Model, photo, predict
from tests.support.checkpoints import network, save

THREE = ("猫", "dog", "dog")
"""A name in Chinese, and one that two classes share."""


def clear_confidence(found: Detections) -> float:
    """A threshold with about a hundred boxes above it, in the widest gap between their scores."""
    gaps = found.scores[80:120] - found.scores[81:121]
    place = 80 + int(gaps.argmax())
    return float(found.scores[place] + found.scores[place + 1]) / 2


def assert_same_boxes(ours: Detections, result: Any) -> None:
    """Every box has a box of its own in ultralytics' result: half a pixel, 0.001, same class."""
    width, height = ours.size_wh
    corners = result.boxes.xyxy.numpy().clip(0, [width, height, width, height])
    left = np.column_stack([corners, result.boxes.conf, result.boxes.cls])
    assert len(ours) == len(left) > 80
    allowed = np.array([0.5, 0.5, 0.5, 0.5, 1e-3, 0])
    for row in np.column_stack([ours.xyxy, ours.scores, ours.class_ids]):
        same = np.flatnonzero((np.abs(left - row) <= allowed).all(axis=1))
        assert same.size, row
        left = np.delete(left, same[0], axis=0)


def rewritten(file: Path, words: dict[bytes, bytes]) -> Path:
    """The torch file with other words in its pickle; the count is checked by the reader."""
    with zipfile.ZipFile(file) as archive:
        parts = {part.filename: archive.read(part) for part in archive.infolist()}
    [name] = [name for name in parts if name.endswith("data.pkl")]
    assert all(old in parts[name] for old in words)
    for old, new in words.items():
        parts[name] = parts[name].replace(old, new)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    return file


def loaded(file: Path, name: str = "own") -> Model:
    return Model.load(read_model(file, name), WeightsFile(file, ""))


@pytest.mark.parametrize(
    "architecture",
    ["yolov5n", "yolov8n", "yolov9t", "yolov10n", "yolo11n", "yolo12n", "yolo26n", "yolov8n-p6"],
)
def test_a_detector_answers_as_ultralytics_predict(architecture: str, tmp_path: Path) -> None:
    file = save(network(architecture, THREE), tmp_path / "best.pt")
    model = loaded(file)
    assert model.spec.labels == THREE
    assert (model.spec.task, model.spec.input_size, model.spec.own) == ("detect", 320, True)
    image = photo("bus.jpg")
    found = model.ask(image)
    assert isinstance(found, Detections)
    # Boxes beyond the edge are cut before suppression here and after it there, and random weights
    # find thousands of them: so the best are compared before suppression.
    confidence = clear_confidence(found)
    [result] = predict(file, image, 320, confidence, nms_free=False, iou=1.0)
    assert_same_boxes(found.select(confidence), result)


def test_a_transformer_answers_as_ultralytics_predict(tmp_path: Path) -> None:
    file = save(network("yolov8n-rtdetr", THREE), tmp_path / "best.pt")
    model = loaded(file)
    assert (model.spec.task, model.spec.input_size, model.spec.needs_nms) == ("detect", 320, False)
    image = photo("bus.jpg")
    found = model.ask(image)
    assert isinstance(found, Detections)
    [result] = predict(file, image, 320, 0.01, nms_free=False)
    assert np.ptp(found.xyxy[:, 0]) > 100
    assert np.ptp(found.scores) > 0.1
    assert_same_boxes(found, result)


@pytest.mark.parametrize("architecture", ["yolov8n-cls", "yolo11n-cls", "yolo26n-cls"])
def test_a_classifier_answers_as_ultralytics_predict(architecture: str, tmp_path: Path) -> None:
    made = network(architecture, [f"class {i}" for i in range(1000)])
    file = save(made, tmp_path / "best(1).pt", 224)
    model = loaded(file)
    assert (model.spec.task, model.spec.input_size) == ("classify", 224)
    found = model.ask(photo("bus.jpg"))
    assert isinstance(found, Scores)
    [result] = predict(file, photo("bus.jpg"), 224, 0.25, nms_free=False)
    wanted = result.probs.data.numpy()
    assert found.probabilities == pytest.approx(wanted, abs=0.03)  # resized by Pillow there
    assert found.top(1)[0][0] == f"class {wanted.argmax()}"


@pytest.mark.parametrize(
    "architecture", ["yolo11n", "yolo11n-seg", "yolov8n-rtdetr", "yolo11n-cls"]
)
def test_a_file_that_has_got_other_classes_meanwhile_is_refused(
    architecture: str, tmp_path: Path
) -> None:
    file = save(network(architecture, ["one", "two"]), tmp_path / "best.pt")
    spec = read_model(file, "best")
    save(network(architecture, ["two", "one"]), file)
    with pytest.raises(DemoError) as caught:
        Model.load(spec, WeightsFile(file, ""))
    assert caught.value.key == "weights_changed"


def test_another_activation_is_read(tmp_path: Path) -> None:
    made: Any = network("yolo11n", THREE)
    for layer in made.modules():
        # The activation itself is the same object in every network of the process.
        if isinstance(getattr(layer, "act", None), nn.SiLU):
            layer.act = nn.ReLU()
    made.yaml["activation"] = "torch.nn.ReLU()"
    model = loaded(save(made, tmp_path / "best.pt"))
    pixels = np.random.default_rng(0).random((1, 3, 64, 64), np.float32)
    with torch.inference_mode():
        scores = made(torch.from_numpy(pixels))[0][0, 4:].T
    ours = model.forward(pixels)[0, :, -3:].sigmoid()
    torch.testing.assert_close(ours, scores, rtol=0, atol=0.02)
    assert np.ptp(ours.numpy()) > 0.1


def test_a_failed_description_leaves_other_networks_alone(tmp_path: Path) -> None:
    """Ultralytics sets a description's activation for the whole process."""
    before = tasks().Conv.default_act
    made: Any = network("yolo11n", THREE)
    made.yaml |= {"activation": "torch.nn.ReLU()", "head": [[-1, 1, "Conv", ["wide", 3, 2]]]}
    with pytest.raises(DemoError) as caught:
        loaded(save(made, tmp_path / "best.pt"))
    assert caught.value.key == "own_description"
    assert tasks().Conv.default_act is before
    assert isinstance(before, nn.SiLU)


def test_the_descriptions_of_all_published_networks_are_sane() -> None:
    tasks()
    from ultralytics.cfg import __file__ as cfg
    from ultralytics.utils import YAML

    files = sorted((Path(cfg).parent / "models").rglob("*.yaml"))
    strange = [file.name for file in files if not is_sane(YAML.load(file))]
    assert len(files) > 50
    assert strange == []


def test_a_detector_of_a_thousand_classes(tmp_path: Path) -> None:
    names = [f"类 {i}" for i in range(1000)]
    file = save(network("yolo11n", names), tmp_path / "best.pt")
    model = loaded(file)
    assert model.spec.labels == tuple(names)
    found = model.ask(photo("bus.jpg"))
    assert isinstance(found, Detections)
    confidence = clear_confidence(found)
    [result] = predict(file, photo("bus.jpg"), 320, confidence, nms_free=False, iou=1.0)
    assert_same_boxes(found.select(confidence), result)


def test_a_detector_of_one_class_and_unstated_size(tmp_path: Path) -> None:
    spec = read_model(save(network("yolo11n", ["plate"]), tmp_path / "a.pt", None), "a")
    assert (spec.labels, spec.input_size, spec.needs_nms) == (("plate",), 640, True)
    prepared = spec.family.preprocess(ImageRequest(photo("bus.jpg")))
    assert max(prepared.inputs.shape[2:]) == 640


def test_a_checkpoint_of_an_older_ultralytics(tmp_path: Path) -> None:
    made: Any = network("yolov8n", THREE)
    file = save(made, tmp_path / "new.pt")
    wanted = loaded(file).ask(photo("bus.jpg"))
    # As release 8.0 wrote it: other module paths, names in a list, fewer keys and attributes.
    made.names = list(THREE)
    for key in ("channels", "scale", "yaml_file", "task", "end2end"):
        made.yaml.pop(key, None)
    made.yaml["nc"] = len(THREE)
    for layer in made.modules():
        for name in ("end2end", "max_det", "legacy", "format", "xyxy", "recompute_scale_factor"):
            layer.__dict__.pop(name, None)
    for name in ("task", "end2end", "criterion"):
        made.__dict__.pop(name, None)
    old = rewritten(
        save(made, tmp_path / "old.pt", None),
        {
            b"ultralytics.nn.modules.conv\n": b"ultralytics.nn.modules\n",
            b"ultralytics.nn.modules.block\n": b"ultralytics.nn.modules\n",
            b"ultralytics.nn.modules.head\n": b"ultralytics.nn.modules\n",
        },
    )
    model = loaded(old)
    assert (model.spec.labels, model.spec.input_size) == (THREE, 640)
    found = model.ask(photo("bus.jpg"), 320)
    assert isinstance(found, Detections)
    assert isinstance(wanted, Detections)
    assert np.array_equal(found.xyxy, wanted.xyxy)
    assert np.array_equal(found.scores, wanted.scores)


def test_a_checkpoint_in_training_is_read_from_its_average(tmp_path: Path) -> None:
    file = tmp_path / "last.pt"
    average = network("yolo11n", THREE)
    content = {"epoch": 3, "model": None, "ema": average.half(), "optimizer": {"lr": 0.1}}
    torch.save(content, file)
    assert read_model(file, "last").labels == THREE


@pytest.mark.parametrize("architecture", ["yolo26n-depth"])
def test_other_tasks_are_refused_by_name(architecture: str, tmp_path: Path) -> None:
    made = network(architecture, ["one", "two"])
    with pytest.raises(DemoError) as caught:
        read_model(save(made, tmp_path / "a.pt"), "a")
    assert caught.value.key == "own_task"
    assert type(made).__name__ in str(caught.value)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.pt"
    torch.save(nn.Linear(2, 2).state_dict(), file)
    with pytest.raises(DemoError) as caught:
        read_model(file, "a")
    assert caught.value.key == "own_alone"


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"activation": "__import__('os').mkdir('canary')"}, "own_description"),
        ({"activation": "nn.SiLU() or exit()"}, "own_description"),
        ({"activation": "nn.__dict__.clear()"}, "own_description"),
        ({"backbone": [[-1, 1, "os.system", ["mkdir canary"]]]}, "own_description"),
        ({"backbone": [[-1, 10**6, "C2f", [64, True]]]}, "own_description"),
        ({"backbone": [[-1, 1, "Conv", [10**9, 3, 2]]]}, "own_description"),
        ({"backbone": []}, "own_description"),
        ({"channels": 4}, "own_description"),
        ({"scales": {"n": [5000, 0.25, 1024]}}, "own_description"),
        ({"scales": {"n": []}}, "own_description"),
        ({"scales": [1]}, "own_description"),
        ({"depth_multiple": 8000}, "own_description"),
        ({"backbone": [[-1, 99, "Conv", [64, 3, 2]]] * 20}, "own_description"),
        ({"scales": {"n": [1.0, 1.0, 1024]}}, "own_description"),
    ],
)
def test_a_description_that_means_harm_is_refused(
    change: dict[str, object], key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = network("yolo11n", THREE)
    made.yaml |= change  # type: ignore[operator]
    with pytest.raises(DemoError) as caught:
        read_model(save(made, tmp_path / "a.pt"), "a")
    assert caught.value.key == key
    assert not (tmp_path / "canary").exists()
