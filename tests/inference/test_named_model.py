"""What is proposed for an unknown name is of use to who asked."""

import re
from collections.abc import Iterator

import pytest

from demo.errors import DemoError
from demo.inference.local_engine import LocalEngine
from demo.inference.named_model import named_model
from demo.settings import Settings
from demo.tasks import all_tasks
from demo.tracking.options import StreamOptions


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    """The real catalog with the embedded weights."""
    made = LocalEngine(Settings(offline=True))
    yield made
    made.close()


def proposed(engine: LocalEngine, sentence: str) -> set[str]:
    """The tasks of the models that a sentence names."""
    [some] = re.findall(r"there are (.*) and others", sentence)
    tasks = {row["name"]: row["task"] for row in engine.models()}
    return {tasks[name] for name in some.split(", ")}


TYPOS = ["resnet9-cifar1", "yolo11", "dcgan-cifar1", "yolo-vitrin", "zzzz", "", "x" * 500, None, 7]


@pytest.mark.parametrize("task", [task.name for task in all_tasks()])
@pytest.mark.parametrize("name", TYPOS)
def test_only_models_of_the_task_are_proposed(engine: LocalEngine, task: str, name: object) -> None:
    with pytest.raises(DemoError) as raised:
        named_model(engine, name, [task])
    here = {row["task"] for row in engine.models() if row["available"]}
    assert raised.value.key == ("unknown_model" if task in here else "no_model")
    assert task not in here or proposed(engine, str(raised.value)) == {task}


@pytest.mark.parametrize("name", TYPOS)
def test_only_models_that_run_over_frames_are_proposed_for_them(
    engine: LocalEngine, name: object
) -> None:
    with pytest.raises(DemoError) as raised:
        StreamOptions.from_values(engine, {"model": name})
    assert proposed(engine, str(raised.value)) <= {"detect", "segment", "classify"}


def test_a_similar_name_is_proposed_before_others(engine: LocalEngine) -> None:
    with pytest.raises(DemoError, match="there are yolo-vitrine, "):
        named_model(engine, "yolo-vitrin", ["detect"])


def test_a_known_name_is_found_whatever_its_task(engine: LocalEngine) -> None:
    assert named_model(engine, "yolo-vitrine", ["classify"]).task == "detect"
    with pytest.raises(DemoError, match="dcgan-cifar10") as raised:
        StreamOptions.from_values(engine, {"model": "dcgan-cifar10"})
    assert raised.value.key == "video_task"
