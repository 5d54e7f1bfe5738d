"""Videos with wrong headers, references or damage; full disks; signals.

The result is a video or one sentence, and nothing is left behind.
"""

import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import pytest

from demo.errors import DemoError
from demo.inference.engine import Engine
from demo.results import Image
from demo.tracking.options import StreamOptions
from demo.video.limits import VideoLimits
from demo.video.pipeline import VideoRun
from demo.video.reports import CsvReport, JsonReport, MotReport
from tests.conftest import ROOT
from tests.support.clips import encode, shown, square, tone
from tests.support.finder import Finder
from tests.support.watched import Watched
from tests.video.test_reader import elsewhere

OUT = ["out.csv", "out.json", "out.mp4", "out.txt"]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """An empty folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """No thread of the pipeline, no open file and no program."""
    files, programs = count("/proc/self/fd"), psutil.Process().children()
    yield
    assert [t.name for t in threading.enumerate() if t.name.startswith("video")] == []
    assert count("/proc/self/fd") == files
    assert psutil.Process().children() == programs


def run(desk: Engine, work: Path, limits: VideoLimits | None = None) -> VideoRun:
    """A run over `in.mp4` with all reports in the same folder."""
    reports = [
        JsonReport(work / "out.json"),
        CsvReport(work / "out.csv"),
        MotReport(work / "out.txt"),
    ]
    limits = limits or VideoLimits()
    return VideoRun(
        desk, work / "in.mp4", work / "out.mp4", StreamOptions(desk.spec("finder")), limits, reports
    )


def refusal(desk: Engine, work: Path, limits: VideoLimits | None = None) -> str:
    """The key of the sentence; only the input is left in its folder."""
    before = names(work)
    with pytest.raises(DemoError) as caught:
        list(run(desk, work, limits).steps())
    assert str(work) not in str(caught.value)
    assert names(work) == before
    return caught.value.key


def answer(desk: Engine, work: Path) -> str:
    """The key of the sentence, empty where a video was written."""
    try:
        list(run(desk, work).steps())
    except DemoError as problem:
        return problem.key
    return ""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def count(folder: str) -> int:
    return sum(1 for _ in Path(folder).iterdir())


def clip(path: Path, frames: int = 12, **kwargs: Any) -> bytes:
    return encode(path, [square(i) for i in range(frames)], **kwargs).read_bytes()


HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n{canary}\n#EXT-X-ENDLIST\n"
CONCAT = "ffconcat version 1.0\nfile {canary}\n"
DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
    'mediaPresentationDuration="PT1S"><Period><AdaptationSet mimeType="video/mp4">'
    '<Representation id="1" bandwidth="1"><BaseURL>{canary}</BaseURL></Representation>'
    "</AdaptationSet></Period></MPD>"
)


@pytest.mark.parametrize(
    ("kind", "careless"),
    [
        (HLS, "list.m3u8"),
        (CONCAT, "list.mp4"),
        ("alias", "list.mov"),
        (DASH, ""),
        ("url", ""),
        ("\0\0\0\x08wide" + HLS, ""),
        ("\0\0\0\x08free" + CONCAT, ""),
    ],
)
def test_no_other_file_is_ever_opened(
    desk: Engine, work: Path, tmp_path: Path, kind: str, careless: str
) -> None:
    """Watched by the kernel, since FFmpeg opens files outside of Python.

    careless: under this name FFmpeg left to itself does open the other file: the watch can fail.
    """
    safe = tmp_path / "safe"
    safe.mkdir()
    canary = safe / "canary.mp4"
    original = clip(canary, sound="aac")
    data = kind.format(canary=canary).encode()
    if kind in ("alias", "url"):
        data = elsewhere(original, canary)
    if kind == "url":
        # By its address instead (ISO/IEC 14496-12, 8.7.2), in as many bytes.
        at = data.index(b"alis")
        size = int.from_bytes(data[at - 4 : at], "big") - 4
        address = b"url \0\0\0\0" + f"file://{canary}".encode()
        data = data[:at] + address.ljust(size, b"\0") + data[at + size :]
    for name in {"in.mp4", careless or "in.mp4"}:
        (work / name).write_bytes(data)
    if careless:
        options = {"safe": "0", "enable_drefs": "1", "use_absolute_path": "1"}
        with (
            Watched(safe) as watched,
            av.open(str(work / careless), container_options=options) as container,
        ):
            next(container.decode(video=0))
        assert "canary.mp4" in watched.names
    with Watched(safe) as watched:
        assert refusal(desk, work).startswith("video_")
    assert watched.names == []


@pytest.mark.parametrize(("form", "coder"), [("mp3", "mp3"), ("wav", "pcm_s16le"), ("mp4", "aac")])
def test_audio_alone_is_refused(desk: Engine, work: Path, form: str, coder: str) -> None:
    with av.open(str(work / "in.mp4"), "w", format=form) as output:
        voice: Any = output.add_stream(coder, rate=44_100)
        voice.layout = "mono"
        heard = av.AudioFrame.from_ndarray(tone(0.5), "fltp", "mono")
        heard.sample_rate = 44_100
        output.mux(voice.encode(heard))
        output.mux(voice.encode(None))
    expected = {"mp3": "video_other_kind", "wav": "video_other_kind", "mp4": "video_only_sound"}
    assert refusal(desk, work) == expected[form]


def test_larger_than_4k(desk: Engine, work: Path, finder: Finder) -> None:
    encode(work / "in.mp4", [np.zeros((2880, 5120, 3), np.uint8)])
    assert refusal(desk, work) == "video_too_big"
    assert finder.prepared == 0


@pytest.mark.parametrize("size_wh", [(1, 1), (1, 64), (64, 1), (3, 5), (2000, 2)])
def test_smallest_videos(desk: Engine, work: Path, size_wh: tuple[int, int]) -> None:
    width, height = size_wh
    grey = np.full((height, width, 3), 99, np.uint8)
    encode(work / "in.mp4", [grey] * 3, pix_fmt="yuv444p")
    list(run(desk, work).steps())
    got = [picture.shape for _, picture in shown(work / "out.mp4")]
    assert got == [(height + height % 2, width + width % 2, 3)] * 3


@pytest.mark.parametrize("other", [(128, 96), (48, 64), (32, 24)])
def test_a_video_that_changes_its_size(desk: Engine, work: Path, other: tuple[int, int]) -> None:
    """Every frame is there, in the size of the first."""
    changing(work / "in.mp4", (64, 48), other)
    list(run(desk, work).steps())
    got = shown(work / "out.mp4")
    assert [round(second, 3) for second, _ in got] == [i / 10 for i in range(12)]
    assert {picture.shape for _, picture in got} == {(48, 64, 3)}


def test_a_video_that_grows_beyond_the_limit(desk: Engine, work: Path) -> None:
    """Slightly too large frames are refused; those that the decoder refuses count as damaged."""
    limits = VideoLimits(max_megapixels=0.012)
    changing(work / "in.mp4", (64, 48), (128, 96))
    assert refusal(desk, work, limits) == "video_too_big"
    changing(work / "in.mp4", (64, 48), (640, 480))
    job = run(desk, work, limits)
    list(job.steps())
    assert len(shown(work / "out.mp4")) == 6
    assert job.summary["broken_packets"] >= 5


def changing(path: Path, first: tuple[int, int], second: tuple[int, int]) -> None:
    """Six frames of one size and six of another, in one track of H.264."""
    with av.open(str(path), "w", format="mp4") as output:
        track = output.add_stream("libx264", rate=10, options={"tune": "zerolatency"})
        track.width, track.height = first
        track.codec_context.time_base = Fraction(1, 1000)
        # Its own headers stand before its first frame.
        later: Any = av.CodecContext.create("libx264", "w")
        later.width, later.height = second
        later.pix_fmt, later.time_base, later.framerate = "yuv420p", Fraction(1, 1000), 10
        later.options = {"tune": "zerolatency"}
        for index in range(12):
            coder, size_wh = (track, first) if index < 6 else (later, second)
            frame = av.VideoFrame.from_ndarray(square(index, size_wh), "rgb24")
            frame.pts, frame.time_base = index * 100, Fraction(1, 1000)
            for packet in coder.encode(frame):
                packet.stream = track
                output.mux(packet)


def test_a_video_that_cannot_be_read_to_its_end(desk: Engine, work: Path) -> None:
    """Its frames are read until there; the rest counts as damaged."""
    original = clip(work / "in.mp4", movflags="frag_keyframe+empty_moov", sound="aac")
    (work / "in.mp4").write_bytes(resized(original, original.index(b"trun"), sample=6))
    job = run(desk, work)
    list(job.steps())
    assert len(shown(work / "out.mp4")) == 6
    assert job.summary["broken_packets"] == 1


def test_audio_that_cannot_be_read_to_its_end(desk: Engine, work: Path) -> None:
    """All frames are there, and the readable audio."""
    original = clip(work / "in.mp4", movflags="frag_keyframe+empty_moov", sound="aac")
    (work / "in.mp4").write_bytes(resized(original, original.rindex(b"trun"), sample=10))
    list(run(desk, work).steps())
    assert len(shown(work / "out.mp4")) == 12
    with av.open(str(work / "out.mp4")) as made:
        assert 5 <= sum(1 for packet in made.demux(audio=0) if packet.size) <= 10


def resized(original: bytes, trun: int, sample: int) -> bytes:
    """One sample of a fragment says that it has 4 GB (ISO/IEC 14496-12, 8.8.8)."""
    flags = int.from_bytes(original[trun + 5 : trun + 8], "big")
    assert flags & 0x200, "no sizes in this fragment"
    row = 4 * (flags >> 8 & 0xF).bit_count()
    at = trun + 12 + 4 * (flags & 1) + (flags & 4) + row * sample + 4 * (flags >> 8 & 1)
    return original[:at] + b"\xff" * 4 + original[at + 4 :]


def test_audio_with_impossible_times(desk: Engine, work: Path) -> None:
    original = clip(work / "in.mp4", sound="aac")
    # The timescale of the sound: 268 million instead of 44,100 a second.
    at = original.rindex(b"mdhd") + 16
    (work / "in.mp4").write_bytes(original[:at] + b"\x10" + original[at + 1 :])
    list(run(desk, work).steps())
    assert len(shown(work / "out.mp4")) == 12


@pytest.mark.parametrize("form", ["mp4", "mov", "webm", "fragments"])
def test_damaged_videos(desk: Engine, work: Path, form: str) -> None:
    """A video or a sentence for any damaged bytes; the seed numbers the video."""
    kwargs: dict[str, Any] = {
        "mp4": {"sound": "aac"},
        "mov": {"form": "mov", "sound": "pcm_s16le"},
        "webm": {"form": "webm", "codec": "libvpx", "sound": "libopus"},
        "fragments": {"sound": "aac", "movflags": "frag_keyframe+empty_moov"},
    }[form]
    original = clip(work / "in.mp4", **kwargs)
    # Where the tables are, which hurts most.
    first, end = (
        (0, 2000) if form in ("webm", "fragments") else (original.find(b"moov"), len(original))
    )
    kept = 0
    for seed in range(12):
        chance = random.Random(seed)
        data = bytearray(original)
        for _ in range(chance.choice((1, 3, 8))):
            data[chance.randrange(first, end)] = chance.choice((0, 1, 127, 255))
        (work / "in.mp4").write_bytes(data)
        error = answer(desk, work)
        assert error.startswith("video_") or not error, seed
        assert error not in ("video_not_written", "video_disk_full"), seed
        assert names(work) == (["in.mp4"] if error else ["in.mp4", *OUT]), seed
        for name in OUT:
            (work / name).unlink(missing_ok=True)
        kept += not error
    assert kept > 0


MUTATE = """
import random, sys, time
from pathlib import Path
from demo.errors import DemoError
from tests.video.test_films import rewrite
work, *films = map(Path, sys.argv[1:])
for seed in range(60):
    chance = random.Random(seed)
    film = films[seed % len(films)]
    data = bytearray(film.read_bytes())
    tables = max(data.find(b"moov"), 0)
    for _ in range(chance.choice((1, 3, 8, 20))):
        first = tables if chance.random() < 0.7 else 0
        place = chance.randrange(first, min(first + 6000, len(data)))
        data[place] = chance.choice((0, 1, 127, 255))
    (work / "in").write_bytes(data)
    start, key = time.monotonic(), "made"
    try:
        rewrite(work / "in", work / "out.mp4", damaged=True)
    except DemoError as error:
        key = error.key
    print(seed, film.name, key, f"{time.monotonic() - start:.1f}", flush=True)
