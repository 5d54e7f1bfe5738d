"""Models from tensors and a description beside them, against the networks that were saved."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from demo.errors import DemoError
from demo.models.own.architectures import known
from demo.models.own.base import draft, read_model
from demo.models.own.draft import draft_text
from demo.models.spec import WeightsFile
from demo.results import Detections, Scores
from tests.models.test_models import Model, photo, predict
from tests.models.test_own import assert_same_boxes, clear_confidence
from tests.support.checkpoints import network, save
from tests.support.levels import assert_same_levels


def loaded(file: Path) -> Model:
    return Model.load(read_model(file, "own"), WeightsFile(file, ""))


def made(name: str, classes: int, **options: object) -> nn.Module:
    from torchvision.models import get_model_builder

    torch.manual_seed(0)
    built: nn.Module = get_model_builder(name)(weights=None, num_classes=classes, **options)
    for layer in built.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():  # so that the answers depend on the picture
        built.train()(torch.rand(4, 3, 64, 64))
    return built.eval()


def describe(file: Path, **values: object) -> Path:
    text = draft_text({key: value for key, value in values.items() if key != "measured"})
    for key, value in values.items():
        if isinstance(value, Mapping):
            text += f"[{key}]\n{draft_text(value)}"
    file.with_suffix(".toml").write_text(text, "utf-8")
    return file


def refusal(file: Path) -> DemoError:
    with pytest.raises(DemoError) as caught:
        read_model(file, "own")
    assert file.stem in str(caught.value)
    return caught.value


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".pt"])
def test_a_state_answers_as_the_network_that_was_saved(suffix: str, tmp_path: Path) -> None:
    from torchvision.transforms import functional

    net, file = made("mobilenet_v3_small", 3), tmp_path / f"birds{suffix}"
    state = net.state_dict()
    save_file(state, file) if suffix == ".safetensors" else torch.save(state, file)
    describe(
        file,
        architecture="mobilenet_v3_small",
        labels=["猫", "dog", "dog"],
        size=160,
        resize=180,
        interpolation="bicubic",
        mean=[0.5, 0.4, 0.3],
        std=[0.2, 0.3, 0.4],
        licence="MIT",
        measured={"metric": "top-1", "value": 91.5, "dataset": "own test", "n": 400},
    )
    model = loaded(file)
    spec = model.spec
    assert (spec.task, spec.labels, spec.input_size) == ("classify", ("猫", "dog", "dog"), 160)
    assert (spec.own, spec.licence, spec.fixed_size) == (True, "MIT", True)
    assert spec.measured == {"metric": "top-1", "value": 91.5, "dataset": "own test", "n": 400}
    image = photo("bus.jpg")
    pixels = torch.from_numpy(image).permute(2, 0, 1)
    way = functional.InterpolationMode.BICUBIC
    small = functional.center_crop(functional.resize(pixels, [180], way, antialias=True), [160])
    inputs = functional.normalize(small / 255, [0.5, 0.4, 0.3], [0.2, 0.3, 0.4])[None]
    prepared = model.preprocess(image)
    assert_same_levels(prepared.inputs[0], inputs[0].numpy(), [0.2, 0.3, 0.4])
    with torch.inference_mode():
        logits = net(torch.from_numpy(prepared.inputs))
    torch.testing.assert_close(model.forward(prepared.inputs), logits, rtol=1e-3, atol=1e-5)
    wanted = logits[0].softmax(0)
    answer = model.ask(image)
    assert isinstance(answer, Scores)
    assert answer.probabilities == pytest.approx(wanted.numpy(), abs=1e-4)


def test_what_a_description_leaves_out_comes_from_the_registry(tmp_path: Path) -> None:
    file = tmp_path / "net.safetensors"
    save_file(made("resnet18", 1000).state_dict(), file)
    describe(file, architecture="resnet18")
    spec = read_model(file, "own")
    usual = known()["resnet18"].preset
    assert spec.family.preprocessing == usual  # type: ignore[attr-defined]
    assert (spec.labels[0], len(spec.labels), spec.input_size) == ("tench", 1000, 224)
    assert spec.params == 11_689_512
    describe(file, architecture="resnet18", size=112)
    assert read_model(file, "own").family.preprocessing.resize == 128  # type: ignore[attr-defined]


def test_labels_may_stand_in_a_text_file(tmp_path: Path) -> None:
    file = tmp_path / "net.pth"
    torch.save({"state_dict": made("squeezenet1_1", 2).state_dict(), "epoch": 3}, file)
    describe(file, architecture="squeezenet1_1", labels="names.txt")
    (tmp_path / "names.txt").write_text("\ufeff狗 \nNorfolk terrier\n\n", "utf-8")
    assert read_model(file, "own").labels == ("狗", "Norfolk terrier")


def test_the_words_of_trainers_before_the_names_are_taken_off(tmp_path: Path) -> None:
    file = tmp_path / "net.pth"
    state = {f"module.{k}": v for k, v in made("shufflenet_v2_x0_5", 2).state_dict().items()}
    torch.save(state, file)
    describe(file, architecture="shufflenet_v2_x0_5", labels=["a", "b"])
    assert isinstance(loaded(file).ask(photo("bus.jpg")), Scores)


@pytest.mark.parametrize("name", ["efficientnet_lite0", "cnn-cifar10", "densenet121", "vit_b_32"])
def test_other_architectures(name: str, tmp_path: Path) -> None:
    kind, file = known()[name], tmp_path / "net.safetensors"
    torch.manual_seed(0)
    net = kind.build(10, kind.preset.crop).to_empty(device="cpu")
    for tensor in net.state_dict().values():
        if tensor.is_floating_point():
            nn.init.uniform_(tensor, 0.01, 0.02)
    save_file(net.state_dict(), file)
    describe(file, architecture=name, labels=[f"c{i}" for i in range(10)])
    model = loaded(file)
    assert model.spec.input_size == kind.preset.crop
    assert isinstance(model.ask(photo("bus.jpg")), Scores)


def test_an_architecture_of_timm(tmp_path: Path) -> None:
    import timm

    net, file = timm.create_model("resnet10t", num_classes=2).eval(), tmp_path / "net.pth"
    torch.save(net.state_dict(), file)
    describe(file, architecture="resnet10t", labels=["a", "b"])
    model = loaded(file)
    assert model.spec.input_size == 176
    inputs = torch.rand(1, 3, 176, 176)
    with torch.inference_mode():
        torch.testing.assert_close(model.forward(inputs.numpy()), net(inputs), rtol=1e-3, atol=1e-4)


def test_a_detector_of_tensors_and_its_thresholds(tmp_path: Path) -> None:
    net = network("yolo11n", ["a", "b", "c"])
    checkpoint = save(net, tmp_path / "best.pt")
    file = tmp_path / "state.safetensors"
    state = {k: v.half() if v.is_floating_point() else v for k, v in net.state_dict().items()}
    save_file(state, file)
    facts: dict[str, Any] = {"labels": ["a", "b", "c"], "size": 320}
    describe(file, architecture="yolo11n", confidence=0.4, iou=0.55, **facts)
    model = loaded(file)
    assert (model.spec.confidence, model.spec.iou, model.spec.task) == (0.4, 0.55, "detect")
    found = model.ask(photo("bus.jpg"))
    assert isinstance(found, Detections)
    confidence = clear_confidence(found)
    [result] = predict(checkpoint, photo("bus.jpg"), 320, confidence, nms_free=False, iou=1.0)
    assert_same_boxes(found.select(confidence), result)


@pytest.mark.parametrize("architecture", ["yolov8n-seg", "yolo11n-seg", "yolo26n-seg"])
def test_a_segmenter_of_tensors_answers_as_its_checkpoint(
    architecture: str, tmp_path: Path
) -> None:
    net = network(architecture, ["a", "b", "c"])
    checkpoint = save(net, tmp_path / "best.pt")
    file = tmp_path / "state.safetensors"
    state = {k: v.half() if v.is_floating_point() else v for k, v in net.state_dict().items()}
    save_file(state, file)
    described: dict[str, Any] = {"labels": ["a", "b", "c"], "size": 320, "task": "segment"}
    describe(file, architecture=architecture, confidence=0.4, **described)
    model, whole = loaded(file), loaded(checkpoint)
    assert (model.spec.task, model.spec.confidence) == ("segment", 0.4)
    assert model.spec.cam_layers == whole.spec.cam_layers
    answers = []
    for one in (model, whole):
        found = one.ask(photo("bus.jpg"))
        assert isinstance(found, Detections)
        answers.append(found.select(0.3).with_pixels())
    ours, theirs = answers
    assert len(ours) == len(theirs) > 20
    np.testing.assert_allclose(ours.xyxy, theirs.xyxy, atol=1e-2)
    assert ours.masks is not None
    assert theirs.masks is not None
    pairs = zip(ours.masks.runs().counts, theirs.masks.runs().counts, strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)


def test_a_detector_of_tensors_is_no_segmenter(tmp_path: Path) -> None:
    file = tmp_path / "state.safetensors"
    save_file(network("yolo11n", ["a"]).state_dict(), file)
    describe(file, architecture="yolo11n-seg", labels=["a"])
    assert refusal(file).key == "weights_do_not_fit"
    describe(file, architecture="yolo11n", labels=["a"], task="segment")
    assert refusal(file).key == "own_toml_value"


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({}, "own_no_architecture"),
        ({"architecture": "resnet19"}, "own_architecture"),
        ({"architecture": "resnet50"}, "weights_do_not_fit"),
        ({"architecture": "resnet18"}, "own_labels"),
        ({"architecture": "resnet18", "labels": ["a", "b", "c", "d"]}, "own_labels"),
        ({"architecture": "resnet18", "labels": ["a", "", "c"]}, "own_toml_value"),
        ({"architecture": "resnet18", "labels": "../x.txt"}, "own_toml_value"),
        ({"architecture": "resnet18", "labels": "gone.txt"}, "own_text"),
        ({"architecture": "resnet18", "std": [0, 1, 1]}, "own_toml_value"),
        ({"architecture": "resnet18", "mean": [1, 1]}, "own_toml_value"),
        ({"architecture": "resnet18", "size": 10**9}, "own_toml_value"),
        ({"architecture": "resnet18", "task": "lift"}, "own_toml_value"),
        ({"architecture": "resnet18", "labels": list("abc"), "task": "pose"}, "own_toml_value"),
        ({"architecture": "resnet18", "labels": list("abc"), "task": "segment"}, "own_toml_value"),
        ({"architecture": "resnet18", "labels": list("abc"), "task": "detect"}, "own_toml_value"),
        ({"architektur": "resnet18"}, "own_toml_key"),
        ({"architecture": "yolo11n"}, "own_labels_missing"),
        ({"architecture": "yolo11n", "labels": ["a"]}, "weights_do_not_fit"),
        ({"architecture": "yolov9n", "labels": ["a"]}, "own_architecture"),
    ],
)
def test_a_wrong_description_is_refused(values: dict[str, Any], key: str, tmp_path: Path) -> None:
    file = tmp_path / "net.safetensors"
    save_file(made("resnet18", 3).state_dict(), file)
    describe(file, **values)
    with pytest.raises(DemoError) as caught:
        read_model(file, "own")
    assert caught.value.key == key


def test_a_diverged_training_is_refused(tmp_path: Path) -> None:
    net, file = made("squeezenet1_1", 2), tmp_path / "net.pth"
    net.classifier[1].bias.data[0] = torch.nan  # type: ignore[index, union-attr]
    torch.save(net.state_dict(), file)
    describe(file, architecture="squeezenet1_1", labels=["a", "b"])
    assert refusal(file).key == "not_finite"
    best = network("yolo11n", ["a"])
    best.model[0].conv.weight.data[0] = torch.inf  # type: ignore[index, union-attr]
    assert refusal(save(best, tmp_path / "best.pt")).key == "not_finite"


def test_a_description_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "net.safetensors"
    save_file(made("resnet18", 3).state_dict(), file)
    (tmp_path / "net.toml").write_text("a = 1\nb c", "utf-8")
    assert refusal(file).fields["line"] == "2"
    (tmp_path / "net.toml").write_bytes(b"\xff\xfe")
    assert refusal(file).key == "own_text"


def test_tensors_alone_are_refused_with_the_way_out(tmp_path: Path) -> None:
    file = tmp_path / "net.pth"
    torch.save(nn.Linear(2, 2).state_dict(), file)
    assert "python -m demo.weights describe net.pth" in str(refusal(file))


def test_pickled_code_is_refused_by_the_name_of_its_package(tmp_path: Path) -> None:
    import argparse

    file = tmp_path / "net.pth"
    torch.save({"state_dict": {}, "args": argparse.Namespace(lr=1)}, file)
    assert "pickled code of argparse" in str(refusal(file))
    file = tmp_path / "best.pt"
    content = {"model": network("yolo11n", ["a"]).half(), "ema": None, "own": DemoError("no_cuda")}
    torch.save(content, file)
    assert "pickled code of demo" in str(refusal(file))


@pytest.mark.parametrize(("name", "classes"), [("resnet18", 7), ("mobilenet_v2", 1000)])
def test_a_draft_is_a_description_that_works(name: str, classes: int, tmp_path: Path) -> None:
    file = tmp_path / "net.safetensors"
    save_file(made(name, classes).state_dict(), file)
    first = draft(file)
    assert (first.found["architecture"], first.found["classes"]) == (name, classes)
    file.with_suffix(".toml").write_text(first.text, "utf-8")
    spec = read_model(file, "own")
    assert (spec.architecture, len(spec.labels)) == (name, classes)
