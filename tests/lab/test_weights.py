"""Every file in weights/: the card tells the truth about it."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open

from demo.lab.data.cifar import decode
from demo.lab.data.photo101 import SIDES, photo_paths
from demo.lab.data.read import read_photo, shrink
from demo.lab.data.splits import is_test
from demo.lab.evaluation.classifier import evaluate, load_classifier, read_facts
from demo.lab.evaluation.detector import held_out, load_detector, match_photos, measure_detector
from demo.lab.evaluation.metrics import wilson
from demo.lab.publish.card import render
from demo.lab.recipe import find_recipe
from demo.lab.training.classifier import logits_of

WEIGHTS = Path(__file__).parents[2] / "weights"
NAMES = sorted(path.stem for path in WEIGHTS.glob("*.safetensors"))
CIFAR = [name for name in NAMES if name.endswith("cifar10") and not name.startswith("dcgan")]


def facts_of(name: str) -> dict[str, Any]:
    return read_facts(WEIGHTS, name)


def test_the_promised_weights_are_here() -> None:
    assert {*CIFAR, "dcgan-cifar10", "photo-101", "yolo-vitrine"} == set(NAMES)
    assert len(CIFAR) == 3
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) <= 40e6


@pytest.mark.parametrize("name", NAMES)
def test_file_and_card_agree(name: str) -> None:
    facts, file = facts_of(name), WEIGHTS / f"{name}.safetensors"
    assert facts["file"] == file.name
    assert facts["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert facts["size_bytes"] == file.stat().st_size <= 12e6
    learned = find_recipe(name).labels
    assert tuple(facts["labels"]) == tuple(x for x in learned if x in facts["labels"])
    assert facts["task"] == "detect" or len(facts["labels"]) == len(learned)
    assert tuple(facts["data"]) == find_recipe(name).about.data
    assert Path(WEIGHTS.parent / facts["recipe"]).is_file()
    with safe_open(file, framework="numpy") as tensors:
        kinds = {tensors.get_slice(key).get_dtype() for key in tensors.keys()}  # noqa: SIM118
    assert kinds <= {"F16", "I64"}
    assert (WEIGHTS / f"{name}.md").read_text("utf-8") == render(facts)
    measured = facts["measured"]
    assert 0 < measured["low"] < measured["value"] < measured["high"] < 1


def test_no_file_is_without_a_card() -> None:
    kinds = {path.suffix for path in WEIGHTS.iterdir() if not path.name.startswith(".")}
    assert kinds == {".safetensors", ".json", ".md"}
    assert sorted(path.stem for path in WEIGHTS.glob("*.json")) == NAMES


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Small networks on a busy machine lose more by waiting for each other than they gain."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def cifar_test(shared_data: Path) -> tuple[Any, Any]:
    """The first 2,000 test pictures and what they are."""
    with np.load(shared_data / "cifar10" / "cifar10.npz") as archive:
        cut = {"header": archive["header"], "test_data": archive["test_data"]}
        images = decode(cut | {"test_len": archive["test_len"][:2000]}, "test")
        return images, archive["test_labels"][:2000]


def agrees(facts: dict[str, Any], images: Any, targets: Any) -> None:
    """The score on these pictures is, within its interval, that of the card."""
    model = load_classifier(WEIGHTS / facts["file"], facts["architecture"])
    logits = logits_of(model, images, tuple(facts["mean"]), tuple(facts["std"]))
    low, high = wilson(int((logits.argmax(1) == targets).sum()), len(targets))
    assert low < facts["measured"]["value"] < high
    assert facts["unknown"]["false_alarm"] <= 0.05
    assert facts["unknown"]["foreign"] == 1000


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("name", CIFAR)
def test_a_cifar_network_scores_what_its_card_says(name: str, cifar_test: tuple[Any, Any]) -> None:
    agrees(facts_of(name), *cifar_test)


@pytest.mark.usefixtures("one_thread")
def test_photo_101_scores_what_its_card_says(shared_data: Path, tmp_path: Path) -> None:
    facts = facts_of("photo-101")
    rows = [row for row in photo_paths(shared_data, tmp_path) if is_test(row[1])][::4]
    images = np.stack([shrink(read_photo(path), SIDES["test"]) for path, _, _ in rows])
    agrees(facts, images, np.array([facts["labels"].index(label) for _, _, label in rows]))


@pytest.mark.usefixtures("one_thread")
def test_yolo_scores_on_a_subset_what_its_card_says(shared_data: Path) -> None:
    facts = facts_of("yolo-vitrine")
    labels = tuple(facts["labels"])
    model = load_detector(WEIGHTS / facts["file"], facts["architecture"], labels)
    assert facts["measured"]["dataset"] == "animals test"
    photos = held_out(shared_data, "animals", labels)[::6]
    matches = list(match_photos(model, photos, facts["input_size"][0], labels))
    measured = measure_detector(matches, labels)
    assert measured["mAP50"]["low"] < facts["measured"]["value"] < measured["mAP50"]["high"]


def test_the_detector_opens_in_ultralytics_without_a_pickle() -> None:
    """As its card says: built from its YAML, its state from the safetensors file."""
    from demo.models import ultralytics

    ultralytics.tasks()
    from safetensors.torch import load_file
    from ultralytics import YOLO
    from ultralytics.utils import ASSETS

    facts = facts_of("yolo-vitrine")
    plain = YOLO(f"{facts['architecture']}.yaml", verbose=False)
    plain.model = ultralytics.build(facts["architecture"], len(facts["labels"]))
    plain.model.load_state_dict(load_file(WEIGHTS / facts["file"]))
    plain.model.names = dict(enumerate(facts["labels"]))
    plain.model.float()
    found = plain.predict(ASSETS / "bus.jpg", imgsz=facts["input_size"][0], verbose=False)[0]
    assert "person" in {found.names[int(i)] for i in found.boxes.cls}


def test_a_model_is_measured_only_on_what_it_knows(tmp_path: Path) -> None:
    from demo.errors import DemoError

    with pytest.raises(DemoError, match="cifar10"):
        evaluate(WEIGHTS, facts_of("cnn-cifar10"), "animals", None, tmp_path)
    with pytest.raises(DemoError, match="cnn-cifar10"):
        read_facts(WEIGHTS, "no-such-weights")
    assert json.loads((WEIGHTS / "cnn-cifar10.json").read_text("utf-8"))["task"] == "classify"
