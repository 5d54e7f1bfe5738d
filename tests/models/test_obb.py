"""Networks whose boxes are turned, official and own, against ultralytics' own answers."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from demo.errors import DemoError
from demo.inference.catalog import Catalog
from demo.models import dota_obb
from demo.models.own.base import read_model
from demo.models.spec import ModelSpec, WeightsFile
from demo.models.ultralytics import building
from demo.results import Image
from demo.results.oriented_boxes import OrientedBoxes
from demo.settings import Settings
from tests.models.test_models import Model, predict
from tests.models.test_own import clear_confidence
from tests.models.test_segmenters import LANDSCAPE, PORTRAIT
from tests.support.checkpoints import network, save

THREE = ("猫", "dog", "dog")


def assert_same_boxes(ours: OrientedBoxes, result: Any) -> None:
    """Every box has one in ultralytics' result: half a pixel, 0.001, same class and angle."""
    theirs = np.column_stack([result.obb.xywhr, result.obb.conf, result.obb.cls])
    theirs[:, 2:4] = np.abs(theirs[:, 2:4])
    assert len(ours) == len(theirs) > 80
    assert np.ptp(theirs[:, 4]) > 1
    left = list(range(len(theirs)))
    allowed = np.array([0.5, 0.5, 0.5, 0.5, 1e-3, 1e-3, 1e-6])
    for row in np.column_stack([ours.xywhr, ours.scores, ours.class_ids]):
        far = (np.abs(theirs[left] - row) / allowed).max(axis=1)
        assert far.min() <= 1, row
        left.pop(int(far.argmin()))


def compare(model: Model, file: Path, image: Image) -> None:
    found = model.ask(image, 320)
    assert isinstance(found, OrientedBoxes)
    confidence = clear_confidence(found)
    [result] = predict(file, image, 320, confidence, not model.spec.needs_nms, iou=1.0)
    assert_same_boxes(found.select(confidence), result)


@pytest.mark.parametrize("architecture", ["yolo11n-obb", "yolov8n-obb", "yolo26n-obb"])
def test_an_own_one_answers_as_ultralytics_predict(architecture: str, tmp_path: Path) -> None:
    file = save(network(architecture, THREE), tmp_path / "best.pt")
    model = Model.load(read_model(file, "own"), WeightsFile(file, ""))
    assert (model.spec.task, model.spec.labels, model.spec.own) == ("obb", THREE, True)
    assert (model.spec.input_size, model.spec.needs_nms) == (320, True)
    for image in (PORTRAIT, LANDSCAPE) if architecture == "yolo11n-obb" else (PORTRAIT,):
        compare(model, file, image)


class TestOfficial:
    def test_a_file_of_the_owners_answers_as_ultralytics_predict(self, tmp_path: Path) -> None:
        """YOLO26's one-to-one head, whose boxes hold no duplicates."""
        name = "yolo26n-obb"
        file = save(network(name, dota_obb.LABELS), tmp_path / f"{name}.pt")
        settings = Settings(weights_dir=tmp_path, cache_dir=tmp_path / "cache", offline=True)
        catalog = Catalog(settings)
        spec = catalog.spec(name)
        assert (spec.own, spec.needs_nms, spec.input_size) == (False, False, 1024)
        compare(Model.load(spec, catalog.open(name, print)), file, PORTRAIT)

    def test_a_safe_file_of_tensors_gives_the_same_answer(self, tmp_path: Path) -> None:
        spec = next(one for one in dota_obb.SPECS if one.name == "yolo11n-obb")
        made = network(spec.name, dota_obb.LABELS)
        save_file(made.half().state_dict(), tmp_path / "a.safetensors")
        save(made, tmp_path / "a.pt")
        one, other = (
            Model.load(spec, WeightsFile(tmp_path / f"a.{kind}", "")).ask(PORTRAIT, 320)
            for kind in ("safetensors", "pt")
        )
        assert isinstance(one, OrientedBoxes)
        assert isinstance(other, OrientedBoxes)
        assert len(one) > 80
        assert np.array_equal(one.xywhr, other.xywhr)

    @pytest.mark.parametrize("spec", dota_obb.SPECS, ids=lambda spec: spec.name)
    def test_its_parameters_are_those_of_its_network(self, spec: ModelSpec) -> None:
        with building() as modules, torch.device("meta"):
            facts = modules.yaml_model_load(f"{spec.architecture}.yaml") | {"nc": 15}
            layers, _ = modules.parse_model(copy.deepcopy(facts), 3, verbose=False)
        assert sum(one.numel() for one in layers.parameters()) == spec.params

    def test_its_classes_are_those_of_ultralytics(self) -> None:
        from ultralytics.cfg import __file__ as cfg
        from ultralytics.utils import YAML

        names = YAML.load(Path(cfg).parent / "datasets" / "DOTAv1.yaml")["names"]
        assert tuple(names.values()) == dota_obb.LABELS

    def test_a_missing_one_says_where_its_file_goes(self, tmp_path: Path) -> None:
        with pytest.raises(DemoError, match="VITRINE_WEIGHTS") as caught:
            Catalog(Settings(cache_dir=tmp_path)).open("yolo11n-obb", print)
        assert caught.value.key == "weights_missing"
