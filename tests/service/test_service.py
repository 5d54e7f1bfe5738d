"""One upload, many questions: what is kept, what is asked again, what is refused."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from demo.errors import DemoError
from demo.images.encode import encode_png
from demo.inference.engine import Engine, Prediction, Status
from demo.models.spec import ImageRequest, InputView, ModelSpec
from demo.results import Detections, Scores, Timing
from demo.service.service import Answer, Service
from demo.service.uploads import PassingUpload, UploadStore
from demo.settings import Settings

LABELS = ("cat", "dog")


class Spec:
    confidence: float | None = None
    iou: float | None = None
    unknown = None

    def __init__(self, name: str, task: str, needs_nms: bool) -> None:
        self.name, self.task, self.needs_nms, self.labels = name, task, needs_nms, LABELS


class CountingEngine:
    """Answers two overlapping cats and a weak dog, and counts how often it was asked."""

    concurrency = 2

    def __init__(self) -> None:
        self.asked: list[tuple[str, int | None]] = []
        self.state = "resident"
        self.version = 1
        self._specs = {
            "yolo": Spec("yolo", "detect", True),
            "nmsfree": Spec("nmsfree", "detect", False),
            "cnn": Spec("cnn", "classify", False),
        }

    def spec(self, name: str) -> ModelSpec:
        if name not in self._specs:
            raise DemoError("unknown_name", name="models", got=name, some="yolo")
        return cast(ModelSpec, self._specs[name])

    def models(self) -> list[dict[str, Any]]:
        return [{"name": s.name, "task": s.task, "available": True} for s in self._specs.values()]

    def status(self, name: str) -> Status:
        return Status(self.state)

    def weights_version(self, name: str) -> int:
        return self.version

    def run(self, name: str, request: ImageRequest) -> Prediction:
        image = request.image
        self.asked.append((name, request.size))
        size_wh = (image.shape[1], image.shape[0])
        result: Scores | Detections
        if name == "cnn":
            result = Scores(np.array([0.75, 0.25], np.float32), LABELS)
        else:
            xyxy = np.array([[0, 0, 20, 20], [1, 1, 20, 20], [20, 20, 30, 30]], np.float32)
            scores = np.array([0.9, 0.8, 0.1], np.float32)
            result = Detections(xyxy, scores, np.array([0, 0, 1]), LABELS, size_wh)
        timing = Timing(preprocess=1, forward=50, postprocess=1)
        window = (0.0, 0.0, float(size_wh[0]), float(size_wh[1]))
        view = InputView(window, image, size_wh)
        return Prediction(name, "0" * 64, "torch-cpu", result, timing, "CPU", view)


@pytest.fixture
def uploads() -> Iterator[UploadStore]:
    made = UploadStore(keep_s=600)
    yield made
    made.close()


@pytest.fixture
def engine() -> CountingEngine:
    return CountingEngine()


@pytest.fixture
def service(engine: CountingEngine, uploads: UploadStore) -> Service:
    return Service(Settings(), cast(Engine, engine), uploads)


def detect(
    service: Service,
    path: str,
    model: object,
    confidence: object = 0.25,
    iou: object = 0.7,
    classes: object = (),
    **more: object,
) -> Answer:
    values = {"confidence": confidence, "iou": iou, "classes": classes, **more}
    return service.predict("detect", path, model, values)


def classify(service: Service, path: str, model: object, top_k: object) -> Answer:
    return service.predict("classify", path, model, {"top_k": top_k})


def boxes_of(answer: Answer) -> int:
    assert isinstance(answer.result, Detections)
    return len(answer.result)


def upload(uploads: UploadStore, shade: int = 0) -> str:
    path: Path = uploads.folder / f"{shade}.png"
    path.write_bytes(encode_png(np.full((40, 40, 3), shade, np.uint8)))
    return str(path)


def test_thresholds_and_classes_never_ask_the_model_again(
    service: Service, engine: CountingEngine, uploads: UploadStore
) -> None:
    path = upload(uploads)
    first = detect(service, path, "yolo", 0.25)
    assert [b["label"] for b in first.facts["boxes"]] == ["cat"]
    assert first.timing.forward == 50
    for confidence, iou, classes in ((0.05, 0.7, []), (0.05, 0.99, []), (0.05, 0.7, ["dog"])):
        again = detect(service, path, "yolo", confidence, iou, classes)
        assert (again.timing.forward, again.timing.decode) == (0, 0)
    assert len(engine.asked) == 1
    assert [b["label"] for b in again.facts["boxes"]] == ["dog"]


def test_another_picture_model_or_size_does(
    service: Service, engine: CountingEngine, uploads: UploadStore
) -> None:
    detect(service, upload(uploads, 1), "yolo")
    detect(service, upload(uploads, 2), "yolo")
    detect(service, upload(uploads, 2), "nmsfree")
    detect(service, upload(uploads, 2), "yolo", size=320)
    assert engine.asked == [("yolo", None), ("yolo", None), ("nmsfree", None), ("yolo", 320)]


def test_a_model_whose_file_has_changed_is_asked_again(
    service: Service, engine: CountingEngine, uploads: UploadStore
) -> None:
    path = upload(uploads)
    for version in (1, 1, 2, 2):
        engine.version = version
        detect(service, path, "yolo")
    assert len(engine.asked) == 2


def test_doubles_are_suppressed_only_where_the_head_makes_them(
    service: Service, uploads: UploadStore
) -> None:
    path = upload(uploads)
    assert boxes_of(detect(service, path, "yolo", 0.5)) == 1
    assert boxes_of(detect(service, path, "yolo", 0.5, 0.99)) == 2
    assert boxes_of(detect(service, path, "nmsfree", 0.5)) == 2


def test_the_upload_is_drawn_on_a_copy(service: Service, uploads: UploadStore) -> None:
    drawn = detect(service, upload(uploads), "yolo")
    assert not drawn.picture.rgb.any()
    assert drawn.annotated is not None
    assert drawn.annotated.any()


def test_what_nobody_looks_at_is_not_drawn(service: Service, uploads: UploadStore) -> None:
    path = upload(uploads)
    drawn = detect(service, path, "yolo")
    undrawn = service.predict("detect", path, "yolo", {}, drawn=False)
    assert drawn.facts["timing_ms"]["draw"] > 0
    assert undrawn.annotated is None
    assert undrawn.facts["timing_ms"]["draw"] == 0
    assert undrawn.facts["boxes"] == drawn.facts["boxes"]


def test_of_an_upload_that_goes_with_its_answer_only_the_result_is_kept(
    service: Service, engine: CountingEngine, uploads: UploadStore
) -> None:
    path = upload(uploads)
    for content in (Path(path).read_bytes(), Path(path)):
        answer = service.predict("detect", PassingUpload(content), "yolo", {"confidence": 0.05})
        assert service.cache.size_bytes == answer.prediction.result.size_bytes
        assert boxes_of(answer) == 2
        assert answer.facts["size_wh"] == [40, 40]
    assert (answer.timing.forward, len(engine.asked)) == (0, 1)
    # The page shows what the network saw.
    assert detect(service, path, "yolo").prediction.view is not None


def test_classify_answers_best_first(service: Service, uploads: UploadStore) -> None:
    facts = classify(service, upload(uploads), "cnn", 1).facts
    assert facts["labels"] == [{"label": "cat", "score": 0.75}]
    assert facts["known"] is True
    assert facts["size_wh"] == [40, 40]


@pytest.mark.parametrize(
    ("model", "options", "word"),
    [
        ("cnn", {}, "cnn"),
        ("nobody", {}, "nobody"),
        (None, {}, "None"),
        ("yolo", {"confidence": float("nan")}, "confidence"),
        ("yolo", {"iou": 2}, "iou"),
        ("yolo", {"classes": ["cow"]}, "cow"),
        ("yolo", {"size": "big"}, "size"),
        ("yolo", {"line_width": -1}, "line_width"),
    ],
)
def test_wrong_values_are_one_sentence(
    service: Service, uploads: UploadStore, model: Any, options: dict[str, Any], word: str
) -> None:
    with pytest.raises(DemoError, match=word):
        detect(service, upload(uploads), model, **options)


def test_a_deleted_upload_is_one_sentence(service: Service, uploads: UploadStore) -> None:
    path = upload(uploads)
    detect(service, path, "yolo")
    Path(path).unlink()
    with pytest.raises(DemoError, match="put it in again"):
        detect(service, path, "yolo")


def test_augment_answers_the_same_pixels_for_the_same_seed(
    service: Service, uploads: UploadStore
) -> None:
    path = upload(uploads, 120)
    steps = [{"name": "noise", "params": {}}]
    first, again = (service.augment(path, steps, 3, 5) for _ in range(2))
    assert len(first.images) == 3
    assert all(np.array_equal(a, b) for a, b in zip(first.images, again.images, strict=True))
    assert first.facts == again.facts
    assert again.decode_ms == 0


def test_only_models_of_the_task_are_proposed(service: Service, uploads: UploadStore) -> None:
    path = upload(uploads)
    for name in ("yolo", "yola", "nobody"):
        with pytest.raises(DemoError) as raised:
            classify(service, path, name, 1)
        assert raised.value.fields["some"] == "cnn"


@pytest.mark.parametrize("name", ["yola", "cnn", "", None, ["yolo"]])
def test_detect_proposes_detectors_only(service: Service, name: object) -> None:
    end = r"\." if name == "cnn" else " and others"
    with pytest.raises(DemoError, match=rf"there are (yolo|nmsfree|yolo, nmsfree){end}"):
        service.spec(name, "detect")


@pytest.mark.parametrize("name", ["cn", "yolo", "", None])
def test_classify_proposes_classifiers_only(service: Service, name: object) -> None:
    end = r"\." if name == "yolo" else " and others"
    with pytest.raises(DemoError, match=rf"there are cnn{end}"):
        service.spec(name, "classify")


def test_an_upload_that_is_deleted_while_it_waits_is_gone(engine: CountingEngine) -> None:
    class Swept(UploadStore):
        def touch(self, path: str) -> Path:
            real = super().touch(path)
            real.unlink()
            return real

    uploads = Swept(keep_s=600)
    try:
        with pytest.raises(DemoError) as caught:
            Service(Settings(), cast(Engine, engine), uploads).open(upload(uploads))
        assert caught.value.key == "picture_gone"
    finally:
        uploads.close()


def plain(uploads: UploadStore, count: int, size_hw: tuple[int, int]) -> list[Path]:
    """Uploads of one colour each, no two alike."""
    paths = [uploads.folder / f"{shade}.png" for shade in range(count)]
    for shade, path in enumerate(paths):
        path.write_bytes(encode_png(np.full((*size_hw, 3), shade, np.uint8)))
    return paths


def test_a_large_picture_waits_for_no_download(
    engine: CountingEngine, service: Service, uploads: UploadStore
) -> None:
    """One visitor's model is on its way; another's large picture is answered meanwhile."""
    paths = plain(uploads, 4, (4500, 5000))
    arrived, slow = threading.Event(), threading.Semaphore(0)
    run = engine.run

    def run_slowly(name: str, request: ImageRequest) -> Prediction:
        if name == "nmsfree":
            slow.release()
            assert arrived.wait(30)
        return run(name, request)

    engine.run = run_slowly  # type: ignore[method-assign]
    engine.state = "downloading"
    with ThreadPoolExecutor(4) as threads:
        waiting = [
            threads.submit(detect, service, str(path), model="nmsfree") for path in paths[:3]
        ]
        for _ in waiting:
            assert slow.acquire(timeout=30)
        assert detect(service, str(paths[3]), "yolo").result is not None
        arrived.set()


def test_no_more_answers_are_worked_on_than_keep_the_device_busy(
    engine: CountingEngine, service: Service, uploads: UploadStore
) -> None:
    """Twenty-five at once would hold their pictures and copies, and be no faster."""
    paths = plain(uploads, 6, (40, 50))
    run, lock, now, most = engine.run, threading.Lock(), 0, 0

    def counted(name: str, request: ImageRequest) -> Prediction:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.1)
        with lock:
            now -= 1
        return run(name, request)

    engine.run = counted  # type: ignore[method-assign]
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda path: detect(service, str(path), "yolo"), paths))
    assert most == engine.concurrency
