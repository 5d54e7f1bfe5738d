"""Contracts of every model, and their answers against torchvision and ultralytics."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from demo.backends.base import Runner
from demo.backends.torch_cpu import BACKEND
from demo.errors import DemoError
from demo.geometry import boxes
from demo.geometry.letterbox import Letterbox
from demo.i18n import known, translate
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.inference.catalog import Catalog
from demo.models import bundled, imagenet, yolo_outputs
from demo.models.checkpoint import load_state
from demo.models.classifier import Classifier, Preprocessing
from demo.models.networks import yolo_head
from demo.models.networks.classifiers import cnn_cifar10
from demo.models.networks.efficientnet_lite import SamePadConv
from demo.models.networks.packed_conv import PackedConv, is_supported, packable
from demo.models.spec import MIN_SCORE, ImageRequest, ModelSpec, Prepared, UnknownRule, WeightsFile
from demo.models.ultralytics import build, tasks
from demo.results import Detections, Image, Result, Scores
from demo.service import examples
from demo.settings import Settings
from tests.support.levels import assert_same_levels

ROOT = Path(__file__).resolve().parents[2]
CATALOG = Catalog(Settings(cache_dir=Path("/nonexistent"), offline=True))
ODD_SIZES = [(1, 1), (1, 5000), (5000, 1), (33, 7), (640, 480)]


def photo(name: str) -> Image:
    path = next(p for p in examples.paths() if p.name == name)
    return decode(path.read_bytes(), Limits.of(Settings())).rgb


def noise(width: int, height: int, seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@dataclass(frozen=True)
class Model:
    """A family with its network on the CPU."""

    spec: ModelSpec
    runner: Runner

    @classmethod
    def load(cls, spec: ModelSpec, file: WeightsFile) -> "Model":
        return cls(spec, BACKEND.load(spec, file))

    def preprocess(self, image: Image, size: int | None = None) -> Prepared:
        return self.spec.family.preprocess(ImageRequest(image, size))

    def forward(self, inputs: NDArray[np.float32]) -> Tensor:
        [output] = self.runner.run(inputs)
        return torch.from_numpy(output)

    def ask(self, image: Image, size: int | None = None) -> Result:
        prepared = self.preprocess(image, size)
        return self.spec.family.postprocess(self.runner.run(prepared.inputs), prepared)


def predict(
    file: Path, image: Image, size: int, confidence: float, nms_free: bool, **more: object
) -> Any:
    """What ultralytics itself says; it sets the threads of the whole process, so they are reset."""
    tasks()
    from ultralytics import YOLO

    threads = torch.get_num_threads()
    options = more | ({"nms": False} if nms_free else {})
    try:
        return YOLO(file).predict(
            image[..., ::-1], imgsz=size, conf=confidence, verbose=False, device="cpu", **options
        )
    finally:
        torch.set_num_threads(threads)


def settle(network: nn.Module) -> None:
    """Let the normalising layers of a random network see one batch, so that signals get through."""
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        network.train()(torch.rand(2, 3, 320, 320))
    network.eval()


@pytest.fixture(scope="module")
def here(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    """Every model whose weights are on this machine and that takes pictures, loaded."""
    cache = tmp_path_factory.mktemp("cache")
    settings = Settings(weights_dir=shared_data / "weights", cache_dir=cache, offline=True)
    catalog = Catalog(settings)
    names = [name for name in catalog.present() if catalog.spec(name).task != "generate"]
    return {n: Model.load(catalog.spec(n), catalog.open(n, print)) for n in names}


class TestSpecs:
    @pytest.mark.parametrize("spec", CATALOG.specs(), ids=lambda spec: spec.name)
    def test_facts_are_complete(self, spec: ModelSpec) -> None:
        assert spec.task in ("classify", "detect", "segment", "pose", "obb", "generate")
        assert known(f"tab_{spec.task}")
        assert translate(f"tab_{spec.task}", "zh-TW")
        assert len(spec.labels) >= {"generate": 0, "pose": 1}.get(spec.task, 2)
        assert all(label == label.strip() and label for label in spec.labels)
        assert spec.input_size >= 32
        assert spec.licence
        assert spec.source
        assert spec.params is not None
        assert spec.params > 10_000
        score = spec.published or spec.measured
        if score is None:
            assert spec.source == "timm"  # whose registry states none
            return
        assert 0 < score["value"] < 100
        assert score["value"] > 1 or score["metric"] == "KID"
        weights = spec.weights
        if weights.url is None and weights.embedded is None and not weights.package:
            # Its owner brings the file: no digest of it is known.
            assert spec.command == f'cp {weights.official} "$VITRINE_WEIGHTS"'
        else:
            assert weights.size_bytes is not None

    def test_the_catalog_has_them_all(self) -> None:
        names = [spec.name for spec in CATALOG.specs()]
        assert len(set(names)) == len(names)
        assert {"yolo11n", "yolo26n", "yolo26n-nmsfree", "mobilenet_v2", "vit_h_14"} <= set(names)
        assert sum(spec.source == "torchvision" for spec in CATALOG.specs()) == 80
        assert CATALOG.spec("yolo26n").needs_nms
        assert not CATALOG.spec("yolo26n-nmsfree").needs_nms
        assert CATALOG.spec("resnet50").published == {
            "dataset": "ImageNet",
            "metric": "top-1",
            "value": 80.858,
        }

    def test_coco_has_the_order_of_ultralytics(self) -> None:
        from ultralytics.cfg import __file__ as cfg
        from ultralytics.utils import YAML

        names = YAML.load(Path(cfg).parent / "datasets" / "coco.yaml")["names"]
        assert CATALOG.spec("yolo11n").labels == tuple(names.values())


class TestEveryModelHere:
    def test_the_stand_ins_are_here(self, here: dict[str, Model]) -> None:
        assert {"yolo11n", "yolo26n", "yolo26n-nmsfree", "mobilenet_v2"} <= set(here)

    @pytest.mark.parametrize(("width", "height"), ODD_SIZES)
    def test_any_shape_is_answered(self, here: dict[str, Model], width: int, height: int) -> None:
        image = noise(width, height)
        for name, model in here.items():
            spec = CATALOG.spec(name)
            prepared = model.preprocess(image, spec.input_size)
            assert prepared.view is not None
            assert prepared.inputs.dtype == np.float32
            assert prepared.view.image.dtype == np.uint8
            assert prepared.view.size_wh == (width, height)
            assert prepared.inputs.shape == (1, 3, *prepared.view.image.shape[:2])
            x0, y0, x1, y1 = prepared.view.window_xyxy
            assert 0 <= x0 < x1 <= width
            assert 0 <= y0 < y1 <= height
            answer = model.ask(image, spec.input_size)
            assert answer.labels == spec.labels
            if isinstance(answer, Detections):
                assert answer.size_wh == (width, height)
                assert (answer.scores >= MIN_SCORE).all()
                assert (np.diff(answer.scores) <= 0).all()

    def test_a_batch_answers_as_each_alone(self, here: dict[str, Model]) -> None:
        pictures = [noise(320, 320, seed) for seed in range(3)]
        for name, model in here.items():
            size = min(CATALOG.spec(name).input_size, 320)
            inputs = [model.preprocess(picture, size).inputs for picture in pictures]
            together = model.runner.run(np.concatenate(inputs))
            for i, one in enumerate(inputs):
                alone = model.runner.run(one)
                for whole, part in zip(together, alone, strict=True):
                    np.testing.assert_allclose(whole[i : i + 1], part, rtol=1e-4, atol=1e-3)

    def test_the_picture_is_left_as_it_is(self, here: dict[str, Model]) -> None:
        image = noise(40, 30)
        before = image.copy()
        for name, model in here.items():
            model.preprocess(image, CATALOG.spec(name).input_size)
        assert np.array_equal(image, before)


def _recipes() -> list[str]:
    """One model for each preprocessing that torchvision has."""
    facts = json.loads(imagenet.SNAPSHOT.read_text("utf-8"))["models"]
    keys = ("resize", "crop", "interpolation", "mean")
    return list({str([row[key] for key in keys]): name for name, row in facts.items()}.values())


class TestClassifiers:
    @pytest.mark.parametrize("name", _recipes())
    @pytest.mark.parametrize(("width", "height"), [(500, 375), (201, 640), (90, 64), (224, 224)])
    def test_preprocessing_is_torchvisions_own(self, name: str, width: int, height: int) -> None:
        from torchvision.models import get_model_weights

        row = json.loads(imagenet.SNAPSHOT.read_text("utf-8"))["models"][name]
        keys = ("resize", "crop", "interpolation", "mean", "std")
        family = Classifier(name, Preprocessing(*(row[key] for key in keys)), ())
        image = noise(width, height)
        wanted = get_model_weights(name).DEFAULT.transforms()(
            torch.from_numpy(image).permute(2, 0, 1)
        )
        prepared = family.preprocess(ImageRequest(image))
        enlarged = min(width, height) < row["resize"]
        assert_same_levels(prepared.inputs[0], wanted.numpy(), row["std"], enlarged=enlarged)

    def test_a_very_long_picture_is_cropped_as_torchvision_does(self) -> None:
        from torchvision.models import get_model_weights

        ramp = np.linspace(0, 255, 3000).astype(np.uint8)
        image = np.ascontiguousarray(np.broadcast_to(ramp[None, :, None], (40, 3000, 3)))
        preset = Preprocessing(256, 224, "bilinear", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
        prepared = Classifier("net", preset, ()).preprocess(ImageRequest(image))
        transforms = get_model_weights("resnet18").DEFAULT.transforms()
        wanted = transforms(torch.from_numpy(image).permute(2, 0, 1))
        # Two grey levels are 2 / 255 / 0.229 of the normalised range.
        inputs = torch.from_numpy(prepared.inputs[0])
        torch.testing.assert_close(inputs, wanted, rtol=0, atol=0.035)
        assert prepared.view is not None
        x0, y0, x1, y1 = prepared.view.window_xyxy
        assert ((x0 + x1) / 2, y1 - y0, x1 - x0) == pytest.approx((1500, 35, 35), abs=0.5)

    @pytest.mark.parametrize(
        ("name", "strip"),
        [("densenet121", ""), ("googlenet", "aux"), ("mnasnet0_5", ""), ("regnet_x_400mf", "")],
    )
    def test_loads_as_torchvision_builds_it(self, name: str, strip: str, tmp_path: Path) -> None:
        from torchvision.models import get_model_builder

        torch.manual_seed(0)
        options = {"transform_input": True, "init_weights": False} if strip else {}
        theirs = get_model_builder(name)(weights=None, **options).eval()
        state = theirs.state_dict()
        if name == "densenet121":  # the names that its official file has
            state = {
                k.replace(".norm1.", ".norm.1.").replace(".conv1.", ".conv.1."): v
                for k, v in state.items()
            }
        file = tmp_path / f"{name}.pth"
        torch.save(state, file)
        ours = Model.load(CATALOG.spec(name), WeightsFile(file, ""))
        batch = torch.rand(1, 3, 224, 224)
        with torch.inference_mode():
            torch.testing.assert_close(
                ours.forward(batch.numpy()), theirs(batch), rtol=1e-4, atol=1e-4
            )

    @pytest.mark.parametrize("name", ["inception_v3", "vit_b_16", "swin_v2_t", "maxvit_t"])
    def test_the_empty_network_has_the_parameters_of_the_catalog(self, name: str) -> None:
        network = imagenet.build(name, CATALOG.spec(name).input_size, 1000)
        count = sum(p.numel() for p in network.parameters())
        auxiliary = {"inception_v3": 3_326_696}.get(name, 0)
        assert count + auxiliary == CATALOG.spec(name).params

    def test_mobilenet_knows_the_cheetah(self, here: dict[str, Model]) -> None:
        answer = here["mobilenet_v2"].ask(photo("cheetah.jpg"), 224)
        assert isinstance(answer, Scores)
        assert answer.top(1)[0][0] == "cheetah"
        assert answer.top(1)[0][1] == pytest.approx(0.66, abs=0.03)

    def test_energy_tells_known_from_unknown(self) -> None:
        # T = 2, logits (2, 0): E = 2·ln(e¹ + e⁰) = 2.6265; p = e¹/(e¹ + e⁰) = 0.73106.
        for threshold, is_known in ((2.62, True), (2.63, False)):
            rule = UnknownRule("energy", 2.0, threshold, 0.05, 1, 2)
            preset = Preprocessing(8, 8, "bilinear", (0, 0, 0), (1, 1, 1))
            family = Classifier("net", preset, ("a", "b"), rule)
            prepared = family.preprocess(ImageRequest(noise(8, 8)))
            logits = np.array([[2.0, 0.0]], np.float32)
            answer = family.postprocess((logits,), prepared)
            assert answer.known is is_known
            assert answer.probabilities == pytest.approx([0.73106, 0.26894], abs=1e-5)


class TestPacked:
    @pytest.mark.parametrize("activation", [nn.Identity, nn.SiLU, nn.ReLU, nn.ReLU6])
    @pytest.mark.parametrize(
        ("kernel", "stride", "padding", "groups", "bias"),
        [(3, 2, 1, 1, True), (1, 1, 0, 1, False), (3, 1, 1, 8, True), (5, 1, 2, 2, True)],
    )
    def test_gives_the_numbers_of_the_plain_layer(
        self,
        activation: type[nn.Module],
        kernel: int,
        stride: int,
        padding: int,
        groups: int,
        bias: bool,
    ) -> None:
        conv = nn.Conv2d(8, 16, kernel, stride, padding, groups=groups, bias=bias)
        self.compare(conv, activation())

    @pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (5, 1), (5, 2)])
    def test_gives_the_numbers_of_tensorflows_padding(self, kernel: int, stride: int) -> None:
        self.compare(SamePadConv(8, 16, kernel, stride), nn.ReLU6())

    def compare(self, conv: nn.Conv2d, activation: nn.Module) -> None:
        """At several sizes, each of which may have a layout of the weights of its own."""
        if not is_supported():
            pytest.skip("this torch has no oneDNN operators")
        torch.manual_seed(1)
        packed = PackedConv(conv, activation)
        for size in ((21, 17), (13, 13), (40, 64), (10, 13), (13, 10), (21, 17)):
            x = torch.randn(2, 8, *size).contiguous(memory_format=torch.channels_last)
            with torch.inference_mode():
                torch.testing.assert_close(packed(x), activation(conv(x)), rtol=1e-4, atol=1e-5)

    def test_other_layers_are_left_alone(self) -> None:
        assert packable(nn.Conv2d(3, 3, 3))
        assert not packable(nn.Conv2d(3, 3, 3, padding_mode="reflect"))
        assert not packable(nn.ConvTranspose2d(3, 3, 3))
        assert not packable(None)


class TestYolo:
    @pytest.mark.parametrize("name", ["yolo11n", "yolo26n", "yolo26n-nmsfree"])
    @pytest.mark.parametrize("picture", ["bus.jpg", "zidane.jpg"])
    def test_answers_as_ultralytics_predict(
        self, here: dict[str, Model], shared_data: Path, name: str, picture: str
    ) -> None:
        image = photo(picture)
        found = here[name].ask(image, 640)
        assert isinstance(found, Detections)
        spec = CATALOG.spec(name)
        ours = boxes.nms(found, 0.7) if spec.needs_nms else found
        ours = ours.select(0.25)
        file = shared_data / "weights" / f"{spec.weights.stem}.pt"
        [result] = predict(file, image, 640, 0.25, nms_free=not spec.needs_nms)
        assert len(ours) == len(result.boxes) > 0
        assert ours.class_ids.tolist() == result.boxes.cls.int().tolist()
        assert ours.scores == pytest.approx(result.boxes.conf.numpy(), abs=1e-3)
        assert ours.xyxy == pytest.approx(result.boxes.xyxy.numpy(), abs=0.5)
        if picture == "bus.jpg":
            assert ours.counts() == {"person": 4, "bus": 1}

    def test_the_network_gets_and_gives_what_predicts_does(self, tmp_path: Path) -> None:
        from ultralytics import YOLO

        torch.manual_seed(2)
        spec, image = CATALOG.spec("yolo11n"), photo("bus.jpg")
        network = build("yolo11n", 80)
        network.names = dict(enumerate(spec.labels))
        settle(network)
        file = tmp_path / "yolo11n.pt"
        torch.save({"model": network.half(), "ema": None, "train_args": {}}, file)
        ours = Model.load(spec, WeightsFile(file, ""))
        prepared = ours.preprocess(image, 320)
        threads, theirs, seen = torch.get_num_threads(), YOLO(file), []
        options: dict[str, Any] = {"imgsz": 320, "verbose": False, "device": "cpu"}
        theirs.predict(image[..., ::-1], **options)
        hook = theirs.predictor.model.register_forward_hook(
            lambda _, inputs, output: seen.append((inputs[0].clone(), output[0].clone()))
        )
        theirs.predict(image[..., ::-1], **options)
        hook.remove()
        torch.set_num_threads(threads)
        [(batch, output)] = seen
        assert torch.equal(torch.from_numpy(prepared.inputs), batch)
        scores = ours.forward(prepared.inputs)[0, :, 64:].sigmoid().T
        torch.testing.assert_close(scores, output[0, 4:], rtol=0, atol=1e-3)
        assert scores.max() > 0.5

    def test_the_head_decodes_as_ultralytics(self) -> None:
        network = build("yolo11n", 7).eval()
        torch.manual_seed(3)
        features = [torch.randn(1, c, 80 // s, 48 // s) for c, s in ((64, 1), (128, 2), (256, 4))]
        head = network.model[-1]
        with torch.inference_mode():
            for branch in head.cv3:
                branch[-1].bias += 6
            theirs = head([f.clone() for f in features])[0][0].numpy()
            raw = yolo_head.UndecodedHead(head, nms_free=False)(features)[0].numpy()
        found = yolo_outputs.pick_best_class(raw, yolo_outputs.Grids((640, 384)), 7)
        best = theirs[4:].max(axis=0)
        order = np.argsort(-best, kind="stable")
        order = order[best[order] >= MIN_SCORE]
        assert len(found.scores) == len(order) > 100
        assert found.scores == pytest.approx(best[order], abs=1e-5)
        centres = (found.xyxy[:, :2] + found.xyxy[:, 2:]) / 2
        sizes = found.xyxy[:, 2:] - found.xyxy[:, :2]
        same = np.abs(np.concatenate([centres, sizes], axis=1) - theirs[:4, order].T).max(axis=1)
        # Equal scores may change places; everything else must be the same box.
        assert (same < 0.01).mean() > 0.99

    def test_a_letterboxed_box_comes_back(self, here: dict[str, Model]) -> None:
        image = photo("bus.jpg")
        prepared = here["yolo11n"].preprocess(image, 640)
        geometry, view = prepared.geometry, prepared.view
        assert isinstance(geometry, Letterbox)
        assert view is not None
        box: NDArray[np.float32] = np.array([[100.0, 200.0, 300.0, 555.0]], np.float32)
        assert geometry.restore(geometry.forward(box)) == pytest.approx(box, abs=0.01)
        assert np.array_equal(view.image, geometry.apply(image))
        scaled = torch.from_numpy(view.image).permute(2, 0, 1) / 255
        assert torch.equal(torch.from_numpy(prepared.inputs[0]), scaled)

    def test_no_class_above_the_floor_is_no_box(self) -> None:
        raw = np.full((20 * 15 + 40 * 30 + 80 * 60, 64 + 3), -20, np.float32)
        grids = yolo_outputs.Grids((640, 480))
        found = yolo_outputs.pick_best_class(raw, grids, 3)
        assert found.xyxy.shape == (0, 4)
        assert yolo_outputs.pick_pairs(raw, grids, 3).scores.shape == (0,)

    def test_classes_of_another_set_are_refused(self, shared_data: Path, tmp_path: Path) -> None:
        file = WeightsFile(shared_data / "weights" / "yolo11n.pt", "")
        card = write_card(tmp_path, "own", "detect", ("cat", "dog"), "yolo11n", {})
        with pytest.raises(DemoError) as raised:
            card.network(file)
        assert raised.value.key == "weights_do_not_fit"


def write_card(
    folder: Path,
    name: str,
    task: str,
    labels: tuple[str, ...],
    architecture: str,
    state: dict[str, Tensor],
    unknown: dict[str, Any] | None = None,
) -> ModelSpec:
    save_file(state or {"none": torch.zeros(1)}, folder / f"{name}.safetensors")
    side = 32 if task == "classify" else 320
    facts = {
        "name": name,
        "task": task,
        "file": f"{name}.safetensors",
        "sha256": "00",
        "size_bytes": 1,
        "params": 1,
        "labels": labels,
        "input_size": [side, side],
        "architecture": architecture,
        "mean": [0.5, 0.5, 0.5],
        "std": [0.25, 0.25, 0.25],
        "licence": "AGPL-3.0",
        "source": "here",
        "measured": {
            "dataset": "own test",
            "metric": "accuracy",
            "value": 0.75,
            "low": 0.7,
            "high": 0.8,
            "n": 9,
        },
        "unknown": unknown,
    }
    (folder / f"{name}.json").write_text(json.dumps(facts), "utf-8")
    return next(spec for spec in bundled.read(folder) if spec.name == name)


class TestEmbedded:
    def test_a_classifier_and_its_rule(self, tmp_path: Path) -> None:
        torch.manual_seed(0)
        network = cnn_cifar10().eval()
        state = {key: value.half() for key, value in network.state_dict().items()}
        rule = {
            "method": "energy",
            "temperature": 1.5,
            "threshold": 0.0,
            "false_alarm": 0.03,
            "caught": 1,
            "foreign": 4,
            "own": 9,
        }
        labels = tuple("abcdefghij")
        spec = write_card(tmp_path, "tiny", "classify", labels, "cnn-cifar10", state, rule)
        assert spec.measured is not None
        assert spec.measured["value"] == 75.0
        assert spec.measured["n"] == 9
        assert spec.unknown == UnknownRule("energy", 1.5, 0.0, 0.03, 1, 4)
        model = Model.load(spec, WeightsFile(tmp_path / "tiny.safetensors", ""))
        image = noise(32, 32)
        answer = model.ask(image, 32)
        assert isinstance(answer, Scores)
        pixels = torch.from_numpy(image).permute(2, 0, 1)[None] / 255
        with torch.inference_mode():
            logits = network((pixels - 0.5) / 0.25)[0]
        wanted = torch.softmax(logits / 1.5, 0).numpy()
        assert answer.probabilities == pytest.approx(wanted, abs=1e-3)

    def test_a_detector(self, tmp_path: Path) -> None:
        torch.manual_seed(0)
        network = build("yolo11n", 3)
        state = {k: v.half() for k, v in network.state_dict().items()}
        spec = write_card(tmp_path, "own", "detect", ("a", "b", "c"), "yolo11n", state)
        assert spec.needs_nms
        assert spec.input_size == 320
        model = Model.load(spec, WeightsFile(tmp_path / "own.safetensors", ""))
        prepared = model.preprocess(noise(320, 192), 320)
        raw = model.forward(prepared.inputs)
        assert raw.shape == (1, (40 * 24) + (20 * 12) + (10 * 6), 64 + 3)
        with torch.inference_mode():
            theirs = network.eval()(torch.from_numpy(prepared.inputs))[0][0]
        ours = raw[0, :, 64:].sigmoid().T
        torch.testing.assert_close(ours, theirs[4:], rtol=1e-3, atol=1e-4)

    def test_a_card_without_its_file_is_not_offered(self, tmp_path: Path) -> None:
        write_card(tmp_path, "tiny", "classify", ("a", "b"), "cnn-cifar10", {})
        (tmp_path / "tiny.safetensors").unlink()
        assert bundled.read(tmp_path) == []

    @pytest.mark.parametrize("text", ["{", "{}", "[]", '{"file": 3}'])
    def test_a_broken_card_is_one_sentence(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "tiny.json").write_text(text, "utf-8")
        with pytest.raises(DemoError, match=r"tiny\.json"):
            bundled.read(tmp_path)

    def test_what_ships_is_what_its_card_says(self) -> None:
        shipped = bundled.read(bundled.FOLDER)
        assert "cnn-cifar10" in [spec.name for spec in shipped]
        for spec in shipped:
            file = CATALOG.open(spec.name, print)
            assert spec.weights.embedded == file.path
            assert file.official
            assert file.path.stat().st_size == spec.weights.size_bytes
            floats = [v for v in load_state(file).values() if v.is_floating_point()]
            assert all(bool(torch.isfinite(value).all()) for value in floats)


def test_ultralytics_leaves_the_program_as_it_was(tmp_path: Path) -> None:
    program = """
import os, sys
def forbid(event, args):
    if event in ("socket.getaddrinfo", "socket.connect", "subprocess.Popen"):
        raise SystemExit(f"{event} {args}")
import torch, cv2, PIL.Image
opener, threads = PIL.Image.open, (torch.get_num_threads(), cv2.getNumThreads())
sys.addaudithook(forbid)
from demo.models.ultralytics import tasks
tasks()
from ultralytics.utils.events import events
assert PIL.Image.open is opener
assert (torch.get_num_threads(), cv2.getNumThreads()) == threads
assert "OMP_NUM_THREADS" not in os.environ
assert not events.enabled
"""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("YOLO", "ULTRA", "OMP"))}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**kept, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
