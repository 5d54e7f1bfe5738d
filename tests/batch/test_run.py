"""Answers of a batch: all of them, in order, a few at a time, until somebody stops it."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from demo import tasks
from demo.batch.limits import BatchLimits
from demo.batch.pictures import LeftOut, NamedPicture, Source, gather
from demo.batch.run import BatchAnswer, Step, asker, facts, refined, run
from demo.errors import DemoError
from demo.inference.local_engine import LocalEngine
from demo.results import Detections, Image
from demo.service.service import Service
from demo.service.uploads import UploadStore
from demo.settings import Settings
from demo.tasks.base import Query
from tests.support.batches import folder, picture
from tests.support.finder import Finder


@pytest.fixture
def service(desk: LocalEngine) -> Iterator[Service]:
    uploads = UploadStore(600)
    yield Service(Settings(), desk, uploads)
    uploads.close()


def pictures(tmp_path: Path, count: int) -> tuple[NamedPicture, ...]:
    files = {f"{i:03d}.png": picture(i) for i in range(count)}
    found = gather([Source.of(folder(tmp_path / "in", files))], tmp_path, BatchLimits())
    return found.pictures


def query_of(service: Service, **values: object) -> Query:
    query: Query = tasks.find("detect").parse(service.engine.spec("finder"), values)
    return query


def steps_of(
    service: Service, found: tuple[NamedPicture, ...], stop: threading.Event | None = None
) -> Iterator[Step]:
    spec = service.engine.spec("finder")
    ask = asker(service.bulk, spec, query_of(service))
    return run(found, ask, stop or threading.Event(), service.bulk.workers)


def box_of(step: Step) -> list[float]:
    assert isinstance(step, BatchAnswer)
    result = step.prediction.result
    assert isinstance(result, Detections)
    box: list[float] = result.xyxy[0].tolist()
    return box


def test_every_picture_is_answered_in_order(service: Service, tmp_path: Path) -> None:
    found = pictures(tmp_path, 30)
    steps = list(steps_of(service, found))
    assert [step.name for step in steps] == [one.name for one in found]
    assert [box_of(step)[0] for step in steps] == [2 + 2 * i % 50 for i in range(30)]


def test_an_answer_is_that_of_a_single_picture_and_keeps_no_pixels(
    service: Service, tmp_path: Path
) -> None:
    [found] = pictures(tmp_path, 1)
    [step] = steps_of(service, (found,))
    assert isinstance(step, BatchAnswer)
    upload = service.uploads.folder / "a.png"
    upload.write_bytes(found.path.read_bytes())
    single = service.predict("detect", str(upload), "finder", {})
    query = query_of(service)
    result = refined(step, query)
    own, other = facts(step, result, query), single.facts
    assert {key: own[key] for key in own if key != "timing_ms"} == {
        key: other[key] for key in other if key != "timing_ms"
    }
    assert own["timing_ms"].keys() == other["timing_ms"].keys()  # type: ignore[attr-defined]
    assert step.prediction.view is None
    assert (step.size_wh, step.format, step.sha256) == ((64, 48), "PNG", single.picture.sha256)
    assert service.cache.size_bytes > 0  # of the single one
    service.cache.expire()


def test_a_batch_is_filtered_without_a_pass(
    service: Service, finder: Finder, tmp_path: Path
) -> None:
    steps = list(steps_of(service, pictures(tmp_path, 3)))
    passes = sum(finder.batches)
    counts = [
        [len(refined(step, query_of(service, **values))) for step in steps]  # type: ignore
        for values in ({}, {"confidence": 0.95}, {"classes": ["blue thing"]})
    ]
    assert counts == [[1, 1, 1], [0, 0, 0], [0, 0, 0]]
    assert sum(finder.batches) == passes == 3


def test_a_broken_picture_has_its_sentence_and_does_not_stop_the_rest(
    service: Service, tmp_path: Path
) -> None:
    found = pictures(tmp_path, 4)
    found[1].path.write_bytes(picture()[:60])
    found[2].path.unlink()
    steps = list(steps_of(service, found))
    assert [isinstance(step, BatchAnswer) for step in steps] == [True, False, False, True]
    errors = [step.error.key for step in steps if isinstance(step, LeftOut)]
    assert errors == ["image_truncated", "batch_unreadable"]


def test_a_programming_error_is_not_taken_for_an_answer(
    service: Service, finder: Finder, tmp_path: Path
) -> None:
    finder.breaks_at = 2
    steps = steps_of(service, pictures(tmp_path, 3))
    with pytest.raises(ValueError, match="the network broke"):
        list(steps)


def test_stop_takes_effect_at_the_next_picture(service: Service, tmp_path: Path) -> None:
    stop = threading.Event()
    steps = steps_of(service, pictures(tmp_path, 30), stop)
    first = [next(steps), next(steps)]
    stop.set()
    assert list(steps) == []
    assert [step.name for step in first] == ["000.png", "001.png"]


def test_closing_the_generator_does_not_wait_and_begins_nothing(
    service: Service, finder: Finder, tmp_path: Path
) -> None:
    steps = steps_of(service, pictures(tmp_path, 30))
    next(steps)
    finder.gate.clear()
    start = time.monotonic()
    steps.close()  # type: ignore[attr-defined]
    assert time.monotonic() - start < 1
    begun = finder.prepared
    finder.gate.set()
    time.sleep(0.3)
    assert finder.prepared <= begun + service.bulk.workers


def test_few_pictures_are_under_way_at_once(
    service: Service, finder: Finder, tmp_path: Path
) -> None:
    """However slowly answers are taken."""
    steps = steps_of(service, pictures(tmp_path, 40))
    next(steps)
    time.sleep(0.5)
    assert 1 < finder.prepared <= 2 * service.bulk.workers + 1


def test_several_pictures_are_worked_on_at_once(tmp_path: Path) -> None:
    """As many as there are workers: each waits for the others before it answers."""
    found = pictures(tmp_path, 6)
    meeting = threading.Barrier(3, timeout=10)

    def ask(named: NamedPicture) -> BatchAnswer:
        meeting.wait()
        raise DemoError("image_empty")

    steps = list(run(found, ask, threading.Event(), 3))
    assert [step.name for step in steps] == [one.name for one in found]


def test_who_wants_a_thumbnail_sees_the_pixels(service: Service, tmp_path: Path) -> None:
    seen: dict[str, Image] = {}
    spec = service.engine.spec("finder")
    found = pictures(tmp_path, 3)
    look = lambda named, rgb: seen.update({named.name: rgb[::2, ::2].copy()})  # noqa: E731
    ask = asker(service.bulk, spec, query_of(service), look)
    list(run(found, ask, threading.Event(), 2))
    assert sorted(seen) == [one.name for one in found]
    assert np.array_equal(seen["000.png"][5, 1], (220, 20, 20))
