"""The command line of live cameras: a line a second, and a table of what was seen at the end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from demo.errors import DemoError
from demo.inference.engine import Engine
from demo.live.__main__ import main
from demo.live.source import open_source
from demo.live.watch import Watch
from demo.settings import Settings
from tests.conftest import ROOT
from tests.support import webcams
from tests.support.clips import encode, square
from tests.support.webcams import Webcam

GREY = np.full((48, 64, 3), 40, np.uint8)


@pytest.fixture
def webcam() -> Iterator[Webcam]:
    camera = Webcam()
    camera.paths["/video"] = webcams.motion
    camera.paths["/short"] = lambda: webcams.motion(number=20)
    yield camera
    camera.shutdown()
    camera.server_close()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Ten grey frames, twenty of a red square, ten grey ones; 10 a second."""
    path = tmp_path / "film.mp4"
    encode(path, [*[GREY] * 10, *(square(index) for index in range(20)), *[GREY] * 10])
    return path


def watched(
    engine: Engine, source: str, settings: Settings, seconds: float | None = None, **values: object
) -> str:
    with open_source(source, settings) as opened:
        watch = Watch(engine, opened, {"model": "finder", **values}, seconds)
        list(watch.lines())
    return watch.summary()


def test_the_table_says_what_was_seen_how_often_and_when(desk: Engine, film: Path) -> None:
    head, row, figures = watched(desk, str(film), Settings()).splitlines()
    assert head.split("  ")[0] == "class"
    assert head.split()[1:] == ["at", "most", "tracks", "frames", "first", "last"]
    assert row.split("  ")[0] == "red thing"
    assert row.split()[2:] == ["1", "1", "20", "1.0", "s", "2.9", "s"]
    assert len(head) == len(row)
    assert figures.startswith("40 frames in ")
    assert "answers a second, latency median " in figures
    assert figures.endswith(" ms")


def test_a_classifier_has_no_tracks(desk: Engine, film: Path) -> None:
    summary = watched(desk, str(film), Settings(), model="guesser")
    assert [line.split()[2:5] for line in summary.splitlines()[1:3]] == [
        ["1", "–", "20"],
        ["1", "–", "20"],
    ]


def test_nothing_seen_is_said(desk: Engine, film: Path) -> None:
    summary = watched(desk, str(film), Settings(), classes=["blue thing"])
    assert summary.startswith("Nothing was seen.\n40 frames in ")


@pytest.mark.parametrize("by_name", [True, False])
def test_a_camera_of_the_owners_list_is_watched_for_some_seconds(
    desk: Engine, webcam: Webcam, by_name: bool
) -> None:
    address = webcam.url("/video")
    settings = Settings(cameras={"door": address})
    start = time.monotonic()
    with open_source("door" if by_name else address, settings) as source:
        watch = Watch(desk, source, {"model": "finder"}, 2.5)
        lines = list(watch.lines())
    assert 2 < time.monotonic() - start < 10
    assert 1 <= len(lines) <= 3
    assert "answers a second · red thing 1" in lines[0]
    assert watch.summary().splitlines()[1].startswith("red thing")


def test_a_camera_that_ends_leaves_its_table(desk: Engine, webcam: Webcam) -> None:
    settings = Settings(cameras={"door": webcam.url("/short")})
    with open_source("door", settings) as source:
        watch = Watch(desk, source, {"model": "finder"}, None)
        with pytest.raises(DemoError) as ended:
            list(watch.lines())
    assert ended.value.key == "live_source_over"
    assert "red thing" in watch.summary()


def test_stopping_wakes_a_camera_that_sends_nothing(desk: Engine, webcam: Webcam) -> None:
    def silent() -> Iterator[bytes]:
        while True:
            time.sleep(0.01)
            yield b""

    webcam.paths["/still"] = silent
    with open_source("door", Settings(cameras={"door": webcam.url("/still")})) as source:
        watch = Watch(desk, source, {"model": "finder"}, None)
        watch.stop()
        start = time.monotonic()
        assert list(watch.lines()) == []
    assert time.monotonic() - start < 2
    assert watch.summary() == ""


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("97", "There is no camera number 97"),
        ("none.mp4", "There is no file “none.mp4” here."),
        ("http://127.0.0.1:9/video", "not one of the cameras of VITRINE_CAMERAS"),
    ],
)
def test_a_source_that_is_not_there_is_one_sentence(
    source: str, sentence: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_OFFLINE", "1")
    assert main([source]) == 2
    printed = capfd.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert sentence in printed.err


def test_ctrl_c_prints_the_table(tmp_path: Path, film: Path) -> None:
    encode(film, [square(index) for index in range(3000)])
    command = [sys.executable, "-m", "demo.live", str(film), "--model", "cnn-cifar10"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"VITRINE_OFFLINE": "1", "VITRINE_DEVICE": "cpu"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "answers a second" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert any(line.startswith("class ") for line in printed.splitlines())
    assert "latency median" in printed.splitlines()[-1]