"""


def test_mutated_films(shared_data: Path, tmp_path: Path) -> None:
    """Sixty of them in another process: each gives a film or a sentence, and soon."""
    films = [
        path
        for folder in ("faults", "videos_odd")
        for path in sorted((shared_data / folder).iterdir())
        # HDR takes seconds for its tables alone.
        if path.suffix in (".mp4", ".mov", ".webm") and path.stat().st_size < 110_000
        if "hdr" not in path.name
    ]
    words = [sys.executable, "-c", MUTATE, str(tmp_path), *map(str, films)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert len(lines) == 60
    assert {key.split("_")[0] for _, _, key, _ in lines} == {"made", "video"}
    assert max(float(seconds) for *_, seconds in lines) < 10


def test_a_pipe_is_refused_at_once(desk: Engine, work: Path) -> None:
    os.mkfifo(work / "in.mp4")
    assert refusal(desk, work) == "video_missing"


def test_a_pipe_or_device_is_never_replaced(desk: Engine, work: Path) -> None:
    clip(work / "in.mp4")
    os.mkfifo(work / "out.csv")
    assert refusal(desk, work) == "video_not_written"
    assert (work / "out.csv").is_fifo()


@pytest.mark.parametrize("allowed", [300, 3_000, 60_000])
def test_a_disk_that_fills_midway(desk: Engine, work: Path, allowed: int) -> None:
    """Nothing is left of video and reports, no matter which of them is refused first."""
    noise = np.random.default_rng(0)
    pictures: list[Image] = [noise.integers(0, 255, (96, 128, 3), np.uint8) for _ in range(40)]
    encode(work / "in.mp4", pictures, sound="aac")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (allowed, before[1]))
    try:
        assert refusal(desk, work) == "video_disk_full"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_all_is_well_once_there_is_room(desk: Engine, work: Path) -> None:
    """After a full disk the same film goes through, and no file of the attempt is left."""
    encode(work / "in.mp4", [square(i, (320, 240)) for i in range(12)], sound="aac")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, before[1]))
    try:
        assert refusal(desk, work) == "video_disk_full"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert answer(desk, work) == ""
    assert names(work) == ["in.mp4", *OUT]
    assert len(shown(work / "out.mp4")) == 12


def test_a_report_that_fails_at_its_end_leaves_no_video(desk: Engine, work: Path) -> None:
    """Reports are buffered in memory until they are closed, which a full disk then refuses."""

    class Long(JsonReport):
        def tail(self, summary: object) -> str:
            return " " * 100_000

    clip(work / "in.mp4")
    job = VideoRun(
        desk,
        work / "in.mp4",
        work / "out.mp4",
        StreamOptions(desk.spec("finder")),
        VideoLimits(),
        [Long(work / "out.json")],
    )
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(DemoError) as caught:
            list(job.steps())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.key == "video_disk_full"
    assert names(work) == ["in.mp4"]


def test_native_threads_end_with_the_run(desk: Engine, work: Path, finder: Finder) -> None:
    """Decoders and encoders have threads that Python does not list."""
    clip(work / "in.mp4", sound="aac")
    list(run(desk, work).steps())
    before = count("/proc/self/task")
    for breaks_at in (None, 40, None):
        finder.breaks_at = breaks_at
        finder.batches.clear()
        job = run(desk, work)
        for progress in job.steps():
            if progress.done > 2:
                job.stop()
    assert count("/proc/self/task") <= before


def test_a_signal_keeps_the_frames_that_are_done(work: Path) -> None:
    """As service managers and `timeout` end a program."""
    clip(work / "in.mp4", 1500)
    words = ["-m", "demo.video", str(work / "in.mp4"), str(work / "out.mp4")]
    command = [sys.executable, *words, "--model", "cnn-cifar10", "--json", str(work / "out.json")]
    environ = os.environ | {"VITRINE_OFFLINE": "1", "VITRINE_DEVICE": "cpu"}
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        if any(path.suffix == ".part" and path.stat().st_size > 9000 for path in work.iterdir()):
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, printed = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in printed) == (0, False), printed
    assert names(work) == ["in.mp4", "out.json", "out.mp4"]
    assert 0 < len(shown(work / "out.mp4")) < 1500
