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

from demo.lab.boxes import boxed_photos
from demo.lab.card import render
from demo.lab.cifar import decode
from demo.lab.classifier import logits_of
from demo.lab.evaluate import (
    evaluate,
    load_classifier,
    load_detector,
    match_photos,
    measure_detector,
    read_facts,
)
from demo.lab.metrics import wilson
from demo.lab.recipe import find_recipe
from demo.lab.splits import is_test

WEIGHTS = Path(__file__).parents[1] / "weights"
NAMES = sorted(path.stem for path in WEIGHTS.glob("*.safetensors"))


def facts_of(name: str) -> dict[str, Any]:
    return read_facts(WEIGHTS, name)


def test_the_promised_weights_are_here() -> None:
    assert {"cnn-cifar10", "yolo-vitrine"} <= set(NAMES)
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) <= 40e6


@pytest.mark.parametrize("name", NAMES)
def test_file_and_card_agree(name: str) -> None:
    facts, file = facts_of(name), WEIGHTS / f"{name}.safetensors"
    assert facts["file"] == file.name
    assert facts["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert facts["size_bytes"] == file.stat().st_size <= 12e6
    assert tuple(facts["labels"]) == find_recipe(name).labels
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


def test_cnn_scores_on_a_subset_what_its_card_says(shared_data: Path) -> None:
    facts, count = facts_of("cnn-cifar10"), 2000
    with np.load(shared_data / "cifar10" / "cifar10.npz") as archive:
        cut = {"header": archive["header"], "test_data": archive["test_data"]}
        images = decode(cut | {"test_len": archive["test_len"][:count]}, "test")
        targets = archive["test_labels"][:count]
    model = load_classifier(WEIGHTS / facts["file"], facts["architecture"])
    logits = logits_of(model, images, tuple(facts["mean"]), tuple(facts["std"]))
    low, high = wilson(int((logits.argmax(1) == targets).sum()), count)
    assert low < facts["measured"]["value"] < high
    rule = facts["unknown"]
    assert rule["false_alarm"] <= 0.05
    assert rule["foreign"] == 1000


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Small networks on a busy machine lose more by waiting for each other than they gain."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
def test_yolo_scores_on_a_subset_what_its_card_says(shared_data: Path) -> None:
    facts = facts_of("yolo-vitrine")
    labels = tuple(facts["labels"])
    model = load_detector(WEIGHTS / facts["file"], facts["architecture"], labels)
    every = boxed_photos(shared_data, "boxes3") + boxed_photos(shared_data, "animals")
    photos = [photo for photo in every if is_test(photo.inside)][::9]
    size = facts["input_size"][0]
    measured = measure_detector(list(match_photos(model, photos, size, labels)), labels)
    assert measured["mAP50"]["low"] < facts["measured"]["value"] < measured["mAP50"]["high"]


def test_a_model_is_measured_only_on_what_it_knows(tmp_path: Path) -> None:
    from demo.errors import DemoError

    with pytest.raises(DemoError, match="cifar10"):
        evaluate(WEIGHTS, facts_of("cnn-cifar10"), "animals", None, tmp_path)
    with pytest.raises(DemoError, match="cnn-cifar10"):
        read_facts(WEIGHTS, "no-such-weights")
    assert json.loads((WEIGHTS / "cnn-cifar10.json").read_text("utf-8"))["task"] == "classify"
