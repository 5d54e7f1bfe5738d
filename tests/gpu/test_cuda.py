"""The same answers on a GPU as on the CPU, whatever precision and layout it is asked in."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from demo.geometry import boxes
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.inference.engine import Engine
from demo.inference.local_engine import LocalEngine
from demo.models.spec import ImageRequest
from demo.results import Detections, Image, Scores
from demo.service import examples
from demo.settings import Settings

SCORE = 5e-3
PIXEL = 1.0

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


@pytest.fixture(scope="module")
def engines(shared_data: Path) -> Iterator[tuple[Engine, Engine]]:
    settings = Settings(weights_dir=shared_data / "weights", offline=True)
    cpu = LocalEngine(replace(settings, device="cpu"))
    gpu = LocalEngine(replace(settings, device="cuda"))
    yield cpu, gpu
    cpu.close()
    gpu.close()


@pytest.fixture(scope="module")
def pictures() -> list[Image]:
    limits = Limits.of(Settings())
    return [decode(path.read_bytes(), limits).rgb for path in examples.paths()]


def test_the_device_is_named(engines: tuple[Engine, Engine]) -> None:
    cpu, gpu = engines
    assert cpu.device_text().startswith("CPU")
    assert torch.cuda.get_device_name(0) in gpu.device_text()


@pytest.mark.parametrize("name", ["mobilenet_v2", "cnn-cifar10"])
def test_a_classifier_is_as_sure_as_on_the_cpu(
    engines: tuple[Engine, Engine], pictures: list[Image], name: str
) -> None:
    cpu, gpu = engines
    for picture in pictures:
        here, there = (engine.run(name, ImageRequest(picture)).result for engine in (cpu, gpu))
        assert isinstance(here, Scores)
        assert isinstance(there, Scores)
        np.testing.assert_allclose(there.probabilities, here.probabilities, atol=SCORE)
        assert there.top(1)[0][0] == here.top(1)[0][0]
        assert there.known == here.known


@pytest.mark.parametrize("name", ["yolo11n", "yolo-vitrine"])
def test_a_detector_finds_what_it_finds_on_the_cpu(
    engines: tuple[Engine, Engine], pictures: list[Image], name: str
) -> None:
    cpu, gpu = engines
    seen = 0
    for picture in pictures:
        here, there = (answered(engine, name, picture) for engine in (cpu, gpu))
        # A box at the very edge of the threshold may fall on either side of it.
        sure = here.scores >= 0.25 + SCORE
        assert sure.sum() <= len(there) <= (answered(cpu, name, picture, 0.25 - SCORE)).scores.size
        for box, score, class_id in zip(
            here.xyxy[sure], here.scores[sure], here.class_ids[sure], strict=True
        ):
            apart = np.abs(there.xyxy - box).max(axis=1)
            same = (apart <= PIXEL) & (there.class_ids == class_id)
            assert np.abs(there.scores[same] - score).min(initial=1) <= SCORE, (name, box)
            seen += 1
    assert seen >= (5 if name == "yolo11n" else 1)


def answered(engine: Engine, name: str, picture: Image, low: float = 0.25) -> Detections:
    found = engine.run(name, ImageRequest(picture)).result
    assert isinstance(found, Detections)
    return boxes.nms(found.select(low, ()), 0.7)
