"""The example pictures of the models that are here: each answer is right."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from demo import tasks
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.inference.local_engine import LocalEngine
from demo.models.example import Example
from demo.models.spec import ImageRequest, ModelSpec
from demo.results import Detections, Image, Scores
from demo.service import examples
from demo.settings import Settings
from demo.video.example_clip import write_example_clip
from tests.conftest import SHARED
from tests.support.clips import shown

FOLDER = SHARED / "weights"
NAMES = (
    *("yolo11n", "yolo26n", "yolo26n-nmsfree", "yolo-vitrine"),
    *("efficientnet_lite0", "mobilenet_v2", "squeezenet1_0"),
    *("photo-101", "cnn-cifar10", "cnn3-cifar10", "resnet9-cifar10"),
)
"""The models that answer about pictures with the embedded weights and the stand-ins."""


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    if not FOLDER.is_dir():
        pytest.skip("no data folder beside the project")
    running = LocalEngine(Settings(weights_dir=FOLDER, offline=True, device="cpu"))
    yield running
    running.close()


def answer(engine: LocalEngine, spec: ModelSpec, rgb: Image) -> Detections | Scores:
    task = tasks.find(spec.task)
    result = engine.run(spec.name, ImageRequest(rgb)).result
    refined: Detections | Scores = task.refine(spec, result, task.parse(spec, {}))
    return refined


def is_right(found: Detections | Scores, one: Example) -> bool:
    if isinstance(found, Detections):
        counted = set(found.counts())
        return one.shows[0] in counted and counted <= set(one.shows)
    if not one.shows:
        return not found.known
    return found.known and found.top(1)[0][0] == one.shows[0]


def test_every_model_that_answers_about_pictures_is_looked_at(engine: LocalEngine) -> None:
    here = {m["name"] for m in engine.models() if m["available"] and m["task"] != "generate"}
    assert here == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_is_right_for_every_example(engine: LocalEngine, name: str) -> None:
    spec = engine.spec(name)
    files = examples.of(spec)
    assert len(files) == len(spec.examples) >= 1
    for one, file in zip(spec.examples, files, strict=True):
        found = answer(engine, spec, decode(file.read_bytes(), Limits()).rgb)
        assert is_right(found, one), (file.name, found)


def test_the_first_example_of_the_own_detector_is_not_the_bus(engine: LocalEngine) -> None:
    assert examples.of(engine.spec("yolo-vitrine"))[0].name == "zidane.jpg"


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("yolo")])
def test_the_answer_is_right_on_the_example_film(
    engine: LocalEngine, name: str, tmp_path: Path
) -> None:
    spec = engine.spec(name)
    photo = cv2.imread(str(examples.film_picture(spec)), cv2.IMREAD_COLOR_RGB)
    write_example_clip(np.asarray(photo, np.uint8), tmp_path / "clip.mp4")
    counted: set[str] = set()
    for _, frame in shown(tmp_path / "clip.mp4")[::10]:
        found = answer(engine, spec, frame)
        assert isinstance(found, Detections)
        assert found.counts()
        counted |= set(found.counts())
    # A frame shows a part of the picture: not all of its things are in each.
    assert counted == set(spec.examples[-1].shows)


def test_a_model_without_examples_has_the_common_ones(engine: LocalEngine) -> None:
    assert examples.of(None) == examples.paths()
    assert examples.of(engine.spec("dcgan-cifar10")) == examples.paths()
