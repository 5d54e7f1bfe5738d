"""A model in a precision that the caller chooses: converted first, beside what answers all."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest

from demo.backends.openvino_cpu import precision_here
from demo.errors import DemoError
from demo.inference.catalog import Catalog
from demo.inference.engine import Precision
from demo.inference.local_engine import LocalEngine
from demo.models.spec import ImageRequest
from demo.results import Scores
from demo.service import examples
from demo.settings import Settings

NAME = "cnn-cifar10"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    folder = tmp_path_factory.mktemp("cache")
    running = LocalEngine(Settings(cache_dir=folder, offline=True, device="cpu", threads=1))
    yield running
    running.close()


def request() -> ImageRequest:
    bgr = cv2.imread(str(examples.paths()[0]))
    assert bgr is not None
    return ImageRequest(np.ascontiguousarray(bgr[..., ::-1]))


@pytest.mark.timeout(600)
def test_its_answers_are_those_of_that_precision_and_no_other_ones_change(
    engine: LocalEngine,
) -> None:
    expected = cast(Scores, engine.run(NAME, request()).result).probabilities
    found: dict[Precision, np.ndarray] = {}
    sizes: dict[Precision, int] = {}
    names: dict[Precision, str] = {"float32": "openvino-f32", "bfloat16": "openvino-bf16"}
    for precision, backend in names.items():
        if precision == "bfloat16" and precision_here("fast") != "bf16":
            with (
                pytest.raises(DemoError) as caught,
                engine.in_precision(NAME, precision),
            ):
                pass
            assert caught.value.key == "precision_processor"
            continue
        with engine.in_precision(NAME, precision) as model:
            before = model.weights_bytes
            assert before is None
            answer, many = model.run(request()), model.run(request(), bulk=True)
            assert (answer.backend, many.backend) == (backend, backend)
            assert answer.timing.forward > 0
            size_bytes = model.weights_bytes
            assert size_bytes is not None
            sizes[precision] = size_bytes
        found[precision] = cast(Scores, answer.result).probabilities
        assert engine.run(NAME, request()).backend == "torch-cpu"
    assert np.abs(found["float32"] - expected).max() <= 1e-3
    params = engine.spec(NAME).params
    assert params is not None
    # Normalisation is folded into the layers before it.
    assert 0.95 * 4 * params < sizes["float32"] < 1.05 * 4 * params
    if "bfloat16" in found:
        assert 0 < np.abs(found["bfloat16"] - expected).max() < 0.05
        assert sizes["bfloat16"] < 0.6 * sizes["float32"]


def test_a_network_that_cannot_be_converted_is_one_sentence(tmp_path: Path) -> None:
    given = Settings(cache_dir=tmp_path, offline=True, device="cpu", threads=1)
    # The converting process knows no model of this name.
    mine = replace(Catalog(given).spec(NAME), name="mine")
    running = LocalEngine(given, Catalog(given, [mine]))
    with running.in_precision("mine", "float32") as model:
        with pytest.raises(DemoError) as caught:
            model.run(request())
        assert caught.value.key == "precision_not_converted"
    running.close()


def test_a_server_that_stops_says_so(tmp_path: Path) -> None:
    running = LocalEngine(Settings(cache_dir=tmp_path, offline=True, device="cpu", threads=1))
    with running.in_precision(NAME, "float32") as model:
        running.close()
        with pytest.raises(DemoError) as caught:
            model.run(request())
    assert caught.value.key == "server_stopping"
