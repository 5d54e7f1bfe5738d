"""A visitor's video in the background: followed, stopped, or abandoned."""

import json
import os
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from demo.errors import DemoError
from demo.inference.engine import Engine
from demo.tracking.line_counter import CountingLine
from demo.tracking.options import StreamOptions
from demo.video.job import VideoJob
from demo.video.job_queue import VideoQueue
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
) -> VideoJob:
    folder = source.parent / "out"
    folder.mkdir()
    options = StreamOptions.from_values(desk, {"model": model, "track": track}, line)
    return VideoJob(desk, source, folder, options, LIMITS, "clip")


def kept(job: VideoJob) -> list[str]:
    return sorted(p.name for p in job.folder.iterdir() if not p.name.startswith("now-"))


def gone(folder: Path) -> bool:
    end = time.monotonic() + 10
    while folder.exists() and time.monotonic() < end:
        time.sleep(0.02)
    return not folder.exists()


def test_a_job_runs_to_the_end(desk: Engine, source: Path, pool: ThreadPoolExecutor) -> None:
    job = made(desk, source, line=CountingLine(30, 48, 30, 0))
    list(job.follow(pool.submit))
    assert kept(job) == [f"clip-finder.{s}" for s in ("csv", "json", "mp4", "txt")]
    assert len(shown(job.files["video"])) == 20
    assert job.summary["crossings"]["rightward"] == {"red thing": 1}
    [series] = job.timeline.snapshot().series
    assert series.label == "red thing"
    assert series.values.tolist() == [1] * 20
    assert job.elapsed_s > 0


def test_without_tracks_there_is_no_mot_file(
    desk: Engine, source: Path, pool: ThreadPoolExecutor
) -> None:
    job = made(desk, source, track=False)
    list(job.follow(pool.submit))
    assert set(job.files) == {"video", "JSON", "CSV"}


def test_a_classifier_has_no_mot_file(desk: Engine, source: Path, pool: ThreadPoolExecutor) -> None:
    job = made(desk, source, "guesser")
    list(job.follow(pool.submit))
    assert set(job.files) == {"video", "JSON", "CSV"}
    assert job.timeline.snapshot().scored


def test_progress_and_previews_come_meanwhile(
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


def test_a_full_disk_is_one_sentence_even_for_the_preview(
    desk: Engine, finder: Finder, source: Path, pool: ThreadPoolExecutor
) -> None:
    """Previews are written before the video grows: they must not fail in its place."""
    finder.seconds = 0.1
    job = made(desk, source)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(DemoError) as caught:
            list(job.follow(pool.submit))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.key == "video_disk_full"
    assert gone(job.folder)


def test_what_is_not_carried_stands_in_the_summary_and_the_report(
    desk: Engine, tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    source = encode(tmp_path / "in", [square(i) for i in range(5)], form="webm", codec="libvpx")
    job = made(desk, source)
    list(job.follow(pool.submit))
    [note] = job.notes
    assert note.fields == {"facts": "VP8"}
    told = [{"key": "video_note_converted", "text": note.text("en")}]
    assert job.summary["notes"] == told
    assert json.loads(job.files["JSON"].read_text())["notes"] == told


def test_stopping_a_session_keeps_the_frames_that_are_done(
    desk: Engine, finder: Finder, source: Path, pool: ThreadPoolExecutor
) -> None:
    finder.seconds = 0.1
    job, queue = made(desk, source), VideoQueue(1)
    with queue.running(job, "a session"):
        for now in job.follow(pool.submit):
            if now.done:
                queue.stop("another session")
                queue.stop("a session")
    assert job.summary["stopped_early"]
    assert 1 <= len(shown(job.files["video"])) < 20


def test_abandoning_does_not_block_and_leaves_nothing(
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


def test_an_error_is_raised_and_leaves_nothing(
    desk: Engine, finder: Finder, source: Path, pool: ThreadPoolExecutor
) -> None:
    source.write_bytes(source.read_bytes()[:700])
    job = made(desk, source)
    with pytest.raises(DemoError) as caught:
        list(job.follow(pool.submit))
    assert caught.value.key == "video_truncated"
    assert gone(job.folder)


def test_a_slow_job_keeps_its_files_in_use(desk: Engine, source: Path) -> None:
    """Files that are unused for some minutes are deleted."""
    job = made(desk, source)
    report = job.folder / "clip.json"
    report.touch()
    for path in (source, report):
        os.utime(path, (1, 1))
    job._touch()
    assert min(source.stat().st_mtime, report.stat().st_mtime) > time.time() - 60
