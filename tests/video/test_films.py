"""Every film of the data folder: frames, times, size, colours and sound come out as they went in.

What goes in and what comes out is told by ffprobe, which shares no code with this program.
"""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from demo.errors import DemoError
from demo.video.limits import VideoLimits
from demo.video.reader import open_video
from demo.video.writer import Writer
from tests.support.clips import cut, square, tone
from tests.support.film_facts import FilmFacts

_MAX_FRAMES = 120
"""Longer films are cut."""
_MAPPED = {
    "color_range": "tv",
    "color_space": "bt709",
    "color_primaries": "bt709",
    "color_transfer": "bt709",
}
_TICK = Fraction(1, 10_000)

FILMS: dict[str, set[str]] = {
    "videos/bottles.mp4": set(),
    "videos/people.mp4": set(),
    "videos_odd/media__bear-vp9-odd-dimensions.webm": {"video_note_converted"},
    "videos_odd/media__bt601.mov": set(),
    "videos_odd/media__dolbyVision-hdr.MOV": {"video_note_converted", "video_note_hdr"},
    "videos_odd/media__hlg10-color-test.mp4": {"video_note_converted", "video_note_hdr"},
    "videos_odd/media__sample_mdat_too_long.mp4": set(),
    "videos_odd/media__sample_portrait.mp4": set(),
    "videos_odd/media__sample_rotate_and_reflect.mp4": set(),
    "videos_odd/tensorflow__vehicle_survaillance.mp4": set(),
    "videos_odd/torchcodec__h264_10bits.mp4": {"video_note_converted"},
    "videos_odd/torchcodec__nasa_13013_rotated.mp4": set(),
    "videos_odd/torchcodec__test_non_zero_start.mp4": set(),
    "videos_odd/torchcodec__testsrc2_12bit_hdr.mp4": {"video_note_converted", "video_note_hdr"},
    "videos_odd/torchcodec__testsrc2_odd_height_and_width_444.mp4": {"video_note_converted"},
    "faults/last_frame_10s.mp4": set(),
    "faults/noftyp_mdat_first.mov": set(),
    "faults/noftyp_pnot_first.mov": set(),
    "faults/noftyp_skip_first.mov": set(),
    "faults/noftyp_wide_first.mov": set(),
    "faults/one_frame_5s.mp4": set(),
    "faults/one_frame_each_5s.mp4": set(),
    "faults/sound_apac_first.mov": {"video_note_other_sound"},
    "faults/sound_unknown.webm": {"video_note_converted", "video_note_silent"},
    "faults/two_sound_second_enabled_880Hz.mp4": set(),
    "faults/two_video_second_enabled.mp4": set(),
    "faults/vfr_gap.mp4": set(),
    "faults/whole.mp4": set(),
}
"""Film → keys of the notes about what its result cannot carry."""

REFUSED = {
    "videos_odd/media__bbb_176x144_128kbps_15fps_h263.3gp": "video_codec",
    "videos_odd/media__sample_h264.ts": "video_unknown",
    "videos_odd/sample-vid__book.mkv": "video_other_kind",
    "videos_odd/torchcodec__av1_video.mkv": "video_other_kind",
}


@pytest.mark.parametrize("name", FILMS)
def test_a_film_comes_out_as_it_went_in(shared_data: Path, tmp_path: Path, name: str) -> None:
    source, target = shared_data / name, tmp_path / "out.mp4"
    if int(FilmFacts(source).video.get("nb_frames", 0)) > _MAX_FRAMES:
        source = cut(source, tmp_path / "cut.mp4", _MAX_FRAMES)
    notes = rewrite(source, target)
    assert notes == FILMS[name]
    given, made = FilmFacts(source), FilmFacts(target)
    assert len(made.starts) == len(given.starts)
    for mine, theirs in zip(made.starts, given.starts, strict=True):
        assert abs(mine - theirs) <= _TICK
    for mine, theirs in zip(made.durations, given.durations, strict=True):
        assert abs(mine - theirs) <= _TICK
    assert abs(made.rate / given.rate - 1) < 0.001
    assert made.rate == pytest.approx(float(Fraction(made.video["avg_frame_rate"])), rel=1e-3)
    width, height = given.size_wh
    assert made.size_wh == (width + width % 2, height + height % 2)
    assert made.rotation == 0
    assert made.pixel_shape == given.pixel_shape
    mapped = notes & {"video_note_hdr", "video_note_gamut"}
    assert made.colors == made.colors | (_MAPPED if mapped else given.colors)
    assert set(made.colors) == set(_MAPPED)
    assert bool(made.sound) == bool(given.sound)
    if given.sound:
        assert abs(made.sound_start - given.sound_start) < 0.03
        assert abs(made.sound_seconds - given.sound_seconds) < 0.03


