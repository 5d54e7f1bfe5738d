"""Segmenters, official and own, against ultralytics' own answers."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from demo.errors import DemoError
from demo.inference.catalog import Catalog
from demo.models import coco, coco_segment
from demo.models.own.base import read_model
from demo.models.spec import ModelSpec, WeightsFile
from demo.models.ultralytics import building
from demo.results import Detections, Image
from demo.settings import Settings
from tests.models.test_models import Model, photo, predict
from tests.models.test_own import clear_confidence
from tests.support.checkpoints import network, save
from tests.support.masks import whole

THREE = ("猫", "dog", "dog")


def assert_same_masks(ours: Detections, result: Any) -> None:
    """Every box has one of its own in ultralytics' result, and its mask there: IoU ≥ 0.99."""
    assert ours.masks is not None
    masks = ours.masks.runs()
    theirs = result.masks.data.numpy().astype(bool)
    rows = np.column_stack([result.boxes.xyxy, 1000 * result.boxes.conf, 1000 * result.boxes.cls])
    left = set(range(len(rows)))
    assert len(ours) == len(rows) > 50
    for i, row in enumerate(
        np.column_stack([ours.xyxy, 1000 * ours.scores, 1000 * ours.class_ids])
    ):
        place = min(left, key=lambda j: np.abs(rows[j] - row).max())
        assert np.abs(rows[place] - row).max() < 1
        left.remove(place)
        pixels = whole(masks, i)
        union = (pixels | theirs[place]).sum()
        assert (pixels & theirs[place]).sum() >= 0.99 * union


def thinned(rows: int, columns: int) -> Image:
    """The photo of a bus with every how manyth row and column."""
    return np.ascontiguousarray(photo("bus.jpg")[::rows, ::columns])


PORTRAIT = thinned(3, 5)
LANDSCAPE = np.ascontiguousarray(np.rot90(thinned(1, 1)))
"""Both are letterboxed: 162×360 and 1080×810 pixels."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of YOLO11."""
    return save(network("yolo11n-seg", THREE), tmp_path_factory.mktemp("own") / "best.pt")


def loaded(file: Path) -> Model:
    return Model.load(read_model(file, "own"), WeightsFile(file, ""))


def compare(model: Model, file: Path, image: Image) -> None:
    found = model.ask(image, 320)
    assert isinstance(found, Detections)
    confidence = clear_confidence(found)
    options = {"iou": 1.0, "retina_masks": True}
    [result] = predict(file, image, 320, confidence, not model.spec.needs_nms, **options)
    assert_same_masks(found.select(confidence).with_pixels(), result)


def test_an_own_segmenter_answers_as_ultralytics_predict(own: Path) -> None:
    model = loaded(own)
    assert model.spec.labels == THREE
    assert (model.spec.task, model.spec.input_size, model.spec.own) == ("segment", 320, True)
    for image in (PORTRAIT, LANDSCAPE):
        compare(model, own, image)


@pytest.mark.parametrize("architecture", ["yolov8n-seg", "yolo26n-seg"])
def test_own_segmenters_of_other_versions_do_too(architecture: str, tmp_path: Path) -> None:
    file = save(network(architecture, THREE), tmp_path / "best.pt")
    compare(loaded(file), file, PORTRAIT)


def test_masks_are_the_same_after_the_file_is_read_again(own: Path) -> None:
    answers = []
    for _ in range(2):
        found = loaded(own).ask(PORTRAIT)
        assert isinstance(found, Detections)
        answers.append(found.select(0.2).with_pixels())
    one, other = answers
    assert one.masks is not None
    assert other.masks is not None
    pairs = zip(one.masks.runs().counts, other.masks.runs().counts, strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)
    assert len(one) > 50


class TestOfficial:
    def test_a_file_of_the_owners_answers_as_ultralytics_predict(self, tmp_path: Path) -> None:
        """YOLO26's one-to-one head, whose boxes hold no duplicates."""
        name = "yolo26n-seg"
        file = save(network(name, coco.LABELS), tmp_path / f"{name}.pt")
        settings = Settings(weights_dir=tmp_path, cache_dir=tmp_path / "cache", offline=True)
        catalog = Catalog(settings)
        spec = catalog.spec(name)
        assert (spec.own, spec.needs_nms) == (False, False)
        compare(Model.load(spec, catalog.open(name, print)), file, PORTRAIT)

    @pytest.mark.parametrize("spec", [*coco_segment.SPECS, *coco.SPECS], ids=lambda spec: spec.name)
    def test_its_parameters_are_those_of_its_network(self, spec: ModelSpec) -> None:
        with building() as modules, torch.device("meta"):
            facts = modules.yaml_model_load(f"{spec.architecture}.yaml")
            layers, _ = modules.parse_model(copy.deepcopy(facts), 3, verbose=False)
        assert sum(one.numel() for one in layers.parameters()) == spec.params

    def test_a_missing_one_says_where_its_file_goes(self, tmp_path: Path) -> None:
        catalog = Catalog(Settings(cache_dir=tmp_path))
        with pytest.raises(DemoError, match="VITRINE_WEIGHTS") as caught:
            catalog.open("yolo11n-seg", print)
        assert caught.value.key == "weights_missing"

    def test_a_file_of_a_detector_is_refused(self, tmp_path: Path) -> None:
        file = save(network("yolo11n", coco.LABELS), tmp_path / "yolo11n-seg.pt")
        spec = next(one for one in coco_segment.SPECS if one.name == "yolo11n-seg")
        with pytest.raises(DemoError) as caught:
            spec.network(WeightsFile(file, ""))
        assert caught.value.key == "weights_do_not_fit"


def test_a_batch_answers_as_each_alone(own: Path) -> None:
    model = loaded(own)
    pictures = [PORTRAIT, PORTRAIT[::-1].copy()]
    prepared = [model.preprocess(picture) for picture in pictures]
    inputs: NDArray[np.float32] = np.concatenate([one.inputs for one in prepared])
    together = model.runner.run(inputs)
    assert len(together) == 3
    for i, one in enumerate(prepared):
        for ours, alone in zip(together, model.runner.run(one.inputs), strict=True):
            np.testing.assert_allclose(ours[i : i + 1], alone, rtol=1e-3, atol=1e-3)
