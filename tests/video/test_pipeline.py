"""A video run: every frame in order, in parallel, stoppable, and without leftovers."""

import csv
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from demo.errors import DemoError
from demo.inference.engine import Engine
from demo.tracking.frame_result import FrameResult
from demo.tracking.line_counter import CountingLine
from demo.tracking.options import StreamOptions
from demo.video.__main__ import main
from demo.video.limits import VideoLimits
from demo.video.pipeline import VideoRun
from demo.video.reports import CsvReport, JsonReport, MotReport
from tests.conftest import ROOT
from tests.support.clips import cut, encode, red_box, shown, square
from tests.support.finder import Finder

LIMITS = VideoLimits()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with nothing but the video in it."""
    folder = tmp_path / "work"
    folder.mkdir()
    encode(folder / "in.mp4", [square(i) for i in range(24)], sound="aac")
    return folder


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert [t.name for t in threading.enumerate() if t.name.startswith("video")] == []


def options(engine: Engine, model: str = "finder", **values: Any) -> StreamOptions:
    return StreamOptions(engine.spec(model), **values)


def run(
    desk: Engine, work: Path, chosen: StreamOptions | None = None, **kwargs: object
) -> VideoRun:
    all_reports = (
        JsonReport(work / "out.json"),
        CsvReport(work / "out.csv"),
        MotReport(work / "out.txt"),
    )
    reports = all_reports if kwargs.get("reports") else ()
    return VideoRun(
        desk, work / "in.mp4", work / "out.mp4", chosen or options(desk), LIMITS, reports
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_frame_is_there_with_its_own_box(desk: Engine, work: Path) -> None:
    job = run(desk, work, reports=True)
    *_, last = job.steps()
    assert (last.done, last.total, last.finished, last.seconds_left) == (24, 24, True, 0)
    assert names(work) == ["in.mp4", "out.csv", "out.json", "out.mp4", "out.txt"]
    report = json.loads((work / "out.json").read_text())
    assert [row["frame"] for row in report["frames"]] == list(range(24))
    assert [row["time_s"] for row in report["frames"]] == [i / 10 for i in range(24)]
    for i, row in enumerate(report["frames"]):
        [box] = row["boxes"]
        assert box["label"] == "red thing"
        assert abs(box["xyxy"][0] - (2 + 2 * i)) <= 1
        assert box["track"] == 1 or i == 0
    assert report["tracks"] == {"red thing": 1}
    got = shown(work / "out.mp4")
    assert [round(second, 3) for second, _ in got] == [i / 10 for i in range(24)]


def test_boxes_are_drawn_on_their_own_frame(desk: Engine, work: Path) -> None:
    """The frame of a box in the colour of class 1, around where the square is in this frame."""
    list(run(desk, work, options(desk, track=False)).steps())
    for i, (_, picture) in enumerate(shown(work / "out.mp4")):
        orange = (picture[..., 0] > 170) & (picture[..., 1] > 80) & (picture[..., 2] < 90)
        columns = np.nonzero(orange.any(axis=0))[0]
        assert abs(columns.min() - (2 + 2 * i)) <= 2
        assert abs(columns.max() - (13 + 2 * i)) <= 2


def test_the_reports_hold_every_frame(desk: Engine, work: Path) -> None:
    job = run(desk, work, options(desk, line=CountingLine(30, 48, 30, 0)), reports=True)
    list(job.steps())
    rows = list(csv.DictReader((work / "out.csv").read_text("utf-8-sig").splitlines()))
    assert len(rows) == 24
    assert (rows[3]["frame"], rows[3]["time_s"], rows[3]["label"]) == ("3", "0.300000", "red thing")
    # A tracker may give an id only to the second box on.
    mot = [line.split(",") for line in (work / "out.txt").read_text().splitlines()]
    assert [int(line[0]) for line in mot][-23:] == list(range(2, 25))
    x0, y0, x1, y1 = (float(rows[-1][key]) for key in ("x0", "y0", "x1", "y1"))
    assert mot[-1][1] == "1"
    assert [float(v) for v in mot[-1][2:6]] == [x0 + 1, y0 + 1, x1 - x0, y1 - y0]
    assert mot[-1][6:] == ["0.9000", "-1", "-1", "-1"]
    assert job.summary["crossings"] == {"rightward": {"red thing": 1}, "leftward": {}}


def test_the_model_runs_on_every_third_frame_and_its_boxes_are_held(
    desk: Engine, finder: Finder, work: Path
) -> None:
    list(run(desk, work, options(desk, every=3), reports=True).steps())
    assert sum(finder.batches) == 8
    frames = json.loads((work / "out.json").read_text())["frames"]
    assert [row["held"] for row in frames] == [i % 3 > 0 for i in range(24)]
    for i, row in enumerate(frames):
        assert row["boxes"] == frames[i - i % 3]["boxes"]
    assert len(shown(work / "out.mp4")) == 24


def test_the_audio_is_copied(desk: Engine, work: Path) -> None:
    list(run(desk, work).steps())
    with av.open(str(work / "in.mp4")) as before, av.open(str(work / "out.mp4")) as now:
        first = [bytes(packet) for packet in before.demux(audio=0) if packet.size]
        assert [bytes(packet) for packet in now.demux(audio=0) if packet.size] == first


def test_a_classifier_answers_about_every_frame(desk: Engine, work: Path) -> None:
    list(run(desk, work, options(desk, "guesser")).steps())
    assert len(shown(work / "out.mp4")) == 24
    job = VideoRun(
        desk,
        work / "in.mp4",
        work / "again.mp4",
        options(desk, "guesser"),
        LIMITS,
        [JsonReport(work / "out.json")],
    )
    list(job.steps())
    frames = json.loads((work / "out.json").read_text())["frames"]
    assert frames[5]["labels"][0] == {"label": "red thing", "score": 0.75}


def test_uneven_times_and_odd_sides_come_through(desk: Engine, work: Path) -> None:
    times = [0, 40, 240, 250, 900, 1000]
    pictures = [square(i, (65, 49)) for i in range(6)]
    encode(work / "in.mp4", pictures, times, pix_fmt="yuv444p")
    list(run(desk, work).steps())
    got = shown(work / "out.mp4")
    assert [round(second * 1000) for second, _ in got] == times
    assert got[0][1].shape == (50, 66, 3)


def test_workers_run_in_parallel(desk: Engine, finder: Finder, work: Path) -> None:
    """A report waits until the network is at a later frame, which never comes without threads."""
    sequential: list[int] = []

    class Waiting(JsonReport):
        def add(self, frame: FrameResult) -> None:
            end = time.monotonic() + 5
            while sum(finder.batches) < min(frame.index + 2, 24):
                if time.monotonic() > end:
                    sequential.append(frame.index)
                    return
                time.sleep(0.001)

    reports = [Waiting(work / "out.json")]
    list(VideoRun(desk, work / "in.mp4", work / "out.mp4", options(desk), LIMITS, reports).steps())
    assert sequential == []


def test_a_fast_reader_waits_for_a_slow_network(desk: Engine, finder: Finder, work: Path) -> None:
    finder.gate.clear()
    job = run(desk, work)
    steps = job.steps()
    next(steps)
    time.sleep(0.3)
    assert 1 <= finder.prepared <= 4
    finder.gate.set()
    list(steps)
    assert sum(finder.batches) == 24


def test_stopping_keeps_the_frames_that_are_done(desk: Engine, finder: Finder, work: Path) -> None:
    finder.seconds = 0.05
    job = run(desk, work, reports=True)
    for progress in job.steps():
        if progress.done >= 3:
            job.stop()
    got = shown(work / "out.mp4")
    assert 3 <= len(got) == progress.done < 24
    assert progress.finished
    frames = json.loads((work / "out.json").read_text())["frames"]
    assert len(frames) == len(got)
    assert job.summary["stopped_early"]
    with av.open(str(work / "out.mp4")) as output:
        heard = [frame.time for frame in output.decode(audio=0) if frame.time is not None]
    assert max(heard) <= len(got) / 10
    assert names(work) == ["in.mp4", "out.csv", "out.json", "out.mp4", "out.txt"]


def test_closing_the_generator_keeps_them_too(desk: Engine, finder: Finder, work: Path) -> None:
    finder.seconds = 0.05
    steps = run(desk, work).steps()
    while next(steps).done < 2:
        pass
    steps.close()  # type: ignore[attr-defined]
    assert 2 <= len(shown(work / "out.mp4")) < 24
    assert names(work) == ["in.mp4", "out.mp4"]


def test_stopping_before_the_first_frame_is_an_error(desk: Engine, work: Path) -> None:
    job = run(desk, work, reports=True)
    job.stop()
    with pytest.raises(DemoError) as caught:
        list(job.steps())
    assert caught.value.key == "video_stopped_early"
    assert names(work) == ["in.mp4"]


def test_an_error_in_a_worker_is_raised_and_leaves_nothing(
    desk: Engine, finder: Finder, work: Path
) -> None:
    finder.breaks_at = 5
    with pytest.raises(ValueError, match="the network broke"):
        list(run(desk, work, reports=True).steps())
    assert names(work) == ["in.mp4"]


def test_a_report_that_cannot_be_written(desk: Engine, work: Path) -> None:
    reports = [JsonReport(work / "out.json"), CsvReport(work / "none" / "out.csv")]
    job = VideoRun(desk, work / "in.mp4", work / "out.mp4", options(desk), LIMITS, reports)
    with pytest.raises(DemoError, match="“out"):
        list(job.steps())
    assert names(work) == ["in.mp4"]


def test_other_classes_are_left_out(desk: Engine, work: Path) -> None:
    list(run(desk, work, options(desk, classes=("blue thing",)), reports=True).steps())
    frames = json.loads((work / "out.json").read_text())["frames"]
    assert all(row["boxes"] == [] for row in frames)


def test_two_videos_at_once_do_not_mix(desk: Engine, tmp_path: Path) -> None:
    """One square moves right from the left, the other stands still elsewhere."""
    finished = []
    still = np.full((48, 64, 3), 40, np.uint8)
    still[30:42, 40:52] = (220, 20, 20)
    videos = {"a": [square(i) for i in range(20)], "b": [still] * 20}

    def work(name: str) -> None:
        path = encode(tmp_path / f"{name}.mp4", videos[name])
        report = JsonReport(tmp_path / f"{name}.json")
        list(
            VideoRun(
                desk, path, tmp_path / f"{name}-out.mp4", options(desk), LIMITS, [report]
            ).steps()
        )
        finished.append(name)

    threads = [threading.Thread(target=work, args=(name,)) for name in videos]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(finished) == ["a", "b"]
    for name, pictures in videos.items():
        frames = json.loads((tmp_path / f"{name}.json").read_text())["frames"]
        for row, picture in zip(frames, pictures, strict=True):
            expected = red_box(picture)
            assert expected is not None
            [box] = row["boxes"]
            assert np.abs(np.array(box["xyxy"]) - expected).max() <= 1
            assert box["track"] in (1, None)


def test_the_command_prints_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_OFFLINE", "1")
    (tmp_path / "list.mp4").write_text("#EXTM3U\n/etc/passwd\n")
    words = [str(tmp_path / "list.mp4"), str(tmp_path / "out.mp4")]
    assert main(words) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert "HLS playlist" in printed.err
    assert names(tmp_path) == ["list.mp4"]


def test_help_does_not_import_torch(tmp_path: Path) -> None:
    """So that it appears at once."""
    code = "import sys; from demo.video.__main__ import parse\ntry: parse(['--help'])\n"
    code += "except SystemExit: print('torch' in sys.modules)"
    command = [sys.executable, "-c", code]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "--line" in printed
    assert printed.endswith("False\n")


def test_people_from_the_command_line(
    shared_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first 70 frames of a room into which one person comes after six seconds."""
    monkeypatch.setenv("VITRINE_WEIGHTS", str(shared_data / "weights"))
    monkeypatch.setenv("VITRINE_OFFLINE", "1")
    monkeypatch.setenv("VITRINE_THREADS", "1")
    source, target, report = (tmp_path / name for name in ("in.mp4", "out.mp4", "out.json"))
    cut(shared_data / "videos" / "people.mp4", source, 70)
    words = [str(source), str(target), "--model", "yolo11n", "--every", "9", "--json", str(report)]
    assert main([*words, "--line", "384,432,384,0"]) == 0
    printed = capsys.readouterr()
    assert "70/70 frames" in printed.err
    assert "70 frames, yolo11n" in printed.out
    assert len(shown(target)) == 70
    answer = json.loads(report.read_text())
    assert all(row["boxes"] == [] for row in answer["frames"][:60])
    assert [box["label"] for box in answer["frames"][69]["boxes"]] == ["person"]
    assert answer["size_wh"] == [768, 432]