@pytest.mark.parametrize("name", REFUSED)
def test_other_films_are_refused_with_their_kind(shared_data: Path, name: str) -> None:
    with pytest.raises(DemoError) as caught, open_video(shared_data / name, VideoLimits()):
        pass
    assert caught.value.key == REFUSED[name]


def test_the_table_holds_every_film(shared_data: Path) -> None:
    kinds = {".mp4", ".mov", ".webm", ".mkv", ".ts", ".3gp"}
    films = {
        f"{folder}/{path.name}"
        for folder in ("videos", "videos_odd", "faults")
        for path in (shared_data / folder).iterdir()
        if path.suffix.lower() in kinds
    }
    assert films == {*FILMS, *REFUSED}


@pytest.mark.parametrize(("rotation", "shape"), [(0, "2:1"), (90, "1:2"), (180, "2:1")])
def test_wide_pixels_are_turned_with_the_frame(tmp_path: Path, rotation: int, shape: str) -> None:
    source = tmp_path / "in.mp4"
    with av.open(str(source), "w") as output:
        track: Any = output.add_stream("libx264", rate=10)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        track.codec_context.sample_aspect_ratio = Fraction(2)
        track.set_display_rotation(rotation)
        output.mux(track.encode(av.VideoFrame.from_ndarray(square(0))))
        output.mux(track.encode(None))
    rewrite(source, tmp_path / "out.mp4")
    made = FilmFacts(tmp_path / "out.mp4")
    assert made.video["sample_aspect_ratio"] == shape
    assert made.size_wh == ((48, 64) if rotation == 90 else (64, 48))


@pytest.mark.parametrize(("video_ms", "sound_ms"), [(0, 500), (500, 0), (700, 700)])
def test_sound_keeps_its_distance_from_the_frames(
    tmp_path: Path, video_ms: int, sound_ms: int
) -> None:
    """Where both start late, what is before them goes."""
    source = tmp_path / "in.mov"
    with av.open(str(source), "w", format="mov") as output:
        film: Any = output.add_stream("libx264", rate=10)
        film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
        voice: Any = output.add_stream("aac", rate=48_000)
        voice.layout = "mono"
        for index in range(20):
            frame = av.VideoFrame.from_ndarray(square(index))
            frame.pts, frame.time_base = index * 100 + video_ms, Fraction(1, 1000)
            output.mux(film.encode(frame))
        output.mux(film.encode(None))
        sound = av.AudioFrame.from_ndarray(tone(2, 48_000), "fltp", "mono")
        sound.sample_rate, sound.pts = 48_000, sound_ms * 48
        sound.time_base = Fraction(1, 48_000)
        output.mux(voice.encode(sound))
        output.mux(voice.encode(None))
    rewrite(source, tmp_path / "out.mp4")
    given, made = FilmFacts(source), FilmFacts(tmp_path / "out.mp4")
    distance = made.sound_start - made.starts[0]
    assert float(distance) == pytest.approx((sound_ms - video_ms) / 1000, abs=0.03)
    assert [float(start) for start in made.starts] == pytest.approx(
        [float(start) for start in given.starts], abs=0.002
    )


def rewrite(source: Path, target: Path, damaged: bool = False) -> set[str]:
    """Read a film and write every frame; keys of the notes.

    damaged: frames may be missing.
    """
    with open_video(source, VideoLimits()) as video:
        writer = Writer(target, video, source)
        try:
            for frame in video.frames():
                writer.write(frame)
            writer.finish()
            writer.commit()
        finally:
            writer.discard()
        assert damaged or video.broken_packets == 0
        return {note.key for note in (*video.notes, *writer.notes)}
