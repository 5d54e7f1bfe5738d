"""Of several tracks the enabled one that can be read is taken; a note says which it is not."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.stream import Disposition
from numpy.typing import NDArray

from demo.errors import DemoError
from demo.video.limits import VideoLimits
from demo.video.reader import open_video
from tests.support.clips import encode, shown, square
from tests.video.test_films import rewrite

RATE = 48_000


def two_videos(path: Path, form: str, codec: str, enabled: int) -> Path:
    """A film of two tracks, 64 × 48 and 96 × 64, of which one is enabled."""
    sizes = [(64, 48), (96, 64)]
    with av.open(str(path), "w", format=form) as output:
        tracks: list[Any] = []
        for number, (width, height) in enumerate(sizes):
            track: Any = output.add_stream(codec, rate=10)
            track.width, track.height, track.pix_fmt = width, height, "yuv420p"
            track.disposition = Disposition.default if number == enabled else Disposition(0)
            tracks.append(track)
        for index in range(6):
            for track, size_wh in zip(tracks, sizes, strict=True):
                output.mux(track.encode(av.VideoFrame.from_ndarray(square(index, size_wh))))
        for track in tracks:
            output.mux(track.encode(None))
    return path


@pytest.mark.parametrize(("form", "codec"), [("mp4", "libx264"), ("webm", "libvpx")])
@pytest.mark.parametrize("enabled", [0, 1])
def test_the_enabled_video_track_is_taken(
    tmp_path: Path, form: str, codec: str, enabled: int
) -> None:
    source = two_videos(tmp_path / "in", form, codec, enabled)
    with open_video(source, VideoLimits()) as video:
        assert video.size_wh == [(64, 48), (96, 64)][enabled]


@pytest.mark.parametrize("place", ["index", "rindex"])
def test_another_video_track_takes_the_place_of_an_unknown_one(tmp_path: Path, place: str) -> None:
    source = two_videos(tmp_path / "in.mp4", "mp4", "libx264", 0)
    hidden = unknown(source, getattr(source.read_bytes(), place)(b"avc1\0\0\0\0"))
    with open_video(hidden, VideoLimits()) as video:
        assert video.size_wh == ((96, 64) if place == "index" else (64, 48))
        keys = [note.key for note in video.notes]
    assert keys == (["video_note_other_track"] if place == "index" else [])


def test_no_video_track_that_can_be_read(tmp_path: Path) -> None:
    source = encode(tmp_path / "in.mp4", [square(i) for i in range(3)])
    hidden = unknown(source, source.read_bytes().index(b"avc1\0\0\0\0"))
    with pytest.raises(DemoError) as caught, open_video(hidden, VideoLimits()):
        pass
    assert caught.value.key == "video_codec"


@pytest.mark.parametrize("codec", ["libx264", "aac"])
def test_cover_art_is_no_video(tmp_path: Path, codec: str) -> None:
    """It stands first, and with sound alone it makes no video."""
    source = tmp_path / "in.mp4"
    with av.open(str(source), "w", format="mp4") as output:
        cover: Any = output.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 32, 32, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        other: Any = output.add_stream(codec, rate=10 if codec == "libx264" else RATE)
        if codec == "libx264":
            other.width, other.height, other.pix_fmt = 64, 48, "yuv420p"
        else:
            other.layout = "mono"
        output.mux(cover.encode(av.VideoFrame.from_ndarray(square(0, (32, 32)))))
        output.mux(cover.encode(None))
        for index in range(6):
            if codec == "libx264":
                output.mux(other.encode(av.VideoFrame.from_ndarray(square(index))))
            else:
                output.mux(other.encode(silence(1024, 1024 * index)))
        output.mux(other.encode(None))
    if codec == "libx264":
        assert rewrite(source, tmp_path / "out.mp4") == set()
        assert [frame.shape for _, frame in shown(tmp_path / "out.mp4")] == [(48, 64, 3)] * 6
    else:
        with pytest.raises(DemoError) as caught, open_video(source, VideoLimits()):
            pass
        assert caught.value.key == "video_only_sound"


def silence(samples: int, pts: int) -> AudioFrame:
    frame = AudioFrame.from_ndarray(np.zeros((1, samples), np.float32), "fltp", "mono")
    frame.sample_rate, frame.pts = RATE, pts
    return frame


def unknown(source: Path, place: int) -> Path:
    """The file with an unknown codec at `place`."""
    data = source.read_bytes()
    target = source.with_name("hidden.mp4")
    target.write_bytes(data[:place] + b"zzzz" + data[place + 4 :])
    return target


def with_sounds(
    path: Path, tones: Sequence[float], codec: str = "aac", enabled: int = 0, form: str = "mov"
) -> Path:
    """A film of 2 s with a track of sound for each tone, Hz."""
    with av.open(str(path), "w", format=form) as output:
        film: Any = output.add_stream("libx264", rate=10)
        film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
        voices: list[Any] = []
        for number in range(len(tones)):
            voice: Any = output.add_stream(codec, rate=RATE)
            voice.layout = "mono"
            voice.disposition = Disposition.default if number == enabled else Disposition(0)
            voices.append(voice)
        for index in range(20):
            output.mux(film.encode(av.VideoFrame.from_ndarray(square(index))))
        output.mux(film.encode(None))
        for voice, hertz in zip(voices, tones, strict=True):
            wave = 0.3 * np.sin(2 * np.pi * hertz * np.arange(2 * RATE) / RATE)
            frame = AudioFrame.from_ndarray(wave.astype(np.float32)[None], "fltp", "mono")
            frame.sample_rate, frame.pts = RATE, 0
            output.mux(voice.encode(frame))
            output.mux(voice.encode(None))
    return path


def samples(path: Path) -> NDArray[np.float32]:
    """The sound of a film, one row a channel."""
    with av.open(str(path)) as container:
        parts = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate(parts, axis=1).astype(np.float32)


def pitch(path: Path) -> float:
    """The loudest frequency of the film's sound, Hz."""
    wave = samples(path)[0]
    return float(np.abs(np.fft.rfft(wave)).argmax() * RATE / len(wave))


