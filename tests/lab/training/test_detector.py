"""Ultralytics' trainer on a handful of synthetic photos."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open

from demo.lab.data.boxed_photos import Photo
from demo.lab.evaluation.detector import count_false_positives, detect
from demo.lab.evaluation.networks import load_detector
from demo.lab.options import TrainOptions
from demo.lab.recipe import DetectorRecipe, find_recipe
from demo.lab.runs import TrainingRun
from demo.lab.training.detector import STATE, train_detector


def small_recipe() -> DetectorRecipe:
    recipe = find_recipe("yolo-vitrine-base")
    assert isinstance(recipe, DetectorRecipe)
    sizes = ((0.5, 32), (0.5, 64))
    return replace(recipe, datasets=("toys",), imgsz=64, sizes=sizes, batch=8, negatives=0)


@pytest.fixture
def toys(tmp_path: Path, one_thread: None) -> Path:
    """24 photos of one bright square each, in the layout of a boxed set; one thread."""
    random = np.random.default_rng(0)
    folder = tmp_path / "data" / "toys"
    (folder / "images").mkdir(parents=True)
    with (folder / "boxes.csv").open("w", newline="") as table:
        for i in range(24):
            image = random.integers(0, 90, (80, 100, 3)).astype(np.uint8)
            x, y = (int(v) for v in random.integers(5, 40, 2))
            image[y : y + 30, x : x + 40] = 230
            Image.fromarray(image).save(folder / "images" / f"{i}.png")
            csv.writer(table).writerow([f"{i}.png", x, y, x + 40, y + 30, "dog"])
    return tmp_path / "data"


@pytest.mark.filterwarnings("default")
def test_an_interrupted_training_resumes_and_its_state_loads(toys: Path, tmp_path: Path) -> None:
    recipe, run = small_recipe(), tmp_path / "run"
    options = TrainOptions(run, 2, data=toys, cache=tmp_path / "cache")
    first = train_detector(recipe, options)
    assert next(first).epoch == 1
    del first
    with safe_open(run / STATE, framework="pt") as file:
        assert file.metadata() == {"epoch": "1"}
    rest = list(train_detector(recipe, replace(options, resume=True)))
    assert {progress.epoch for progress in rest} == {2}
    with safe_open(run / STATE, framework="pt") as file:
        assert file.metadata() == {"epoch": "2"}
    assert not (run / STATE).read_bytes().startswith(b"\x80")  # no pickle
    model = load_detector(run / STATE, "yolo11n", recipe.labels)
    image = np.full((80, 100, 3), 60, np.uint8)
    found = detect(model, image, 64, recipe.labels)
    assert found.size_wh == (100, 80)
    assert found.labels == recipe.labels
    path = toys / "toys" / "images" / "0.png"
    photos = [Photo(path, "images/0.png", (), ())]
    counts = count_false_positives(model, photos, 64, recipe.labels)
    assert counts.n == 1 >= counts.above_25 >= counts.above_50


def test_it_trains_and_stops_in_a_process_of_its_own(toys: Path, tmp_path: Path) -> None:
    options = TrainOptions(tmp_path / "run", 1000, data=toys, cache=tmp_path / "cache")
    with TrainingRun.start(small_recipe(), options) as run:
        steps = iter(run)
        first = next(steps)
        run.stop()
        last = [first, *steps][-1]
    assert first.epoch == 1
    assert last.epoch < 1000
    with safe_open(tmp_path / "run" / STATE, framework="pt") as file:
        assert int(file.metadata()["epoch"]) >= last.epoch
