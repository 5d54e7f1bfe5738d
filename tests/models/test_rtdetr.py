"""The official RT-DETR detectors against ultralytics' own answers."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from demo.errors import DemoError
from demo.inference.catalog import Catalog
from demo.models import coco, coco_rtdetr
from demo.models.spec import ModelSpec, WeightsFile
from demo.models.ultralytics import building, tasks
from demo.results import Detections
from demo.settings import Settings
from tests.models.test_models import Model, photo, predict
from tests.models.test_own import assert_same_boxes
from tests.support.checkpoints import network, save

NAME = "rtdetr-l"


def test_a_file_of_the_owners_answers_as_ultralytics_predict(tmp_path: Path) -> None:
    """The picture is stretched, not letterboxed; the same from a safe file of tensors."""
    made = network(NAME, coco.LABELS)
    file = save(made, tmp_path / f"{NAME}.pt")
    settings = Settings(weights_dir=tmp_path, cache_dir=tmp_path / "cache", offline=True)
    catalog = Catalog(settings)
    spec = catalog.spec(NAME)
    assert (spec.own, spec.needs_nms, spec.task) == (False, False, "detect")
    image = photo("bus.jpg")
    found = Model.load(spec, catalog.open(NAME, print)).ask(image, 320)
    assert isinstance(found, Detections)
    [result] = predict(file, image, 320, 0.01, nms_free=False)
    assert np.ptp(found.xyxy[:, 0]) > 100
    assert_same_boxes(found, result)

    tensors = tmp_path / "a.safetensors"
    save_file({key: one.clone() for key, one in made.half().state_dict().items()}, tensors)
    again = Model.load(spec, WeightsFile(tensors, "")).ask(image, 320)
    assert isinstance(again, Detections)
    np.testing.assert_allclose(again.xyxy, found.xyxy, atol=0.01)


def test_preprocessing_is_ultralytics_own() -> None:
    tasks()
    from ultralytics.data.augment import LetterBox

    spec = coco_rtdetr.SPECS[0]
    image = photo("bus.jpg")
    prepared = Model(spec, None).preprocess(image)  # type: ignore[arg-type]
    wanted = LetterBox((640, 640), auto=False, scale_fill=True)(image=image)
    assert prepared.inputs.shape == (1, 3, 640, 640)
    ours = prepared.inputs[0].transpose(1, 2, 0) * 255
    np.testing.assert_allclose(ours, wanted, atol=1e-3)


@pytest.mark.parametrize("spec", coco_rtdetr.SPECS, ids=lambda spec: spec.name)
def test_its_parameters_are_those_of_its_network(spec: ModelSpec) -> None:
    with building() as modules, torch.device("meta"):
        facts = modules.yaml_model_load(f"{spec.architecture}.yaml")
        layers, _ = modules.parse_model(copy.deepcopy(facts), 3, verbose=False)
    assert sum(one.numel() for one in layers.parameters()) == spec.params


def test_a_missing_one_says_where_its_file_goes(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="VITRINE_WEIGHTS") as caught:
        Catalog(Settings(cache_dir=tmp_path)).open(NAME, print)
    assert caught.value.key == "weights_missing"


def test_a_file_of_other_classes_is_refused(tmp_path: Path) -> None:
    file = save(network("yolo11n", ("one", "two")), tmp_path / f"{NAME}.pt")
    with pytest.raises(DemoError) as caught:
        coco_rtdetr.SPECS[0].network(WeightsFile(file, ""))
    assert caught.value.key == "weights_do_not_fit"
