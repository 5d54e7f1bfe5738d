"""From a film to an annotated film: every frame, in order, side by side, stoppable, cleanly."""

import csv
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from demo.errors import DemoError
from demo.inference.engine import Engine
from demo.tracking.frame_result import FrameResult
from demo.tracking.line_counter import CountingLine
from demo.tracking.stream import StreamOptions
from demo.video.__main__ import main
from demo.video.limits import VideoLimits
from demo.video.pipeline import Run
from demo.video.reports import CsvReport, JsonReport, MotReport
from tests.conftest import ROOT
from tests.support.clips import encode, red_box, shown, square
from tests.support.finder import Finder

LIMITS = VideoLimits()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with nothing but the film in it."""
    folder = tmp_path / "work"
    folder.mkdir()
    encode(folder / "in.mp4", [square(i) for i in range(24)], sound="aac")
    return folder


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert [t.name for t in threading.enumerate() if t.name.startswith("video")] == []


def run(desk: Engine, work: Path, wish: StreamOptions | None = None, **kwargs: object) -> Run:
    reports = (
        JsonReport(work / "out.json"),
        CsvReport(work / "out.csv"),
        MotReport(work / "out.txt"),
    )
    chosen = reports if kwargs.get("reports") else ()
    return Run(
        desk, work / "in.mp4", work / "out.mp4", wish or StreamOptions("finder"), LIMITS, chosen
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_frame_is_there_with_its_own_box(desk: Engine, work: Path) -> None:
    job = run(desk, work, reports=True)
    *_, last = job.steps()
    assert (last.done, last.total, last.finished, last.seconds_left) == (24, 24, True, 0)
    assert names(work) == ["in.mp4", "out.csv", "out.json", "out.mp4", "out.txt"]
    told = json.loads((work / "out.json").read_text())
    assert [row["frame"] for row in told["frames"]] == list(range(24))
    assert [row["time_s"] for row in told["frames"]] == [i / 10 for i in range(24)]
    for i, row in enumerate(told["frames"]):
        [box] = row["boxes"]
        assert box["label"] == "red thing"
        assert abs(box["xyxy"][0] - (2 + 2 * i)) <= 1
        assert box["track"] == 1 or i == 0
    assert told["tracks"] == {"red thing": 1}
    got = shown(work / "out.mp4")
    assert [round(second, 3) for second, _ in got] == [i / 10 for i in range(24)]


def test_boxes_are_drawn_on_the_frame_that_they_are_about(desk: Engine, work: Path) -> None:
    """The frame of a box in the colour of class 1, around where the square is in this frame."""
    list(run(desk, work, StreamOptions("finder", track=False)).steps())
    for i, (_, picture) in enumerate(shown(work / "out.mp4")):
        orange = (picture[..., 0] > 170) & (picture[..., 1] > 80) & (picture[..., 2] < 90)
        columns = np.nonzero(orange.any(axis=0))[0]
        assert abs(columns.min() - (2 + 2 * i)) <= 2
        assert abs(columns.max() - (13 + 2 * i)) <= 2


def test_the_files_to_take_away(desk: Engine, work: Path) -> None:
    job = run(desk, work, StreamOptions("finder", line=CountingLine(30, 48, 30, 0)), reports=True)
    list(job.steps())
    rows = list(csv.DictReader((work / "out.csv").read_text("utf-8-sig").splitlines()))
    assert len(rows) == 24
    assert (rows[3]["frame"], rows[3]["time_s"], rows[3]["label"]) == ("3", "0.300000", "red thing")
    # The first box has no id yet in some trackers; all others have the first one.
    mot = [line.split(",") for line in (work / "out.txt").read_text().splitlines()]
    assert [int(line[0]) for line in mot][-23:] == list(range(2, 25))
    x0, y0, x1, y1 = (float(rows[-1][key]) for key in ("x0", "y0", "x1", "y1"))
    assert mot[-1][1] == "1"
    assert [float(v) for v in mot[-1][2:6]] == [x0 + 1, y0 + 1, x1 - x0, y1 - y0]
    assert mot[-1][6:] == ["0.9000", "-1", "-1", "-1"]
    assert job.summary["crossings"] == {"rightward": {"red thing": 1}, "leftward": {}}


def test_every_third_frame_is_asked_about_and_its_boxes_held(
    desk: Engine, finder: Finder, work: Path
) -> None:
    list(run(desk, work, StreamOptions("finder", every=3), reports=True).steps())
    assert sum(finder.batches) == 8
    frames = json.loads((work / "out.json").read_text())["frames"]
    assert [row["held"] for row in frames] == [i % 3 > 0 for i in range(24)]
    for i, row in enumerate(frames):
        assert row["boxes"] == frames[i - i % 3]["boxes"]
    assert len(shown(work / "out.mp4")) == 24


def test_the_sound_is_there(desk: Engine, work: Path) -> None:
    list(run(desk, work).steps())
    with av.open(str(work / "in.mp4")) as before, av.open(str(work / "out.mp4")) as now:
        first = [bytes(packet) for packet in before.demux(audio=0) if packet.size]
        assert [bytes(packet) for packet in now.demux(audio=0) if packet.size] == first


def test_a_classifier_answers_about_every_frame(desk: Engine, work: Path) -> None:
    list(run(desk, work, StreamOptions("guesser")).steps())
    assert len(shown(work / "out.mp4")) == 24
    job = Run(
        desk,
        work / "in.mp4",
        work / "again.mp4",
        StreamOptions("guesser"),
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


def test_stages_run_side_by_side(desk: Engine, finder: Finder, work: Path) -> None:
    """What tells of a frame waits until the network is at a later one: alone it would for ever."""
    alone: list[int] = []

    class Waiting(JsonReport):
        def add(self, seen: FrameResult) -> None:
            end = time.monotonic() + 5
            while sum(finder.batches) < min(seen.index + 2, 24):
                if time.monotonic() > end:
                    alone.append(seen.index)
                    return
                time.sleep(0.001)

    reports = [Waiting(work / "out.json")]
    list(
        Run(
            desk, work / "in.mp4", work / "out.mp4", StreamOptions("finder"), LIMITS, reports
        ).steps()
    )
    assert alone == []


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


def test_stopping_keeps_what_is_done(desk: Engine, finder: Finder, work: Path) -> None:
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
    with av.open(str(work / "out.mp4")) as film:
        heard = [frame.time for frame in film.decode(audio=0) if frame.time is not None]
    assert max(heard) <= len(got) / 10
    assert names(work) == ["in.mp4", "out.csv", "out.json", "out.mp4", "out.txt"]


def test_a_generator_that_is_closed_keeps_it_too(desk: Engine, finder: Finder, work: Path) -> None:
    finder.seconds = 0.05
    steps = run(desk, work).steps()
    while next(steps).done < 2:
        pass
    steps.close()  # type: ignore[attr-defined]
    assert 2 <= len(shown(work / "out.mp4")) < 24
    assert names(work) == ["in.mp4", "out.mp4"]


def test_stopped_before_anything_was_done(desk: Engine, work: Path) -> None:
    job = run(desk, work, reports=True)
    job.stop()
    with pytest.raises(DemoError) as caught:
        list(job.steps())
    assert caught.value.key == "video_stopped_early"
    assert names(work) == ["in.mp4"]


def test_what_breaks_in_a_stage_is_raised_and_leaves_nothing(
    desk: Engine, finder: Finder, work: Path
) -> None:
    finder.breaks_at = 5
    with pytest.raises(ValueError, match="the network broke"):
        list(run(desk, work, reports=True).steps())
    assert names(work) == ["in.mp4"]


def test_a_report_that_cannot_be_written(desk: Engine, work: Path) -> None:
    reports = [JsonReport(work / "out.json"), CsvReport(work / "none" / "out.csv")]
    job = Run(desk, work / "in.mp4", work / "out.mp4", StreamOptions("finder"), LIMITS, reports)
    with pytest.raises(DemoError, match="“out"):
        list(job.steps())
    assert names(work) == ["in.mp4"]


@pytest.mark.parametrize(
    ("wish", "key"),
    [
        (StreamOptions("nobody"), "unknown_model"),
        (StreamOptions("painter"), "video_task"),
        (StreamOptions("finder", confidence=2), "out_of_range"),
        (StreamOptions("finder", every=0), "out_of_range"),
        (StreamOptions("finder", classes=("dragon",)), "unknown_name"),
        (StreamOptions("finder", track=False, line=CountingLine(0, 0, 1, 1)), "video_no_ids"),
        (StreamOptions("guesser", line=CountingLine(0, 0, 1, 1)), "video_no_ids"),
    ],
)
def test_a_wish_that_cannot_be_met(desk: Engine, work: Path, wish: StreamOptions, key: str) -> None:
    with pytest.raises(DemoError) as caught:
        list(run(desk, work, wish, reports=True).steps())
    assert caught.value.key == key
    assert names(work) == ["in.mp4"]


def test_classes_that_were_not_asked_for_are_left_out(desk: Engine, work: Path) -> None:
    list(run(desk, work, StreamOptions("finder", classes=("blue thing",)), reports=True).steps())
    frames = json.loads((work / "out.json").read_text())["frames"]
    assert all(row["boxes"] == [] for row in frames)


def test_two_films_at_once_never_meet(desk: Engine, tmp_path: Path) -> None:
    """One square moves right from the left, the other stands still elsewhere."""
    goals = []
    still = np.full((48, 64, 3), 40, np.uint8)
    still[30:42, 40:52] = (220, 20, 20)
    films = {"a": [square(i) for i in range(20)], "b": [still] * 20}

    def work(name: str) -> None:
        path = encode(tmp_path / f"{name}.mp4", films[name])
        report = JsonReport(tmp_path / f"{name}.json")
        list(
            Run(
                desk, path, tmp_path / f"{name}-out.mp4", StreamOptions("finder"), LIMITS, [report]
            ).steps()
        )
        goals.append(name)

    threads = [threading.Thread(target=work, args=(name,)) for name in films]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(goals) == ["a", "b"]
    for name, pictures in films.items():
        frames = json.loads((tmp_path / f"{name}.json").read_text())["frames"]
        for row, picture in zip(frames, pictures, strict=True):
            expected = red_box(picture)
            assert expected is not None
            [box] = row["boxes"]
            assert np.abs(np.array(box["xyxy"]) - expected).max() <= 1
            assert box["track"] in (1, None)


def test_the_command_says_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_OFFLINE", "1")
    (tmp_path / "list.mp4").write_text("#EXTM3U\n/etc/passwd\n")
    words = [str(tmp_path / "list.mp4"), str(tmp_path / "out.mp4")]
    assert main(words) == 1
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert "HLS playlist" in printed.err
    assert names(tmp_path) == ["list.mp4"]


def test_help_is_quick_to_come(tmp_path: Path) -> None:
    """Whoever only wants to know the words does not wait for torch."""
    asked = "import sys; from demo.video.__main__ import parse\ntry: parse(['--help'])\n"
    asked += "except SystemExit: print('torch' in sys.modules)"
    command = [sys.executable, "-c", asked]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "--line" in printed
    assert printed.endswith("False\n")


def test_people_from_the_shell(
    shared_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first 70 frames of a room into which one person comes after six seconds."""
    monkeypatch.setenv("VITRINE_WEIGHTS", str(shared_data / "weights"))
    monkeypatch.setenv("VITRINE_OFFLINE", "1")
    monkeypatch.setenv("VITRINE_THREADS", "1")
    source, goal, told = (tmp_path / name for name in ("in.mp4", "out.mp4", "out.json"))
    cut(shared_data / "videos" / "people.mp4", source, 70)
    words = [str(source), str(goal), "--model", "yolo11n", "--every", "9", "--json", str(told)]
    assert main([*words, "--line", "384,432,384,0"]) == 0
    printed = capsys.readouterr()
    assert "70/70 frames" in printed.err
    assert "70 frames, yolo11n" in printed.out
    assert len(shown(goal)) == 70
    answer = json.loads(told.read_text())
    assert all(row["boxes"] == [] for row in answer["frames"][:60])
    assert [box["label"] for box in answer["frames"][69]["boxes"]] == ["person"]
    assert answer["size_wh"] == [768, 432]


def cut(source: Path, goal: Path, frames: int) -> None:
    with (
        av.open(str(source)) as film,
        av.open(str(goal), "w", format="mp4") as short,
    ):
        stream = short.add_stream_from_template(film.streams.video[0])
        for count, packet in enumerate(film.demux(video=0)):
            if count == frames:
                break
            packet.stream = stream
            short.mux(packet)
