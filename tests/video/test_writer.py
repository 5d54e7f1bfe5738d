"""The written video: same frames, times, audio and size; nothing is left when it fails."""

import resource
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from demo.errors import DemoError
from demo.video.limits import VideoLimits
from demo.video.reader import open_video
from demo.video.writer import Writer
from tests.support.clips import RATE, encode, red_box, shown, square

TIMES = [0, 40, 240, 250, 900, 1000, 1033, 1066]


def copy(source: Path, target: Path, frames: int | None = None) -> None:
    with open_video(source, VideoLimits()) as video:
        writer = Writer(target, video, source)
        for frame in islice(video.frames(), frames):
            writer.write(frame)
        writer.finish(whole=frames is None)
        writer.commit()


def heard(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def sound_seconds(path: Path) -> tuple[float, float, float]:
    """Start and end of the audio, seconds, and its peak."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    first, last = frames[0], frames[-1]
    assert first.time is not None
    assert last.time is not None
    loud = np.concatenate([np.abs(frame.to_ndarray()).ravel() for frame in frames])
    return first.time, last.time + last.samples / last.sample_rate, float(loud.max())


def test_frames_and_times_are_kept(tmp_path: Path) -> None:
    source = encode(tmp_path / "in.mp4", [square(i) for i in range(8)], TIMES)
    copy(source, tmp_path / "out.mp4")
    got = shown(tmp_path / "out.mp4")
    assert [round(second * 1000) for second, _ in got] == TIMES
    for index, (_, picture) in enumerate(got):
        box = red_box(picture)
        assert box is not None
        assert abs(box[0] - (2 + 2 * index)) <= 1
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


def test_browsers_can_play_it_while_it_loads(tmp_path: Path) -> None:
    source = encode(tmp_path / "in.mp4", [square(i) for i in range(8)])
    copy(source, tmp_path / "out.mp4")
    data = (tmp_path / "out.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(str(tmp_path / "out.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert container.streams.video[0].average_rate == RATE


@pytest.mark.parametrize(
    ("form", "codec", "sound"), [("mp4", "libx264", "aac"), ("webm", "libvpx", "libopus")]
)
def test_the_audio_is_copied_bit_for_bit(tmp_path: Path, form: str, codec: str, sound: str) -> None:
    pictures = [square(i) for i in range(20)]
    source = encode(tmp_path / "in", pictures, form=form, codec=codec, sound=sound)
    copy(source, tmp_path / "out.mp4")
    assert len(heard(source)) > 80
    assert heard(tmp_path / "out.mp4") == heard(source)
    assert sound_seconds(tmp_path / "out.mp4") == pytest.approx(sound_seconds(source), abs=0.03)


def test_audio_that_browsers_do_not_play_becomes_aac(tmp_path: Path) -> None:
    pictures = [square(i) for i in range(20)]
    source = encode(tmp_path / "in", pictures, form="mov", sound="pcm_s16le")
    copy(source, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
    start, end, loud = sound_seconds(tmp_path / "out.mp4")
    assert start == pytest.approx(0, abs=0.05)
    assert end == pytest.approx(2, abs=0.1)
    assert 0.2 < loud < 0.5


def test_a_shorter_video_has_shorter_audio(tmp_path: Path) -> None:
    source = encode(tmp_path / "in.mp4", [square(i) for i in range(20)], sound="aac")
    copy(source, tmp_path / "out.mp4", frames=5)
    assert len(shown(tmp_path / "out.mp4")) == 5
    assert 0.3 < sound_seconds(tmp_path / "out.mp4")[1] < 0.6


def test_an_odd_side_is_padded_by_one_pixel(tmp_path: Path) -> None:
    pictures = [square(i, (65, 49)) for i in range(3)]
    for picture in pictures:
        picture[:, -1] = (20, 20, 220)
    source = encode(tmp_path / "in.mp4", pictures, pix_fmt="yuv444p")
    copy(source, tmp_path / "out.mp4")
    _, first = shown(tmp_path / "out.mp4")[0]
    assert first.shape == (50, 66, 3)
    assert first[5, 65, 2] > 180
    assert red_box(first) == red_box(pictures[0])


def test_a_rotated_video_is_written_upright(tmp_path: Path) -> None:
    source = encode(tmp_path / "in.mp4", [square(0)] * 3, rotation=90)
    copy(source, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height, frame.rotation) == (48, 64, 0)
    assert red_box(shown(tmp_path / "out.mp4")[0][1]) == (10, 50, 22, 62)


@pytest.mark.parametrize("size_wh", [(64, 48), (1280, 720)])
def test_colours_survive(tmp_path: Path, size_wh: tuple[int, int]) -> None:
    """Small videos are BT.601 and large ones BT.709, for reader and writer alike."""
    red = np.full((size_wh[1], size_wh[0], 3), (220, 20, 20), np.uint8)
    source = encode(tmp_path / "in.mp4", [red] * 2)
    copy(source, tmp_path / "out.mp4")
    with (
        open_video(source, VideoLimits()) as before,
        open_video(tmp_path / "out.mp4", VideoLimits()) as now,
    ):
        first, second = next(before.frames()).rgb, next(now.frames()).rgb
    assert np.abs(first.astype(int) - second).max() <= 4


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    """Files may grow to 30 kB only, which fails as a full disk does."""
    source = encode(tmp_path / "in.mp4", [square(i, (320, 240)) for i in range(20)])
    noise = np.random.default_rng(0)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def write() -> None:
        with open_video(source, VideoLimits()) as video:
            writer = Writer(tmp_path / "out.mp4", video, source)
            for frame in video.frames():
                frame.rgb[:] = noise.integers(0, 255, frame.rgb.shape, np.uint8)
                writer.write(frame)
            writer.finish()

    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, before[1]))
    try:
        with pytest.raises(DemoError) as caught:
            write()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.key == "video_disk_full"
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def test_a_target_that_cannot_be_written(tmp_path: Path) -> None:
    source = encode(tmp_path / "in.mp4", [square(i) for i in range(3)])
    with open_video(source, VideoLimits()) as video:
        with pytest.raises(DemoError) as caught:
            Writer(tmp_path / "none" / "out.mp4", video, source)
        assert caught.value.key == "video_not_written"
        with pytest.raises(DemoError) as caught:
            Writer(source, video, source)
        assert caught.value.key == "video_same_file"
    (tmp_path / "folder").mkdir()
    with pytest.raises(DemoError, match="folder"):
        copy(source, tmp_path / "folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "in.mp4"]


def test_a_video_without_frames_is_not_written(tmp_path: Path) -> None:
    source = encode(tmp_path / "in.mp4", [square(i) for i in range(3)])
    with pytest.raises(DemoError) as caught:
        copy(source, tmp_path / "out.mp4", frames=0)
    assert caught.value.key == "video_stopped_early"
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def test_a_file_name_is_never_a_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = encode(tmp_path / "in.mp4", [square(i) for i in range(3)])
    monkeypatch.chdir(tmp_path)
    copy(source, Path("concat:a|b.mp4"))
    assert len(shown(tmp_path / "concat:a|b.mp4")) == 3
