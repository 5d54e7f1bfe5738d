"""Answers stream in, a failing model stops nobody, closing ends the work, measurements are warm."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from demo.compare.comparison import Comparer, Comparison
from demo.compare.measure import MIN_PASSES, Measurements
from demo.compare.selection import chosen_models, presets
from demo.errors import DemoError
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.inference.engine import Prediction
from demo.inference.local_engine import LocalEngine
from demo.models.spec import ImageRequest, ModelSpec
from demo.results import Image, Timing
from demo.service import examples
from demo.settings import Settings
from demo.tasks.base import Query
from demo.web.faults import explained
from demo.web.views import comparison as comparison_view
from tests.support.checkpoints import network, save
from tests.support.exports import export

Ask = Callable[[ModelSpec, Query], tuple[Prediction, Timing]]


@pytest.fixture(scope="module")
def engine(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    cache = tmp_path_factory.mktemp("cache")
    weights = shared_data / "weights"
    running = LocalEngine(
        Settings(weights_dir=weights, cache_dir=cache, offline=True, device="cpu", threads=1)
    )
    yield running
    running.close()


@pytest.fixture(scope="module")
def photo() -> Image:
    """The bus in 2 megapixels."""
    rgb = decode(examples.paths()[0].read_bytes(), Limits()).rgb
    return np.ascontiguousarray(np.repeat(np.repeat(rgb, 2, axis=0), 2, axis=1)[:1632, :1224])


def asks(engine: LocalEngine, image: Image) -> Ask:
    def ask(spec: ModelSpec, query: Query) -> tuple[Prediction, Timing]:
        prediction = engine.run(spec.name, ImageRequest(image))
        return prediction, prediction.timing

    return ask


def steps(
    engine: LocalEngine, image: Image, models: Sequence[str], ask: Ask | None = None
) -> Iterator[Comparison]:
    specs = chosen_models(engine, list(models))
    comparer = Comparer(Measurements(engine))
    return comparer.steps(image, specs, {}, ask or asks(engine, image), explained)


def test_answers_stream_in_and_a_failing_model_stops_nobody(
    engine: LocalEngine, photo: Image
) -> None:
    names = ["cnn-cifar10", "resnet50", "squeezenet1_0"]
    seen = list(steps(engine, photo, names))
    assert [len(one.waiting) for one in seen[:4]] == [3, 2, 1, 0]
    last = seen[-1]
    assert last.done
    assert list(last.results) == ["cnn-cifar10", "squeezenet1_0"]
    missing = last.entries[1]
    assert missing.fault is not None
    assert missing.fault.key == "weights_offline"
    assert missing.latency is None
    cards = comparison_view.answers(last, "en")
    assert cards.count("compare-card answered") == 2
    assert cards.count("compare-card failed") == 1
    assert "switched downloads off" in cards
    for entry in (last.entries[0], last.entries[2]):
        assert entry.latency is not None
        assert entry.latency.passes >= MIN_PASSES
        assert 0 < entry.latency.low <= entry.latency.p50 <= entry.latency.high


def test_an_unexpected_fault_stops_nobody_either(
    engine: LocalEngine, photo: Image, caplog: pytest.LogCaptureFixture
) -> None:
    whole = asks(engine, photo)

    def ask(spec: ModelSpec, query: Query) -> tuple[Prediction, Timing]:
        if spec.name == "cnn-cifar10":
            raise ValueError("the network broke")
        return whole(spec, query)

    stream = steps(engine, photo, ["cnn-cifar10", "cnn3-cifar10"], ask)
    answered = next(one for one in stream if not one.waiting)
    assert answered.entries[0].fault is not None
    assert answered.entries[0].fault.key == "internal_fault"
    assert list(answered.results) == ["cnn3-cifar10"]
    assert "the network broke" in caplog.text


def test_a_measurement_that_fails_takes_no_answer_away(
    engine: LocalEngine, photo: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Iterator[None]:
        yield None
        raise DemoError("out_of_memory", name="cnn-cifar10")

    monkeypatch.setattr(Measurements, "steps", broken)
    last = list(steps(engine, photo, ["cnn-cifar10", "cnn3-cifar10"]))[-1]
    assert last.done
    assert len(last.results) == 2
    assert [one.fault and one.fault.key for one in last.entries] == ["out_of_memory"] * 2


def test_the_sizes_are_those_of_the_networks(engine: LocalEngine, photo: Image) -> None:
    """MobileNetV2 has 3,504,872 parameters and 0.301 G multiply-adds at 224² (torchvision)."""
    last = list(steps(engine, photo, ["mobilenet_v2", "cnn-cifar10"]))[-1]
    size = last.entries[0].size
    assert size is not None
    assert size.params == 3_504_872
    assert size.gflops == pytest.approx(2 * 0.301, rel=0.01)


def test_closing_ends_the_work(engine: LocalEngine, photo: Image) -> None:
    asked: list[str] = []
    whole = asks(engine, photo)

    def ask(spec: ModelSpec, query: Query) -> tuple[Prediction, Timing]:
        asked.append(spec.name)
        time.sleep(0.3)
        return whole(spec, query)

    names = ["cnn-cifar10", "cnn3-cifar10", "resnet9-cifar10", "squeezenet1_0", "photo-101"]
    stream = steps(engine, photo, names, ask)
    assert len(next(stream).waiting) == 5
    assert asked == []
    assert len(next(stream).waiting) == 4
    stream.close()  # type: ignore[attr-defined]
    begun = len(asked)
    time.sleep(0.8)
    assert len(asked) <= begun + 1
    assert len(asked) < len(names)


def test_two_answers_take_little_more_than_their_forward_passes(
    engine: LocalEngine, photo: Image
) -> None:
    """At most 1.2 times their sum, each alone, on a photo of 2 megapixels; both warm."""
    names = ["yolo11n", "yolo26n"]
    assert photo.shape[0] * photo.shape[1] >= 1_990_000

    def forward_ms(name: str) -> float:
        return engine.run(name, ImageRequest(photo)).timing.forward

    def answers_ms() -> float:
        start = time.perf_counter()
        stream = steps(engine, photo, names)
        assert not next(one for one in stream if not one.waiting).waiting
        return (time.perf_counter() - start) * 1000

    for name in names:
        forward_ms(name)
    # In turn, so that whatever else the machine does slows both down.
    rounds = [(answers_ms(), sum(forward_ms(name) for name in names)) for _ in range(9)]
    ratio = statistics.median(whole / alone for whole, alone in rounds)
    print(f"2 MP, {names}: {ratio:.2f} × the sum of the forward passes")
    assert ratio <= 1.2


@pytest.mark.parametrize(
    ("names", "key"),
    [
        (["yolo11n"], "compare_count"),
        (["yolo11n", "yolo11n"], "compare_count"),
        (["yolo11n"] * 9, "compare_count"),
        ([], "compare_count"),
        ("yolo11n,yolo26n", "compare_not_a_list"),
        (None, "compare_not_a_list"),
        ([5, {}], "unknown_model"),
        (["yolo11n", "yolo99"], "unknown_model"),
        (["yolo11n", "mobilenet_v2"], "compare_tasks"),
        (["dcgan-cifar10", "yolo11n"], "model_of_other_task"),
    ],
)
def test_a_wrong_choice_is_one_sentence(engine: LocalEngine, names: object, key: str) -> None:
    with pytest.raises(DemoError) as raised:
        chosen_models(engine, names)
    assert raised.value.key == key


def test_presets_name_what_is_here(engine: LocalEngine) -> None:
    rows = engine.models()
    lists = presets(rows, "classify")
    assert set(lists) == {"preset_all", "preset_small"}
    assert 2 <= len(lists["preset_all"]) <= 8
    assert "resnet50" not in lists["preset_all"]
    assert "photo-101" not in lists["preset_small"]  # 5.2 M parameters
    own = [{**row, "own": row["name"] == "yolo11n"} for row in rows]
    mine = presets(own, "detect")["preset_own"]  # type: ignore[arg-type]
    assert mine == ["yolo11n", "yolo26n"]


def test_the_owners_model_stands_beside_the_official_one_most_like_it(engine: LocalEngine) -> None:
    rows = engine.models()
    for name, like in (("cnn-cifar10", "cnn3-cifar10"), ("squeezenet1_0", "mobilenet_v2")):
        own = [{**row, "own": row["name"] == name} for row in rows]
        assert presets(own, "classify")["preset_own"] == [name, like]  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore")  # the exporters of torch warn of each other's versions
def test_an_onnx_file_of_the_owners_is_compared(photo: Image, tmp_path: Path) -> None:
    checkpoint = save(network("yolo11n", ("person", "bus", "kite")), tmp_path / "mine.pt")
    export(checkpoint, imgsz=320)
    checkpoint.unlink()
    settings = Settings(
        weights_dir=tmp_path, cache_dir=tmp_path, offline=True, device="cpu", threads=1
    )
    engine = LocalEngine(settings)
    try:
        last = list(steps(engine, photo, ["mine", "yolo-vitrine"]))[-1]
    finally:
        engine.close()
    mine, official = last.entries
    assert mine.fault is None
    assert mine.latency is not None
    assert mine.size is not None
    assert mine.size.gflops is None  # PyTorch does not run it
    assert official.size is not None
    assert official.size.gflops is not None
    assert set(last.results) == {"mine", "yolo-vitrine"}
