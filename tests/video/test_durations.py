"""How long each frame stays, the last one above all, comes out as it went in."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from av.codec.context import Flags

from demo.video.limits import VideoLimits
from demo.video.reader import open_video
from tests.support.clips import encode, square
from tests.support.film_facts import FilmFacts
from tests.video.test_films import rewrite

STAYS_MS = (100, 40, 700, 33, 2000, 5300)


def film(
    path: Path,
    stays: tuple[int, ...],
    unit: Fraction = Fraction(1, 1000),
    codec: str = "libx264",
    form: str = "mp4",
    movflags: str = "",
    b_frames: int = 0,
) -> Path:
    """A film whose frames stay as long as `stays` says, in units of seconds."""
    options = {"bf": str(b_frames)} if codec == "libx264" else {}
    container_options = {"movflags": movflags} if movflags else {}
    with av.open(str(path), "w", format=form, container_options=container_options) as output:
        video: Any = output.add_stream(codec, rate=10, options=options)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.codec_context.time_base = unit
        video.codec_context.flags |= Flags.frame_duration
        for index, units in enumerate(stays):
            frame = av.VideoFrame.from_ndarray(square(index), "rgb24")
            frame.pts, frame.duration, frame.time_base = sum(stays[:index]), units, unit
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    return path


@pytest.mark.parametrize(
    ("form", "codec", "movflags"),
    [
        ("mp4", "libx264", ""),
        ("mov", "libx264", ""),
        ("mp4", "libx264", "frag_keyframe+empty_moov"),
        ("webm", "libvpx", ""),
    ],
)
@pytest.mark.parametrize("stays", [STAYS_MS, (5000,), (5000, 5000), (100,) * 12])
def test_frames_stay_as_long_as_they_did(
    tmp_path: Path, form: str, codec: str, movflags: str, stays: tuple[int, ...]
) -> None:
    source = film(tmp_path / "in", stays, form=form, codec=codec, movflags=movflags)
    rewrite(source, tmp_path / "out.mp4")
    made = FilmFacts(tmp_path / "out.mp4")
    assert [round(1000 * stay) for stay in made.durations] == list(stays)
    assert float(Fraction(made.video["avg_frame_rate"])) == pytest.approx(
        1000 * len(stays) / sum(stays), rel=1e-3
    )


def test_frames_that_stay_for_a_fraction_of_a_millisecond(tmp_path: Path) -> None:
    """MP4 states some times in milliseconds, unless it is told otherwise."""
    stays = (10, 11, 13, 21)
    source = film(tmp_path / "in.mp4", stays, Fraction(1, 360_000))
    rewrite(source, tmp_path / "out.mp4")
    made = FilmFacts(tmp_path / "out.mp4")
    assert [stay * 360_000 for stay in made.durations] == list(stays)


def test_frames_that_are_stored_in_another_order(tmp_path: Path) -> None:
    """With B-frames a packet states the time until the packet that is decoded next."""
    source = film(tmp_path / "in.mp4", (100,) * 11 + (3000,), b_frames=2)
    with open_video(source, VideoLimits()) as video:
        stays = [frame.duration * video.time_base for frame in video.frames()]
    assert stays[:11] == [Fraction(1, 10)] * 11
    assert sum(stays) == FilmFacts(source).end
    rewrite(source, tmp_path / "out.mp4")
    assert FilmFacts(tmp_path / "out.mp4").durations == stays


def test_a_damaged_film_does_not_stand_still_until_its_stated_end(tmp_path: Path) -> None:
    """What was lost has no frames; the last one that is left stays for its own time."""
    source = encode(tmp_path / "in.mp4", [square(i) for i in range(20)])
    data = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        places = [(one.pos, one.size) for one in container.streams.video[0].index_entries]
    for pos, size in places[10:]:
        data[pos : pos + size] = b"\xff" * size
    source.write_bytes(data)
    with open_video(source, VideoLimits()) as video:
        *_, last = video.frames()
        assert video.broken_packets > 0
        assert last.index < 19
        assert last.duration * video.time_base == Fraction(1, 10)


def test_slow_films_keep_their_rate(tmp_path: Path) -> None:
    source = film(tmp_path / "in.mp4", (5000,) * 4)
    with open_video(source, VideoLimits()) as video:
        assert video.rate == Fraction(1, 5)
