"""The measurement of a GPU, with the CPU in place of one."""

from collections.abc import Iterator
from dataclasses import replace
from math import isnan
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import gpu, gpu_rates
from benchmarks.box_check import HALF
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.inference.engine import Engine
from demo.inference.local_engine import LocalEngine
from demo.models.spec import ImageRequest
from demo.results import Detections, Image, Scores
from demo.service import examples
from demo.settings import Settings


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(cache_dir=tmp_path_factory.mktemp("cache"), offline=True, device="cpu")


@pytest.fixture(scope="module")
def engine(settings: Settings) -> Iterator[Engine]:
    running = LocalEngine(settings)
    yield running
    running.close()


@pytest.fixture(scope="module")
def pictures() -> list[Image]:
    limits = Limits.of(Settings())
    return [decode(path.read_bytes(), limits).rgb for path in examples.paths()]


def test_one_engine_answers_as_itself(engine: Engine, pictures: list[Image]) -> None:
    models = ["yolo-vitrine", "cnn-cifar10"]
    lines, wrong = gpu.check(engine, engine, models, pictures, half=False)
    assert wrong == []
    assert [line.partition(" by ")[0] for line in lines] == models
    assert all(line.endswith("3 pictures: as on the CPU") for line in lines)


def test_other_boxes_are_found(engine: Engine, pictures: list[Image]) -> None:
    right = engine.run("yolo-vitrine", ImageRequest(pictures[0]))
    assert isinstance(right.result, Detections)
    assert len(gpu.boxes_of(right.result)) >= 3
    aside = right.result.xyxy + np.array((1.2, 0, 1.2, 0), np.float32)
    moved = replace(right, result=replace(right.result, xyxy=aside))
    assert len(gpu.compare(right, moved, gpu.SINGLE)) >= 6
    assert gpu.compare(right, moved, HALF) == []
    unsure = replace(right, result=replace(right.result, scores=right.result.scores * 0.5))
    assert gpu.compare(right, unsure, HALF) != []


def test_another_probability_is_found(engine: Engine, pictures: list[Image]) -> None:
    right = engine.run("cnn-cifar10", ImageRequest(pictures[0]))
    assert isinstance(right.result, Scores)
    mixed = right.result.probabilities * np.float32(0.9) + np.float32(0.01)
    other = replace(right, result=replace(right.result, probabilities=mixed))
    assert len(gpu.compare(right, other, gpu.SINGLE)) == 1
    assert gpu.compare(right, right, gpu.SINGLE) == []


def test_a_raw_pass_is_measured_in_both_precisions(
    settings: Settings, pictures: list[Image]
) -> None:
    network, inputs = gpu.network_of(settings, "cnn-cifar10", pictures[0])
    rates = gpu_rates.forward_rates(network, inputs, "cpu", (1, 4), 0.05)
    assert [(rate.precision, rate.batch) for rate in rates] == [
        *(("float32", 1), ("float32", 4), ("float16", 1), ("float16", 4))
    ]
    assert all(rate.pictures_s > 1 and isnan(rate.memory_mb) for rate in rates)
    assert next(network.parameters()).dtype == torch.float32


def test_the_whole_runs_on_a_cpu_and_fills_no_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "figures.json"
    assert gpu.main(["--device", "cpu", "--quick", "--json", str(file)]) == 0
    printed = capsys.readouterr().out
    for words in ("raw float32, batch 1 ", "raw float16, batch 2 ", "engine, exact, "):
        assert words in printed
    assert "REST, exact, 32 clients" in printed
    assert "engine ÷ raw float16 at batch 2: " in printed
    assert not file.exists()


def test_the_row_is_of_the_fastest_precision() -> None:
    raw = [
        gpu_rates.ForwardRate("float32", 32, 1000.0, 900.0),
        gpu_rates.ForwardRate("float16", 1, 300.0, 100.0),
        gpu_rates.ForwardRate("float16", 32, 2000.0, 500.0),
    ]
    served = [
        gpu.Served("exact", "torch-cuda", 500.0, 200.0, 1500.0),
        gpu.Served("fast", "torch-cuda-fp16", 1500.0, 300.0, 1200.0),
    ]
    values = gpu.figures_of(gpu.Found("yolo11n", raw, served))["gpu.served"]
    assert values == {
        "model": "yolo11n",
        "rate": 1500.0,
        "rest_rate": 300.0,
        "to_raw": 0.75,
        "raw_rate": 2000.0,
    }
