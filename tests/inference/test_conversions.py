"""Networks that are converted for OpenVINO while torch answers, and then answer in its place."""

import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest
from torch import Tensor, nn

from demo.backends import openvino_cpu
from demo.backends.openvino_cpu import OpenvinoRunner, set_threads
from demo.inference.catalog import Catalog
from demo.inference.conversions import Conversions, _key
from demo.inference.convert import EXACT_TOLERANCE, FAST_TOLERANCE, Record, compare, export
from demo.inference.converted import Converted
from demo.inference.engine import Prediction
from demo.inference.local_engine import LocalEngine
from demo.models.spec import ImageRequest
from demo.results import Detections, Image, Scores
from demo.service import examples
from demo.settings import Settings

NAME = "cnn-cifar10"
DETECTOR = "yolo-vitrine"
WAIT_S = 240


def settings(folder: Path) -> Settings:
    return Settings(cache_dir=folder, offline=True, device="cpu", threads=2)


def photo(seed: int = 0) -> Image:
    """A photo that differs from seed to seed, in the size of one that is there."""
    bgr = cv2.imread(str(examples.paths()[0]))
    assert bgr is not None
    return np.ascontiguousarray(np.roll(bgr[..., ::-1], 37 * seed, axis=1))


def ask(engine: LocalEngine, model: str = NAME, seed: int = 0) -> Prediction:
    return engine.run(model, ImageRequest(photo(seed)))


def ask_until_converted(engine: LocalEngine, model: str = NAME) -> Prediction:
    """The first answer that is not torch's."""
    end = time.monotonic() + WAIT_S
    while (answer := ask(engine, model)).backend == "torch-cpu":
        assert time.monotonic() < end, "torch answers still"
        time.sleep(0.2)
    return answer


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> None:
    """What the log says, whatever level a program run by another test has chosen."""
    caplog.set_level(logging.INFO, "demo.inference")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def engine(cache: Path) -> Iterator[LocalEngine]:
    """An engine that has converted both networks."""
    running = LocalEngine(settings(cache), converts=True)
    for model in (NAME, DETECTOR):
        ask_until_converted(running, model)
    yield running
    running.close()


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    running = LocalEngine(settings(tmp_path_factory.mktemp("no")))
    yield running
    running.close()


def assert_same(found: Prediction, expected: Prediction) -> None:
    if isinstance(found.result, Scores):
        a, b = found.result, cast(Scores, expected.result)
        assert np.abs(a.probabilities - b.probabilities).max() <= 1e-3
        return
    one, two = cast(Detections, found.result), cast(Detections, expected.result)
    assert max(one.scores.max(), two.scores.max()) > 0.1
    assert_holds(one, two)
    assert_holds(two, one)


def assert_holds(one: Detections, two: Detections) -> None:
    """All boxes of one that are above the lowest score are in two."""
    for place in np.flatnonzero(one.scores > 0.012):
        same = two.class_ids == one.class_ids[place]
        apart = np.abs(two.xyxy[same] - one.xyxy[place]).max(axis=1)
        score = np.abs(two.scores[same] - one.scores[place])
        assert ((apart <= 0.5) & (score <= 1e-3)).any(), place


@pytest.mark.timeout(600)
@pytest.mark.parametrize("model", [NAME, DETECTOR])
def test_its_answers_are_those_of_torch(
    engine: LocalEngine, reference: LocalEngine, model: str
) -> None:
    for seed in range(8):
        found, expected = ask(engine, model, seed), ask(reference, model, seed)
        assert (found.backend, expected.backend) == ("openvino-f32", "torch-cpu")
        assert found.weights_sha256 == expected.weights_sha256
        assert_same(found, expected)
    listed = [{row["name"]: row["backend"] for row in one.models()} for one in (engine, reference)]
    assert [rows[model] for rows in listed] == ["openvino-f32", "torch-cpu"]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("model", [NAME, DETECTOR])
def test_many_at_once_are_answered_as_one_alone(engine: LocalEngine, model: str) -> None:
    together = engine.run_many(model, [ImageRequest(photo(seed)) for seed in range(6)])
    for seed, found in enumerate(together):
        assert found.backend == "openvino-f32"
        assert_same(found, ask(engine, model, seed))


