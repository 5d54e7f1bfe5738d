"""A visitor's film in the background: followed, stopped, left behind, and the line before it."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np
import pytest

from demo.errors import DemoError
from demo.inference.engine import Engine
from demo.service import examples
from demo.tracking.line_counter import CountingLine
from demo.tracking.stream import stream_options
from demo.video.example_clip import write_example_clip
from demo.video.first_frame import FirstFrame
from demo.video.job import Job, Jobs
from demo.video.limits import VideoLimits
from tests.support.clips import encode, shown, square
from tests.support.finder import Finder

LIMITS = VideoLimits()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return encode(tmp_path / "in.mp4", [square(i) for i in range(20)])


def made(
    desk: Engine,
    source: Path,
    model: str = "finder",
    track: bool = True,
    line: CountingLine | None = None,
) -> Job:
    folder = source.parent / "out"
    folder.mkdir()
    wish = stream_options(desk, {"model": model, "track": track}, line)
    return Job(desk, source, folder, wish, LIMITS, "film")


def kept(job: Job) -> list[str]:
    return sorted(p.name for p in job.folder.iterdir() if not p.name.startswith("now-"))


def gone(folder: Path) -> bool:
    end = time.monotonic() + 10
    while folder.exists() and time.monotonic() < end:
        time.sleep(0.02)
    return not folder.exists()


def test_to_the_end(desk: Engine, source: Path, pool: ThreadPoolExecutor) -> None:
    job = made(desk, source, line=CountingLine(30, 48, 30, 0))
    list(job.follow(pool.submit))
    assert kept(job) == [f"film-finder.{s}" for s in ("csv", "json", "mp4", "txt")]
    assert len(shown(job.files["film"])) == 20
    assert job.summary["crossings"]["rightward"] == {"red thing": 1}
    [curve] = job.counts.curves().curves
    assert curve.label == "red thing"
    assert curve.values.tolist() == [1] * 20
    assert job.seconds > 0


def test_no_tracks_no_mot_file(desk: Engine, source: Path, pool: ThreadPoolExecutor) -> None:
    job = made(desk, source, track=False)
    list(job.follow(pool.submit))
    assert set(job.files) == {"film", "JSON", "CSV"}


def test_a_classifier_is_not_asked_for_tracks(
    desk: Engine, source: Path, pool: ThreadPoolExecutor
) -> None:
    job = made(desk, source, "guesser")
    list(job.follow(pool.submit))
    assert set(job.files) == {"film", "JSON", "CSV"}
    assert job.counts.curves().scored


def test_progress_and_the_newest_frame_come_meanwhile(
    desk: Engine, finder: Finder, source: Path, pool: ThreadPoolExecutor
) -> None:
    finder.seconds = 0.1
    job = made(desk, source)
    previews = set()
    done = []
    for now in job.follow(pool.submit):
        done.append(now.done)
        if job.preview is not None:
            previews.add(job.preview)
            assert Path(job.preview).read_bytes()[:2] == b"\xff\xd8"
    assert done == sorted(done)
    assert len(previews) >= 2


def test_stopping_keeps_what_is_done(
    desk: Engine, finder: Finder, source: Path, pool: ThreadPoolExecutor
) -> None:
    finder.seconds = 0.1
    job, jobs = made(desk, source), Jobs(1)
    with jobs.holding(job, "a visit"):
        for now in job.follow(pool.submit):
            if now.done:
                jobs.stop("another visit")
                jobs.stop("a visit")
    assert job.summary["stopped_early"]
    assert 1 <= len(shown(job.files["film"])) < 20


def test_who_leaves_waits_for_nothing_and_leaves_nothing_behind(
    desk: Engine, finder: Finder, source: Path, pool: ThreadPoolExecutor
) -> None:
    finder.gate.clear()
    job = made(desk, source)
    steps = job.follow(pool.submit)
    next(steps)
    start = time.monotonic()
    steps.close()
    assert time.monotonic() - start < 1
    assert job.folder.exists()
    finder.gate.set()
    assert gone(job.folder)


def test_what_breaks_is_raised_and_leaves_nothing(
    desk: Engine, finder: Finder, source: Path, pool: ThreadPoolExecutor
) -> None:
    source.write_bytes(source.read_bytes()[:700])
    job = made(desk, source)
    with pytest.raises(DemoError) as caught:
        list(job.follow(pool.submit))
    assert caught.value.key == "video_truncated"
    assert gone(job.folder)


def test_a_slow_film_is_in_use(desk: Engine, source: Path) -> None:
    """What nobody touches for some minutes is swept away."""
    import os

    job = made(desk, source)
    report = job.folder / "film.json"
    report.touch()
    for path in (source, report):
        os.utime(path, (1, 1))
    job._touch()
    assert min(source.stat().st_mtime, report.stat().st_mtime) > time.time() - 60


def test_films_wait_in_the_order_of_coming() -> None:
    jobs = Jobs(2)
    with ExitStack() as line:
        stays = [line.enter_context(ExitStack()) for _ in range(4)]
        places = [stay.enter_context(jobs.standing()) for stay in stays]
        assert [place() for place in places] == [0, 0, 1, 2]
        stays[2].close()  # gives up
        assert places[3]() == 1
        threading.Timer(0.05, stays[0].close).start()
        start = time.monotonic()
        while places[3]():
            pass
        assert time.monotonic() - start < 1
        with jobs.standing() as next_one:
            assert next_one() == 1


def test_a_line_that_is_too_long_takes_nobody_more() -> None:
    jobs = Jobs(1)
    with ExitStack() as line:
        for _ in range(13):
            line.enter_context(jobs.standing())
        with pytest.raises(DemoError) as caught, jobs.standing():
            pass
        assert caught.value.key == "video_line_full"
    with jobs.standing() as place:
        assert place() == 0


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"model": None}, "unknown_model"),
        ({"model": "nobody"}, "unknown_model"),
        ({"model": "painter"}, "video_task"),
        ({"confidence": "high"}, "not_a_number"),
        ({"iou": 7}, "out_of_range"),
        ({"classes": "red thing"}, "not_a_list"),
        ({"classes": ["dragon"]}, "unknown_name"),
        ({"hide": ["dragon"]}, "hide_unknown"),
        ({"hide": ["red thing", 5]}, "hide_unknown"),
        ({"hide": "red thing"}, "not_a_list"),
        ({"model": "guesser", "hide": ["red thing"]}, "video_hide"),
        ({"hide": ["red thing"], "every": 2}, "video_hide"),
        ({"every": 1.5}, "not_whole"),
        ({"track": "yes"}, "not_a_switch"),
        ({"heat": 1}, "not_a_switch"),
        ({"size": 2000}, "out_of_range"),
    ],
)
def test_a_wish_that_will_not_do(desk: Engine, values: dict[str, object], key: str) -> None:
    with pytest.raises(DemoError) as caught:
        stream_options(desk, {"model": "finder", **values})
    assert caught.value.key == key


def test_a_line_needs_ids(desk: Engine) -> None:
    with pytest.raises(DemoError) as caught:
        stream_options(desk, {"model": "finder", "track": False}, CountingLine(0, 0, 1, 1))
    assert caught.value.key == "video_no_ids"


def test_two_clicks_are_a_line_and_the_third_starts_anew(tmp_path: Path) -> None:
    """On a film twice as large as what is shown of it."""
    large = np.full((1080, 1920, 3), 60, np.uint8)
    film = FirstFrame.of(encode(tmp_path / "in.mp4", [large, large]), LIMITS)
    assert film.aimed("").shape == (540, 960, 3)
    one = film.clicked("", (100, 50))
    assert one == "200,100"
    two = film.clicked(one, (300, 400))
    assert two == "200,100,600,800"
    assert CountingLine.parse(two) == CountingLine(200, 100, 600, 800)
    assert film.clicked(two, (5, 6)) == "10,12"
    assert film.clicked(one, (100, 50)) == one
    drawn = film.aimed(two)
    assert np.abs(drawn[225, 200].astype(int) - (37, 99, 235)).max() < 40
    assert np.array_equal(film.aimed("no line"), film.aimed(""))
    assert np.array_equal(film.aimed("1e9,5"), film.aimed(""))


def test_the_example_moves_and_is_six_seconds_long(tmp_path: Path) -> None:
    photo = cv2.cvtColor(cv2.imread(str(examples.paths()[0])), cv2.COLOR_BGR2RGB)
    write_example_clip(np.asarray(photo, np.uint8), tmp_path / "pan.mp4")
    film = FirstFrame.of(tmp_path / "pan.mp4", LIMITS)
    assert film.seconds == pytest.approx(6)
    assert film.rgb.shape == (480, 640, 3)
    frames = shown(tmp_path / "pan.mp4")
    assert len(frames) == film.frames == 90
    assert np.abs(frames[0][1].astype(int) - frames[45][1]).mean() > 20
