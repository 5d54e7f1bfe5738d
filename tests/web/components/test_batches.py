"""A visitor's pictures: answered once each, stopped, kept for him alone."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from demo import tasks
from demo.batch.limits import BatchLimits
from demo.batch.pictures import LeftOut, Source, gather
from demo.batch.run import BatchAnswer, refined
from demo.errors import DemoError
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.inference.local_engine import LocalEngine
from demo.results import Detections
from demo.service.service import Service
from demo.service.upload_room import check_room
from demo.service.uploads import UploadStore
from demo.settings import Settings
from demo.tasks.base import Query
from demo.web.components.batches.messages import Followed, Sent, read
from demo.web.components.batches.visitor_batch import Answers, VisitorBatch, without_masks
from demo.web.components.batches.visitors import Visitors
from demo.web.views import answers as answer_views
from demo.web.views import batch as batch_view
from tests.support.batches import answer, folder, picture
from tests.support.finder import LABELS, Finder
from tests.support.masks import blobs, run_lengths

TASK = tasks.find("detect")


@pytest.fixture
def service(desk: LocalEngine) -> Iterator[Service]:
    uploads = UploadStore(keep_s=600)
    yield Service(Settings(), desk, uploads)
    uploads.close()


def batch(service: Service, tmp_path: Path, count: int, **broken: bytes) -> VisitorBatch:
    """Pictures with a red square each, and files with other content."""
    files = {f"{i}.png": picture(i) for i in range(count)}
    files |= {f"{name}.png": content for name, content in broken.items()}
    put = folder(tmp_path / "put", files)
    own = tmp_path / "own"
    own.mkdir(exist_ok=True)
    return VisitorBatch(service, own, gather([Source.of(put)], own, BatchLimits()))


def asked(service: Service, made: VisitorBatch, **options: object) -> tuple[Answers, Query]:
    spec = service.spec("finder", "detect")
    query = TASK.parse(spec, options)
    return made.answers(spec, query), query


def answered(made: VisitorBatch, answers: Answers) -> None:
    made.begin(answers)
    assert answers.run is not None
    answers.run.result(30)


def test_each_picture_is_answered_once_whatever_is_filtered(
    service: Service, finder: Finder, tmp_path: Path
) -> None:
    made = batch(service, tmp_path, 5, broken=b"\xff\xd8\xff\xe0 nothing")
    answers, query = asked(service, made)
    answered(made, answers)
    assert made.is_complete(answers)
    steps = [answers.steps[place] for place in range(6)]
    assert [isinstance(step, LeftOut) for step in steps] == [False] * 5 + [True]
    assert sum(finder.batches) == 5
    first = steps[0]
    assert isinstance(first, BatchAnswer)
    again, strict = asked(service, made, confidence=0.95)
    assert again is answers
    made.end()
    made.begin(again)
    assert again.run is None
    counts = [len(TASK.refine(first.spec, first.prediction.result, q)) for q in (query, strict)]
    assert counts == [1, 0]
    assert sum(finder.batches) == 5


def test_another_size_is_asked_anew_and_ends_what_runs(
    service: Service, finder: Finder, tmp_path: Path
) -> None:
    made = batch(service, tmp_path, 3)
    finder.gate.clear()
    answers, _ = asked(service, made)
    made.begin(answers)
    other, _ = asked(service, made, size=320)
    assert other is not answers
    assert answers.stop.is_set()
    finder.gate.set()
    answered(made, other)
    assert made.is_complete(other)
    assert not made.is_complete(answers)


def test_a_run_that_was_ended_goes_on_where_it_was(
    service: Service, finder: Finder, tmp_path: Path
) -> None:
    made = batch(service, tmp_path, 30)
    finder.seconds = 0.02
    answers, _ = asked(service, made)
    made.begin(answers)
    first = answers.run
    assert first is not None
    while not answers.steps:
        time.sleep(0.01)
    made.begin(answers)
    assert answers.run is first, "one run at a time"
    made.end()
    first.result(30)
    done = len(answers.steps)
    assert 0 < done < 30
    kept = dict(answers.steps)
    answered(made, answers)
    assert made.is_complete(answers)
    assert all(answers.steps[place] is step for place, step in kept.items())


def test_thumbnails_are_small_files_of_the_batch(service: Service, tmp_path: Path) -> None:
    made = batch(service, tmp_path, 2)
    answered(made, asked(service, made)[0])
    small = decode(made.thumbnail(1).read_bytes(), Limits())
    assert small.format == "JPEG"
    assert max(small.rgb.shape) <= 160
    assert made.thumbnail(1).parent == tmp_path / "own"


def test_heavy_masks_are_not_kept(tmp_path: Path) -> None:
    """They take megabytes a picture; counts do without them."""
    file = tmp_path / "a.png"
    file.write_bytes(picture(size_wh=(640, 480)))
    pixels = blobs(60, (640, 480))
    boxes = np.tile(np.array([[0, 0, 640, 480]], np.float32), (60, 1))
    scores, ids = np.full(60, 0.5, np.float32), np.zeros(60, np.int64)
    found = Detections(boxes, scores, ids, LABELS, (640, 480), run_lengths(pixels))
    heavy = answer(file, "a.png", "segment", found)
    light = without_masks(heavy).prediction.result
    assert isinstance(light, Detections)
    assert light.masks is None
    assert light.counts() == found.counts()
    few = replace(found[np.arange(2)], masks=None)
    small = answer(file, "a.png", "segment", few)
    assert without_masks(small) is small


def test_visitors_know_their_own_pictures_and_no_others(service: Service, tmp_path: Path) -> None:
    now = [0.0]
    visitors = Visitors(100, lambda: now[0])
    mine = batch(service, tmp_path, 1)
    answers, _ = asked(service, mine)
    visitors.put("mine", mine)
    assert visitors.get("mine") is mine
    assert visitors.get("another") is None
    now[0] = 90
    assert visitors.get("mine") is mine
    now[0] = 180
    assert visitors.get("mine") is mine, "its time was renewed"
    visitors.put("mine", batch(service, tmp_path, 2))
    assert answers.stop.is_set(), "new pictures end the run of the older ones"
    now[0] = 300
    assert visitors.get("mine") is None
    visitors.drop("mine")


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        "",
        "[]",
        '{"files": []}',
        '{"files": [{"name": "a", "path": 3}], "left": []}',
        '{"files": [], "left": [{"name": "a", "why": "tab_detect"}]}',
        '{"files": [], "left": [{"name": "a", "why": "several_left_big", "limit": "20"}]}',
    ],
)
def test_a_message_that_is_none_is_refused(text: object) -> None:
    with pytest.raises(DemoError) as caught:
        read(Sent, text)
    assert caught.value.key == "unreadable_value"


def test_a_message_of_the_page_is_read() -> None:
    assert read(Followed, '{"turn": 3, "goes_on": false}') == Followed(turn=3, goes_on=False)


def test_there_is_room_only_within_the_budget(service: Service) -> None:
    check_room(service.uploads, service.settings, 1000)
    with pytest.raises(DemoError) as caught:
        check_room(service.uploads, service.settings, 3_000_000_000)
    assert caught.value.key == "uploads_full"


def test_what_a_cell_says_of_an_answer_and_of_a_fault(service: Service, tmp_path: Path) -> None:
    made = batch(service, tmp_path, 1, broken=b"\xff\xd8\xff\xe0 nothing")
    answers, query = asked(service, made)
    answered(made, answers)
    view = answer_views.find("detect")
    good, bad = answers.steps[0], answers.steps[1]
    assert isinstance(good, BatchAnswer)
    shown = refined(good, query)
    line = batch_view.cell(0, made.pictures[0], "", good, shown, view, "en")
    facts = json.loads(line)
    assert (facts["badge"], facts["spoken"], facts["failed"]) == (
        "1 box",
        "0.png: 1 red thing",
        False,
    )
    assert facts["picture"]["orig_name"] == "0.png"
    facts = json.loads(batch_view.cell(1, made.pictures[1], "", bad, None, view, "zh-CN"))
    assert facts["failed"]
    assert facts["badge"] == "没有结果"
    assert facts["spoken"].startswith("broken.png")
