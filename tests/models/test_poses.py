"""Networks that find keypoints, official and own, against ultralytics' own answers."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from demo.errors import DemoError
from demo.inference.catalog import Catalog
from demo.models import coco_pose
from demo.models.coco_pose import SKELETON
from demo.models.own.base import read_model
from demo.models.spec import ModelSpec, WeightsFile
from demo.models.ultralytics import building
from demo.results.poses import Poses, Skeleton
from demo.settings import Settings
from tests.models.test_models import Model, predict
from tests.models.test_own import clear_confidence
from tests.models.test_segmenters import LANDSCAPE, PORTRAIT
from tests.support.checkpoints import network, save

THREE = ("猫", "dog", "dog")


def assert_same_poses(ours: Poses, result: Any) -> None:
    """Every box has one in ultralytics' result with its keypoints: half a pixel, 0.001."""
    theirs = np.column_stack([result.boxes.xyxy, result.boxes.conf, result.boxes.cls])
    keypoints = result.keypoints.data.numpy()
    assert len(ours) == len(theirs) > 80
    assert np.ptp(keypoints[:, :, 0]) > 100
    left = list(range(len(theirs)))
    rows = np.column_stack([ours.xyxy, ours.scores, ours.class_ids])
    for row, points in zip(rows, ours.keypoints, strict=True):
        far = np.abs(theirs[left] - row) / [0.5, 0.5, 0.5, 0.5, 1e-3, 1e-6]
        place = left.pop(int(far.max(axis=1).argmin()))
        assert far.max(axis=1).min() <= 1, row
        wanted = keypoints[place]
        np.testing.assert_allclose(points[:, :2], wanted[:, :2], atol=0.5)
        np.testing.assert_allclose(
            points[:, 2:][:, : wanted.shape[1] - 2], wanted[:, 2:], atol=1e-3
        )


def compare(model: Model, file: Path, image: Any) -> Poses:
    found = model.ask(image, 320)
    assert isinstance(found, Poses)
    confidence = clear_confidence(found)
    [result] = predict(file, image, 320, confidence, not model.spec.needs_nms, iou=1.0)
    assert_same_poses(found.select(confidence), result)
    return found


@pytest.mark.parametrize("architecture", ["yolo11n-pose", "yolov8n-pose", "yolo26n-pose"])
def test_an_own_one_answers_as_ultralytics_predict(architecture: str, tmp_path: Path) -> None:
    file = save(network(architecture, THREE), tmp_path / "best.pt")
    model = Model.load(read_model(file, "own"), WeightsFile(file, ""))
    assert (model.spec.task, model.spec.labels, model.spec.own) == ("pose", THREE, True)
    assert (model.spec.input_size, model.spec.needs_nms) == (320, True)
    for image in (PORTRAIT, LANDSCAPE) if architecture == "yolo11n-pose" else (PORTRAIT,):
        assert compare(model, file, image).skeleton == SKELETON


@pytest.mark.parametrize(
    ("names", "shape", "known"),
    [
        ({0: ["nose", "tail"], 1: ["nose", "tail"]}, [2, 3], ("nose", "tail")),
        ({0: ["0", "1"], 1: ["0", "1"]}, [2, 2], ("0", "1")),
        (None, [5, 3], ("0", "1", "2", "3", "4")),
    ],
)
def test_its_own_keypoints_are_known(
    names: object, shape: list[int], known: tuple[str, ...], tmp_path: Path
) -> None:
    """Also those without scores, which ultralytics gives none."""
    made: Any = network("yolo11n-pose", ("one", "two"), keypoints=shape)
    if names is not None:
        made.kpt_names = names
    file = save(made, tmp_path / "best.pt")
    model = Model.load(read_model(file, "own"), WeightsFile(file, ""))
    found = compare(model, file, PORTRAIT)
    assert found.skeleton == Skeleton(known)
    assert (found.keypoints[:, :, 2] == 1).all() == (shape[1] == 2)


class TestOfficial:
    def test_a_file_of_the_owners_answers_as_ultralytics_predict(self, tmp_path: Path) -> None:
        """YOLO26's one-to-one head, whose boxes hold no duplicates."""
        name = "yolo26n-pose"
        file = save(network(name, coco_pose.LABELS), tmp_path / f"{name}.pt")
        settings = Settings(weights_dir=tmp_path, cache_dir=tmp_path / "cache", offline=True)
        catalog = Catalog(settings)
        spec = catalog.spec(name)
        assert (spec.own, spec.needs_nms) == (False, False)
        compare(Model.load(spec, catalog.open(name, print)), file, PORTRAIT)

    def test_a_safe_file_of_tensors_gives_the_same_answer(self, tmp_path: Path) -> None:
        spec = next(one for one in coco_pose.SPECS if one.name == "yolo11n-pose")
        made = network(spec.name, coco_pose.LABELS)
        save_file(made.half().state_dict(), tmp_path / "a.safetensors")
        save(made, tmp_path / "a.pt")
        answers = [
            Model.load(spec, WeightsFile(tmp_path / f"a.{kind}", "")).ask(PORTRAIT, 320)
            for kind in ("safetensors", "pt")
        ]
        one, other = answers
        assert isinstance(one, Poses)
        assert isinstance(other, Poses)
        assert len(one) > 80
        assert np.array_equal(one.keypoints, other.keypoints)

    @pytest.mark.parametrize("spec", coco_pose.SPECS, ids=lambda spec: spec.name)
    def test_its_parameters_are_those_of_its_network(self, spec: ModelSpec) -> None:
        with building() as modules, torch.device("meta"):
            facts = modules.yaml_model_load(f"{spec.architecture}.yaml") | {"nc": 1}
            layers, _ = modules.parse_model(copy.deepcopy(facts), 3, verbose=False)
        assert sum(one.numel() for one in layers.parameters()) == spec.params

    def test_its_keypoints_are_those_of_ultralytics(self) -> None:
        from ultralytics.cfg import __file__ as cfg
        from ultralytics.utils import YAML
        from ultralytics.utils.plotting import Annotator

        facts = YAML.load(Path(cfg).parent / "datasets" / "coco-pose.yaml")
        assert SKELETON.names == tuple(facts["kpt_names"][0])
        assert tuple(facts["names"].values()) == coco_pose.LABELS
        drawn = Annotator(np.zeros((8, 8, 3), np.uint8)).skeleton
        assert [[one + 1, other + 1] for one, other in SKELETON.limbs] == drawn

    def test_a_missing_one_says_where_its_file_goes(self, tmp_path: Path) -> None:
        with pytest.raises(DemoError, match="VITRINE_WEIGHTS") as caught:
            Catalog(Settings(cache_dir=tmp_path)).open("yolo11n-pose", print)
        assert caught.value.key == "weights_missing"

    def test_a_file_of_a_detector_is_refused(self, tmp_path: Path) -> None:
        file = save(network("yolo11n", coco_pose.LABELS), tmp_path / "yolo11n-pose.pt")
        spec = next(one for one in coco_pose.SPECS if one.name == "yolo11n-pose")
        with pytest.raises(DemoError) as caught:
            spec.network(WeightsFile(file, ""))
        assert caught.value.key == "weights_do_not_fit"
