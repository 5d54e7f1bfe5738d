"""Every file in weights/ is what its card states."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

from demo.errors import DemoError
from demo.lab.cards.card import Card
from demo.lab.cards.classifier import ClassifierCard
from demo.lab.cards.detector import DetectorCard
from demo.lab.cards.render import render
from demo.lab.data.cifar import decode
from demo.lab.data.photo101 import SIDES, photo_paths
from demo.lab.data.read import read_photo, square
from demo.lab.data.splits import is_test
from demo.lab.evaluation.detector import held_out_photos, match_photos, measure_detector
from demo.lab.evaluation.metrics import wilson
from demo.lab.evaluation.networks import load_classifier, load_detector
from demo.lab.kinds.base import read_card
from demo.lab.options import EvaluateOptions
from demo.lab.recipe import find_recipe
from demo.lab.training.classifier import logits_of

WEIGHTS = Path(__file__).parents[2] / "weights"
NAMES = sorted(path.stem for path in WEIGHTS.glob("*.safetensors"))
CIFAR = [name for name in NAMES if name.endswith("cifar10") and not name.startswith("dcgan")]


def card_of(name: str) -> Card:
    return read_card(WEIGHTS, name)[1]


def test_the_promised_weights_are_here() -> None:
    assert {*CIFAR, "dcgan-cifar10", "photo-101", "yolo-vitrine"} == set(NAMES)
    assert len(CIFAR) == 3
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) <= 40e6


@pytest.mark.parametrize("name", NAMES)
def test_file_and_card_agree(name: str) -> None:
    card, file = card_of(name), WEIGHTS / f"{name}.safetensors"
    assert card.file == file.name
    assert card.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert card.size_bytes == file.stat().st_size <= 12e6
    learned = find_recipe(name).labels
    assert card.labels == tuple(x for x in learned if x in card.labels)
    assert card.task == "detect" or len(card.labels) == len(learned)
    assert card.data == find_recipe(name).about.data
    assert Path(WEIGHTS.parent / card.recipe).is_file()
    with safe_open(file, framework="numpy") as tensors:
        kinds = {tensors.get_slice(key).get_dtype() for key in tensors.keys()}  # noqa: SIM118
    assert kinds <= {"F16", "I64"}
    assert (WEIGHTS / f"{name}.md").read_text("utf-8") == render(card)
    measured = card.measured
    assert 0 < measured.low < measured.value < measured.high < 1


def test_no_file_is_without_a_card() -> None:
    kinds = {path.suffix for path in WEIGHTS.iterdir() if not path.name.startswith(".")}
    assert kinds == {".safetensors", ".json", ".md"}
    assert sorted(path.stem for path in WEIGHTS.glob("*.json")) == NAMES


@pytest.fixture(scope="module")
def cifar_test(shared_data: Path) -> tuple[Any, Any]:
    """The first 2,000 test pictures and what they are."""
    with np.load(shared_data / "cifar10" / "cifar10.npz") as archive:
        cut = {"header": archive["header"], "test_data": archive["test_data"]}
        images = decode(cut | {"test_len": archive["test_len"][:2000]}, "test")
        return images, archive["test_labels"][:2000]


def assert_score(card: ClassifierCard, images: Any, targets: Any) -> None:
    """The score on these pictures is, within its interval, that of the card."""
    model = load_classifier(WEIGHTS / card.file, card.architecture)
    logits = logits_of(model, images, card.mean, card.std)
    low, high = wilson(int((logits.argmax(1) == targets).sum()), len(targets))
    assert low < card.measured.value < high
    assert card.out_of_distribution is not None
    assert card.out_of_distribution.false_alarm <= 0.05
    assert card.out_of_distribution.foreign == 1000


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("name", CIFAR)
def test_a_cifar_network_scores_what_its_card_says(name: str, cifar_test: tuple[Any, Any]) -> None:
    assert_score(ClassifierCard.read(WEIGHTS, name), *cifar_test)


@pytest.mark.usefixtures("one_thread")
def test_photo_101_scores_what_its_card_says(shared_data: Path, tmp_path: Path) -> None:
    card = ClassifierCard.read(WEIGHTS, "photo-101")
    rows = [row for row in photo_paths(shared_data, tmp_path) if is_test(row[1])][::4]
    images = np.stack([square(read_photo(path), SIDES["test"]) for path, _, _ in rows])
    targets = np.array([card.labels.index(label) for _, _, label in rows])
    assert_score(card, images, targets)


@pytest.mark.usefixtures("one_thread")
def test_yolo_scores_on_a_subset_what_its_card_says(shared_data: Path) -> None:
    card = DetectorCard.read(WEIGHTS, "yolo-vitrine")
    model = load_detector(WEIGHTS / card.file, card.architecture, card.labels)
    assert card.measured.dataset == "animals test"
    photos = held_out_photos(shared_data, "animals", card.labels)[::6]
    matches = list(match_photos(model, photos, card.input_size[0], card.labels))
    measured = measure_detector(matches, card.labels).map50
    assert measured.low < card.measured.value < measured.high


def test_the_detector_opens_in_ultralytics_without_a_pickle() -> None:
    """As its card says: built from its YAML, its state from the safetensors file."""
    from demo.models import ultralytics

    ultralytics.tasks()
    from safetensors.torch import load_file
    from ultralytics import YOLO
    from ultralytics.utils import ASSETS

    card = card_of("yolo-vitrine")
    plain = YOLO(f"{card.architecture}.yaml", verbose=False)
    plain.model = ultralytics.build(card.architecture, len(card.labels))
    plain.model.load_state_dict(load_file(WEIGHTS / card.file))
    plain.model.names = dict(enumerate(card.labels))
    plain.model.float()
    found = plain.predict(ASSETS / "bus.jpg", imgsz=card.input_size[0], verbose=False)[0]
    assert "person" in {found.names[int(i)] for i in found.boxes.cls}


def test_a_model_is_measured_only_on_what_it_knows(tmp_path: Path) -> None:
    kind, card = read_card(WEIGHTS, "cnn-cifar10")
    with pytest.raises(DemoError, match="cifar10"):
        kind.evaluate(card, EvaluateOptions(WEIGHTS, "animals", None, tmp_path))
    with pytest.raises(DemoError, match="cnn-cifar10"):
        read_card(WEIGHTS, "no-such-weights")
    assert json.loads((WEIGHTS / "cnn-cifar10.json").read_text("utf-8"))["task"] == "classify"