@pytest.mark.timeout(600)
def test_a_later_engine_finds_it_in_the_cache(
    engine: LocalEngine, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(list((cache / "converted").iterdir())) == 2
    later = LocalEngine(settings(cache), converts=True)
    ask_until_converted(later)
    later.close()
    assert "is answered by openvino-f32" in caplog.text
    assert "converted cnn-cifar10" not in caplog.text


def spoil_by_truncation(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def spoil_by_another_network(path: Path) -> None:
    head, _, _ = path.read_bytes().partition(b"\n")
    path.write_bytes(head + b"\n" + b"another network")


def spoil_by_no_head(path: Path) -> None:
    path.write_bytes(b"\x00" * 100_000)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("spoil", [spoil_by_truncation, spoil_by_another_network, spoil_by_no_head])
def test_a_damaged_file_of_the_cache_is_made_again(
    engine: LocalEngine,
    cache: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    spoil: object,
) -> None:
    assert callable(spoil)
    smallest = min((cache / "converted").iterdir(), key=lambda path: path.stat().st_size)
    copy = tmp_path / "converted" / smallest.name
    copy.parent.mkdir()
    copy.write_bytes(smallest.read_bytes())
    spoil(copy)
    later = LocalEngine(settings(tmp_path), converts=True)
    ask_until_converted(later)
    later.close()
    assert "is damaged, or another network: converting again" in caplog.text
    assert copy.stat().st_size == smallest.stat().st_size


@pytest.mark.timeout(600)
def test_without_a_cache_it_is_kept_in_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    running = LocalEngine(settings(tmp_path / "file"), converts=True)
    assert ask_until_converted(running).backend == "openvino-f32"
    running.close()
    assert "kept in memory only" in caplog.text


@pytest.mark.timeout(600)
def test_a_network_for_any_size_is_converted_once(
    shared_data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    given = replace(settings(tmp_path), weights_dir=shared_data / "weights")
    running, torch_alone = LocalEngine(given, converts=True), LocalEngine(given)
    end = time.monotonic() + WAIT_S
    for picture in (photo(), np.ascontiguousarray(np.rot90(photo()))):
        request = ImageRequest(picture)
        while (found := running.run("yolo11n", request)).backend == "torch-cpu":
            assert time.monotonic() < end, "torch answers still"
            time.sleep(0.2)
        assert_same(found, torch_alone.run("yolo11n", request))
    running.close()
    torch_alone.close()
    assert caplog.text.count("converted yolo11n") == 1
    assert "for any size" in caplog.text
    assert len(list((tmp_path / "converted").iterdir())) == 1


@pytest.mark.timeout(600)
def test_its_memory_counts(engine: LocalEngine) -> None:
    with engine._cache.lease(NAME) as loaded:
        assert loaded.converted.size_bytes > 500_000
        assert loaded.size_bytes == loaded.runner.size_bytes + loaded.converted.size_bytes


_WARM = """
import sys
from tests.inference.test_conversions import DETECTOR, NAME, LocalEngine, Path, ask, settings

engine = LocalEngine(settings(Path(sys.argv[1])), converts=True)
print(*[ask(engine, model, seed).backend for model in (NAME, DETECTOR) for seed in range(2)])
with engine._cache.lease(DETECTOR) as loaded:
    print(loaded.has_network, loaded.size_bytes == loaded.converted.size_bytes)
with engine.exclusive(DETECTOR) as held:
    print(held.run(lambda network: next(network.parameters()).requires_grad))
print(ask(engine, DETECTOR).backend, loaded.has_network)
engine.close()
"""


@pytest.mark.timeout(600)
def test_a_kept_network_answers_before_torchs_is_loaded(engine: LocalEngine, cache: Path) -> None:
    command = [sys.executable, "-c", _WARM, str(cache)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    first, memory, gradients, last = done.stdout.splitlines()
    assert first.split() == ["openvino-f32"] * 4
    assert memory == "False True"
    assert gradients == "True"
    assert last == "openvino-f32 True"


@pytest.mark.timeout(600)
def test_the_small_detector_is_converted_for_every_size(
    engine: LocalEngine, reference: LocalEngine, cache: Path
) -> None:
    names = [path.name for path in (cache / "converted").iterdir()]
    assert sum(name.endswith("-any.converted") for name in names) == 1
    upright = ImageRequest(np.ascontiguousarray(photo()[:640, :333]))
    answers = [engine.run(DETECTOR, upright)]
    end = time.monotonic() + WAIT_S
    while answers[-1].backend == "torch-cpu":
        assert time.monotonic() < end
        time.sleep(0.1)
        answers.append(engine.run(DETECTOR, upright))
    assert_same(answers[-1], reference.run(DETECTOR, upright))


def test_torch_alone_answers_where_nothing_else_is_wanted(tmp_path: Path) -> None:
    running = LocalEngine(replace(settings(tmp_path), precision="reference"), converts=True)
    assert {ask(running).backend for _ in range(4)} == {"torch-cpu"}
    assert not running._converts
    running.close()
    assert not (tmp_path / "converted").exists()


@pytest.mark.timeout(600)
def test_fast_is_bfloat16_where_the_processor_has_it(
    tmp_path: Path, reference: LocalEngine
) -> None:
    running = LocalEngine(replace(settings(tmp_path), precision="fast"), converts=True)
    found = ask_until_converted(running)
    running.close()
    expected = "openvino-bf16" if "BF16" in openvino_cpu.processor() else "openvino-f32"
    assert found.backend == expected
    a, b = cast(Scores, found.result), cast(Scores, ask(reference).result)
    assert np.abs(a.probabilities - b.probabilities).max() <= 0.05


class _DependsOnData(nn.Module):
    """A network whose branch is lost when it is traced."""

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs * 2 if bool(inputs.sum() > 0) else inputs * 3


def test_a_network_that_answers_otherwise_is_found_out() -> None:
    network = _DependsOnData()
    set_threads(1)
    converted = OpenvinoRunner(export(network, (3, 8, 8)), (3, 8, 8), "f32", 1)
    ones = np.ones((1, 3, 8, 8), np.float32)
    assert not Record(compare(network, converted, ones), EXACT_TOLERANCE, any_size=False).agrees
    assert Record(compare(network, converted, -ones), EXACT_TOLERANCE, any_size=False).agrees
    assert not Record(float("nan"), FAST_TOLERANCE, any_size=False).agrees


@pytest.mark.timeout(600)
def test_one_that_does_not_agree_is_remembered_and_torch_goes_on(
    engine: LocalEngine, cache: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As the cache says it of a network that was found out before."""
    smallest = min((cache / "converted").iterdir(), key=lambda path: path.stat().st_size)
    folder = tmp_path / "converted"
    folder.mkdir()
    with engine._cache.lease(NAME) as loaded:
        conversions = Conversions(settings(tmp_path), 2)
        key = _key(loaded.spec, loaded.file, (3, 32, 32), "f32")
        assert key.name == smallest.name
        conversions._cache.write(key, b"")
        conversions.close()
    running = LocalEngine(settings(tmp_path), converts=True)
    end = time.monotonic() + 60
    while "stays with torch" not in caplog.text:
        assert ask(running).backend == "torch-cpu"
        assert time.monotonic() < end
        time.sleep(0.1)
    assert ask(running).backend == "torch-cpu"
    running.close()
    assert "gives other answers" in caplog.text


def test_a_model_that_the_converting_process_does_not_know_stays_with_torch(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    given = settings(tmp_path)
    known = Catalog(given).spec(NAME)
    running = LocalEngine(given, Catalog(given, [replace(known, name="mine")]), converts=True)
    end = time.monotonic() + WAIT_S
    while "mine (3, 32, 32) stays with torch" not in caplog.text:
        assert ask(running, "mine").backend == "torch-cpu"
        assert time.monotonic() < end
        time.sleep(0.2)
    running.close()


def test_closing_ends_a_conversion_at_once(tmp_path: Path) -> None:
    running = LocalEngine(settings(tmp_path), converts=True)
    ask(running)
    ask(running)
    end = time.monotonic() + 60
    while running._conversions._child is None:
        assert time.monotonic() < end
        time.sleep(0.01)
    child = running._conversions._child
    start = time.monotonic()
    running.close()
    assert time.monotonic() - start < 3
    assert child.poll() is not None


def test_only_shapes_that_come_again_are_converted_and_few_are_kept() -> None:
    converted = Converted()
    assert [converted.count((3, 32, 32)) for _ in range(4)] == [False, True, False, False]
    content = export(nn.ReLU(), (3, 8, 8))
    runners = [OpenvinoRunner(content, (3, 8, 8), "f32", 1) for _ in range(5)]
    for place, runner in enumerate(runners[:4]):
        converted.put((3, 8, place), runner)
    assert converted.find((3, 8, 0)) is runners[0]
    converted.put((3, 8, 4), runners[4])
    kept = [converted.find((3, 8, place)) for place in range(5)]
    assert kept == [runners[0], None, runners[2], runners[3], runners[4]]