@pytest.mark.parametrize("enabled", [0, 1])
def test_the_enabled_sound_is_taken(tmp_path: Path, enabled: int) -> None:
    source = with_sounds(tmp_path / "in.mov", (440, 880), enabled=enabled)
    assert rewrite(source, tmp_path / "out.mp4") == set()
    assert pitch(tmp_path / "out.mp4") == pytest.approx((440, 880)[enabled], abs=3)


@pytest.mark.parametrize(
    ("hidden", "notes", "hertz"),
    [
        ((0,), {"video_note_other_sound"}, 880),
        ((1,), set(), 440),
        ((0, 1), {"video_note_silent"}, 0),
    ],
)
def test_sound_in_an_unknown_codec(
    tmp_path: Path, hidden: tuple[int, ...], notes: set[str], hertz: int
) -> None:
    """Whatever stands first, all frames are there, with the sound that can be read or without."""
    source = with_sounds(tmp_path / "in.mov", (440, 880), "pcm_s16le")
    data = source.read_bytes()
    places = [data.index(b"sowt"), data.rindex(b"sowt")]
    for number in hidden:
        source = unknown(source, places[number])
    assert rewrite(source, tmp_path / "out.mp4") == notes
    assert len(shown(tmp_path / "out.mp4")) == 20
    with av.open(str(tmp_path / "out.mp4")) as made:
        assert len(made.streams.audio) == bool(hertz)
    if hertz:
        assert pitch(tmp_path / "out.mp4") == pytest.approx(hertz, abs=3)


def test_sound_of_which_nothing_can_be_decoded(tmp_path: Path) -> None:
    source = tmp_path / "in.webm"
    words = "ffmpeg -v error -f lavfi -i testsrc2=s=64x48:r=10:d=2 -f lavfi -i sine=d=2"
    subprocess.run([*words.split(), "-c:a", "libvorbis", "-c:v", "libvpx", source], check=True)
    with av.open(str(source)) as container:
        packets = [bytes(one) for one in container.demux(audio=0) if one.size]
    data = source.read_bytes()
    for packet in packets:
        data = data.replace(packet, b"\xff" * len(packet))
    source.write_bytes(data)
    assert rewrite(source, tmp_path / "out.mp4") == {"video_note_converted", "video_note_silent"}
    assert len(shown(tmp_path / "out.mp4")) == 20


def test_sound_that_mp4_does_not_take_as_it_is(tmp_path: Path) -> None:
    """MP3 of 8 kHz may stand in QuickTime but not in MP4, and becomes AAC."""
    path = tmp_path / "in.mov"
    with av.open(str(path), "w", format="mov") as output:
        film: Any = output.add_stream("libx264", rate=10)
        film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
        voice: Any = output.add_stream("mp3", rate=8000)
        voice.layout = "mono"
        for index in range(20):
            output.mux(film.encode(av.VideoFrame.from_ndarray(square(index))))
        output.mux(film.encode(None))
        wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 8000)
        frame = AudioFrame.from_ndarray(wave.astype(np.float32)[None], "fltp", "mono")
        frame.sample_rate, frame.pts = 8000, 0
        output.mux(voice.encode(frame))
        output.mux(voice.encode(None))
    assert rewrite(path, tmp_path / "out.mp4") == set()
    with av.open(str(tmp_path / "out.mp4")) as made:
        assert made.streams.audio[0].codec_context.name == "aac"
        assert len(made.streams.video[0].index_entries) == 20
