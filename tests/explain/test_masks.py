"""Maps of one mask of a segmenter, with their check."""

import io
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from starlette.testclient import TestClient
from torch import Tensor, nn

from demo.errors import DemoError
from demo.explain.explanation import (
    CHECK_PASSES,
    Question,
    asked,
    check,
    explain,
    methods_for,
)
from demo.explain.passes import Progress
from demo.inference.local_engine import LocalEngine
from demo.models.spec import ImageRequest
from demo.models.yolo_segment import YoloSegment
from demo.results import Detections, Image
from demo.service import examples
from demo.settings import Settings
from demo.tasks.segment import TASK
from tests.models.test_models import photo
from tests.support.asgi_client import built
from tests.support.checkpoints import network, save

SIDE = 160
LABELS = ("person", "bus", "kite")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("own")
    save(network("yolo11n-seg", LABELS), folder / "mine.pt", SIDE)
    return Settings(
        weights_dir=folder, cache_dir=folder / "cache", offline=True, device="cpu", threads=1
    )


@pytest.fixture(scope="module")
def engine(settings: Settings) -> Iterator[LocalEngine]:
    running = LocalEngine(settings)
    yield running
    running.close()


@pytest.fixture(scope="module")
def image() -> Image:
    return photo("bus.jpg")


def refined(engine: LocalEngine, image: Image) -> Detections:
    spec = engine.spec("mine")
    found = engine.run("mine", ImageRequest(image)).result
    assert isinstance(found, Detections)
    return TASK.refine(spec, found, TASK.parse(spec, {"confidence": 0.3}))


def question(engine: LocalEngine, found: Detections, target: str, method: str = "") -> Question:
    spec = engine.spec("mine")
    return asked(spec, method, TASK.target(spec, found, target))


def test_the_map_is_of_the_class_of_the_masks_own_anchor(engine: LocalEngine, image: Image) -> None:
    """LayerCAM of the logit that gave the third mask its score, by plain autograd."""
    found = refined(engine, image)
    wanted = question(engine, found, "3", "layer-cam")
    made = explain(engine, "mine", ImageRequest(image), wanted)
    assert made.score == pytest.approx(float(found.scores[2]), abs=1e-4)
    family = engine.spec("mine").family
    assert isinstance(family, YoloSegment)

    def by_hand(network: nn.Module) -> NDArray[np.float32]:
        outputs, maps = activations(network, made.prepared.inputs, wanted.layers)
        assert len(outputs) == 3, "boxes, coefficients and prototypes, as before"
        raw = outputs[0].detach().numpy()
        every, anchors = family.detector.find((raw,), made.prepared)
        # Another back end may have answered.
        off = np.abs(every.xyxy - found.xyxy[2]).max(axis=1)
        place = off.argmin()
        assert off[place] < 0.5
        column = raw.shape[2] - len(LABELS) + wanted.target.class_id
        slopes = torch.autograd.grad(outputs[0][0, anchors[place], column], maps)
        cams = [
            (slope.relu() * one).sum(1)[0].relu().detach().numpy()
            for slope, one in zip(slopes, maps, strict=True)
        ]
        height, width = max(one.shape for one in cams)
        large = [cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR) for one in cams]
        scaled = [big / one.max() for big, one in zip(large, cams, strict=True)]
        return np.asarray(np.mean(scaled, axis=0), np.float32)

    with engine.exclusive("mine") as own:
        np.testing.assert_allclose(made.heat, own.run(by_hand), atol=1e-4)
    assert np.ptp(made.heat) > 0.1


def activations(
    network: nn.Module, inputs: NDArray[np.float32], layers: Sequence[str]
) -> tuple[tuple[Tensor, ...], list[Tensor]]:
    """The outputs for an input, and what the layers give on the way."""
    kept: list[Tensor] = []
    hooks = [
        network.get_submodule(name).register_forward_hook(lambda _, __, out: kept.append(out))
        for name in layers
    ]
    outputs: tuple[Tensor, ...] = network(torch.from_numpy(inputs).requires_grad_())
    for hook in hooks:
        hook.remove()
    return outputs, kept


def test_each_method_explains_a_mask_and_its_check_keeps_to_its_passes(
    engine: LocalEngine, image: Image
) -> None:
    before = refined(engine, image)
    spec = engine.spec("mine")
    assert spec.cam_layers
    for method in methods_for(spec):
        wanted = question(engine, before, "1:kite", method.name)
        made = explain(engine, "mine", ImageRequest(image), wanted)
        assert made.heat.min() >= 0
        assert np.isfinite(made.heat).all()
    checks = check(engine, "mine", made, Progress())
    assert checks.passes <= CHECK_PASSES
    after = refined(engine, image)
    assert before.masks is not None
    assert after.masks is not None
    pairs = zip(before.masks.runs().counts, after.masks.runs().counts, strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)


def test_every_mask_has_a_name_and_others_get_a_sentence(engine: LocalEngine, image: Image) -> None:
    found = refined(engine, image)
    spec = engine.spec("mine")
    names = [name for _, name in TASK.targets(found)]
    assert names == [str(number) for number in range(1, len(found) + 1)]
    with pytest.raises(DemoError) as raised:
        TASK.target(spec, found, str(len(found) + 1))
    assert raised.value.key == "explain_no_box"
    with pytest.raises(DemoError) as raised:
        TASK.target(spec, found[np.array([], np.int64)], "")
    assert raised.value.key == "explain_no_boxes"


def test_the_http_api_explains_a_mask(settings: Settings) -> None:
    body = examples.paths()[0].read_bytes()
    with TestClient(built(settings), base_url="http://127.0.0.1") as client:
        params = {"model": "mine", "target": "2:bus"}
        facts = client.post("/api/v1/explain", params=params, content=body).json()
        assert (facts["model"], facts["target"]) == ("mine", "bus")
        assert 40 < facts["checks"]["passes"] <= CHECK_PASSES
        raw = client.post("/api/v1/explain", params={**params, "format": "npy"}, content=body)
        assert list(np.load(io.BytesIO(raw.content)).shape[::-1]) == facts["map_wh"]
