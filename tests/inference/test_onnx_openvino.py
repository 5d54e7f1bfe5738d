"""ONNX files of the owner's that OpenVINO takes over from ONNX Runtime, and those that stay."""

import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Literal, cast

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from demo.backends.openvino_cpu import processor
from demo.inference.engine import Prediction
from demo.inference.local_engine import LocalEngine
from demo.models.spec import ImageRequest
from demo.results import Scores
from demo.settings import Settings
from tests.inference.test_conversions import WAIT_S, photo
from tests.models.test_own_onnx import graph
from tests.models.test_own_states import describe, made
from tests.support.exports import export_network

pytestmark = pytest.mark.filterwarnings("ignore")
"""The exporter of torch warns of itself."""


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "demo.inference")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made_folder = tmp_path / "models"
    made_folder.mkdir()
    return made_folder


def engine(folder: Path, precision: Literal["exact", "fast"] = "exact") -> LocalEngine:
    cache = folder.parent / "cache"
    given = Settings(weights_dir=folder, cache_dir=cache, offline=True, device="cpu", threads=1)
    return LocalEngine(replace(given, precision=precision), converts=True)


def ask(running: LocalEngine, seed: int = 0) -> Prediction:
    return running.run("net", ImageRequest(photo(seed)))


def ask_until(running: LocalEngine, backend: str) -> Prediction:
    end = time.monotonic() + WAIT_S
    while (answer := ask(running)).backend != backend:
        assert answer.backend == "onnx-cpu"
        assert time.monotonic() < end, f"{answer.backend} answers still"
        time.sleep(0.2)
    return answer


def wait_for(text: str, running: LocalEngine, caplog: pytest.LogCaptureFixture) -> None:
    end = time.monotonic() + WAIT_S
    while text not in caplog.text:
        assert ask(running).backend == "onnx-cpu"
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("dynamic", [False, True])
def test_openvino_takes_over_with_the_same_answers(
    dynamic: bool, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = export_network(made("squeezenet1_1", 3), folder / "net.onnx", 96, dynamic)
    describe(file, labels=["a", "b", "c"], size=96)
    running = engine(folder)
    before = [ask(running), ask(running, 1)]
    assert {one.backend for one in before} == {"onnx-cpu"}
    ask_until(running, "onnx-openvino-f32")
    for seed, expected in enumerate(before):
        found = ask(running, seed)
        assert found.backend == "onnx-openvino-f32"
        a, b = cast(Scores, found.result), cast(Scores, expected.result)
        assert np.abs(a.probabilities - b.probabilities).max() <= 1e-3
    running.close()
    assert "from onnx, at most 0.0005" in caplog.text
    # What is kept is that it agrees, not the file once more.
    [kept] = (folder.parent / "cache" / "converted").iterdir()
    assert kept.stat().st_size < 1000
    caplog.clear()
    later = engine(folder)
    ask_until(later, "onnx-openvino-f32")
    later.close()
    assert "converted net" not in caplog.text


@pytest.mark.timeout(600)
def test_fast_is_bfloat16_where_the_processor_has_it(folder: Path) -> None:
    file = export_network(made("squeezenet1_1", 3), folder / "net.onnx", 96)
    describe(file, labels=["a", "b", "c"])
    running = engine(folder, "fast")
    kind = "bf16" if "BF16" in processor() else "f32"
    ask_until(running, f"onnx-openvino-{kind}")
    running.close()


def noise() -> onnx.ModelProto:
    """A graph of another answer each time."""
    mean = helper.make_node("ReduceMean", ["x"], ["m"], axes=[2, 3], keepdims=0)
    random = helper.make_node("RandomUniformLike", ["m"], ["r"], high=9.0, low=0.0)
    return graph(mean, random, helper.make_node("Add", ["m", "r"], ["y"]))


def of_microsoft() -> onnx.ModelProto:
    """A graph with an operator that only ONNX Runtime has."""
    mean = helper.make_node("ReduceMean", ["x"], ["m"], axes=[2, 3], keepdims=0)
    apart = helper.make_node("CDist", ["m", "b"], ["y"], domain="com.microsoft", metric="euclidean")
    points = helper.make_tensor("b", TensorProto.FLOAT, [3, 3], [float(i) for i in range(9)])
    model = graph(mean, apart, tensors=[points])
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    return model


@pytest.fixture(params=[noise, of_microsoft])
def left_alone(request: pytest.FixtureRequest, folder: Path) -> Path:
    file = folder / "net.onnx"
    file.write_bytes(request.param().SerializeToString())
    return describe(file, labels=["a", "b", "c"], outputs="logits")


@pytest.mark.timeout(600)
def test_one_that_openvino_reads_otherwise_or_not_at_all_stays(
    left_alone: Path, caplog: pytest.LogCaptureFixture
) -> None:
    running = engine(left_alone.parent)
    wait_for("net (3, 32, 32) stays with onnx: ", running, caplog)
    assert ask(running).backend == "onnx-cpu"
    running.close()


@pytest.mark.timeout(600)
def test_a_file_that_changes_meanwhile_is_not_compiled(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = export_network(made("squeezenet1_1", 3), folder / "net.onnx", 96)
    describe(file, labels=["a", "b", "c"])
    running = engine(folder)
    assert running._conversions is not None
    with running._cache.lease("net") as loaded:
        file.write_bytes(file.read_bytes() + b"\x00")
        running._conversions._logged(running._conversions._provide, loaded, (3, 96, 96))
    running.close()
    assert "net (3, 96, 96) stays with onnx: " in caplog.text
    assert "is answered by" not in caplog.text
