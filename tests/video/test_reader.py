"""Videos are opened by their bytes, alone, within limits; frames come upright and on time."""

from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from demo.errors import DemoError
from demo.results import Image
from demo.settings import Settings
from demo.video import container
from demo.video.limits import VideoLimits
from demo.video.reader import Frame, Video, open_video
from tests.support.clips import RATE, encode, red_box, square, tone

LIMITS = VideoLimits()


def frames(path: Path, limits: VideoLimits = LIMITS) -> list[Frame]:
    with open_video(path, limits) as video:
        return list(video.frames())


def refusal(path: Path, limits: VideoLimits = LIMITS) -> str:
    with pytest.raises(DemoError) as caught:
        frames(path, limits)
    assert str(path.parent) not in str(caught.value)
    return caught.value.key


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(tmp_path_factory.mktemp("clip") / "a.mp4", [square(i) for i in range(12)])


@pytest.mark.parametrize(
    ("form", "codec"), [("mp4", "libx264"), ("mov", "libx264"), ("webm", "libvpx")]
)
def test_every_frame_comes_with_its_time(tmp_path: Path, form: str, codec: str) -> None:
    path = encode(tmp_path / "video", [square(i) for i in range(12)], form=form, codec=codec)
    with open_video(path, LIMITS) as video:
        got = list(video.frames())
        seconds = [float(frame.pts * video.time_base) for frame in got]
        assert video.size_wh == (64, 48)
    assert [frame.index for frame in got] == list(range(12))
    assert seconds == pytest.approx([i / RATE for i in range(12)])
    for frame in got:
        box = red_box(frame.rgb)
        assert box is not None
        assert abs(box[0] - (2 + 2 * frame.index)) <= 1


def test_uneven_times_are_kept(tmp_path: Path) -> None:
    times = [0, 40, 240, 250, 900, 1000]
    path = encode(tmp_path / "vfr.mp4", [square(i) for i in range(6)], times)
    with open_video(path, LIMITS) as video:
        got = [round(float(frame.pts * video.time_base) * 1000) for frame in video.frames()]
    assert got == times


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_frames_come_upright(tmp_path: Path, rotation: int) -> None:
    """As numpy.rot90: both count counterclockwise."""
    stored = square(0)
    path = encode(tmp_path / "turned.mp4", [stored] * 3, rotation=rotation)
    upright = np.rot90(stored, rotation // 90)
    with open_video(path, LIMITS) as video:
        first = next(video.frames()).rgb
        assert video.size_wh == (upright.shape[1], upright.shape[0])
    assert first.flags.c_contiguous
    assert red_box(first) == red_box(np.ascontiguousarray(upright))


def test_a_mirrored_matrix_is_undone(clip: Path, tmp_path: Path) -> None:
    """a = −1 in the track header: x is to be flipped (ISO/IEC 14496-12, 6.2.2)."""
    data = clip.read_bytes()
    matrix = data.index(b"tkhd") + 4 + 40
    assert data[matrix : matrix + 4] == b"\0\1\0\0"
    path = tmp_path / "mirrored.mp4"
    path.write_bytes(data[:matrix] + b"\xff\xff\0\0" + data[matrix + 4 :])
    box = red_box(frames(path)[0].rgb)
    plain = red_box(square(0))
    assert box is not None
    assert plain is not None
    assert abs(box[0] - (64 - plain[2])) <= 1


@pytest.mark.parametrize("side", [48, 720])
def test_untagged_colours_are_read_as_players_do(tmp_path: Path, side: int) -> None:
    """Red is Y 81, Cb 90, Cr 240 by BT.601 and Y 63, Cb 102, Cr 240 by BT.709."""
    y, cb, cr = (81, 90, 240) if side < 720 else (63, 102, 240)
    path = tmp_path / "red.mp4"
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=RATE, options={"crf": "1"})
        stream.width = stream.height = side
        planes = np.full((side * 3 // 2, side), y, np.uint8)
        planes[side : side * 5 // 4] = cb
        planes[side * 5 // 4 :] = cr
        frame = av.VideoFrame.from_ndarray(planes, "yuv420p")
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    pixel = frames(path)[0].rgb[side // 2, side // 2].astype(int)
    assert np.abs(pixel - (255, 0, 0)).max() <= 4


def test_odd_sizes_come_as_they_are(tmp_path: Path) -> None:
    path = encode(tmp_path / "odd.mp4", [square(i, (65, 49)) for i in range(3)], pix_fmt="yuv444p")
    assert frames(path)[0].rgb.shape == (49, 65, 3)


def test_the_file_name_does_not_matter(clip: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "video.txt"
    renamed.write_bytes(clip.read_bytes())
    assert len(frames(renamed)) == 12
    text = tmp_path / "text.mp4"
    text.write_text("not a video")
    assert refusal(text) == "video_unknown"


@pytest.mark.parametrize("kind", [b"free", b"skip", b"wide", b"pnot", b"mdat"])
def test_quicktime_needs_no_ftyp(clip: Path, tmp_path: Path, kind: bytes) -> None:
    """Its first box may be of another kind (QuickTime File Format, "Atoms")."""
    path = tmp_path / "old.mov"
    data = clip.read_bytes()
    assert data[4:8] == b"ftyp"
    path.write_bytes(data[:4] + kind + data[8:])
    assert len(frames(path)) == 12


def test_moov_may_come_first(tmp_path: Path) -> None:
    path = encode(tmp_path / "fast.mp4", [square(i) for i in range(12)], movflags="+faststart")
    data = path.read_bytes()
    size, moov = int.from_bytes(data[:4], "big"), data.index(b"moov") - 4
    assert size == moov
    end = moov + int.from_bytes(data[moov : moov + 4], "big")
    # What stood before it comes behind it, so that the frames stay where they are.
    path.write_bytes(data[moov:end] + data[:4] + b"free" + data[8:moov] + data[end:])
    assert len(frames(path)) == 12


@pytest.mark.parametrize("head", [b"free", b"skip", b"wide", b"pnot"])
def test_text_is_not_taken_for_quicktime(tmp_path: Path, head: bytes) -> None:
    """By its fifth to eighth letters, which name the kind of a box."""
    path = tmp_path / "text.mov"
    path.write_bytes(b"all " + head + b" as of today" * 9)
    assert refusal(path) == "video_unknown"
    path.write_bytes(b"\0\0\0\x08" + head + b"#EXTM3U\n/etc/passwd\n")
    assert refusal(path) in ("video_broken", "video_truncated")


@pytest.mark.parametrize(("bytes_lost", "key"), [(0, ""), (100, "video_truncated")])
def test_a_box_of_samples_that_claims_too_much(tmp_path: Path, bytes_lost: int, key: str) -> None:
    """Nothing is missing as long as all samples are there."""
    path = encode(tmp_path / "in.mp4", [square(i) for i in range(12)], movflags="+faststart")
    data = path.read_bytes()
    at = data.rindex(b"mdat") - 4
    size = int.from_bytes(data[at : at + 4], "big") + 5000
    data = data[:at] + size.to_bytes(4, "big") + data[at + 4 :]
    path.write_bytes(data[: len(data) - bytes_lost])
    if key:
        assert refusal(path) == key
    else:
        assert len(frames(path)) == 12


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("#EXTM3U\n#EXTINF:1,\n{clip}\n#EXT-X-ENDLIST\n", "HLS playlist"),
        ("\ufeff#EXTM3U\n{clip}\n", "HLS playlist"),
        ("ffconcat version 1.0\nfile {clip}\n", "ffconcat playlist"),
    ],
)
def test_a_playlist_is_named_and_refused(
    clip: Path, tmp_path: Path, content: str, kind: str
) -> None:
    path = tmp_path / "list.mp4"
    path.write_text(content.format(clip=clip))
    with pytest.raises(DemoError, match=kind):
        frames(path)


def test_a_container_that_names_another_file_cannot_open_it(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A QuickTime file may refer to frames in another file (data reference `alis`)."""
    other = tmp_path / "other.mp4"
    other.write_bytes(clip.read_bytes())
    path = tmp_path / "thief.mov"
    path.write_bytes(elsewhere(clip.read_bytes(), other))
    requested: list[str] = []

    def note(url: str, flags: int, options: dict[str, str]) -> None:
        requested.append(url)
        raise PermissionError

    # The control: FFmpeg with these options does request the other file.
    options = {"enable_drefs": "1", "use_absolute_path": "1"}
    with path.open("rb") as file, pytest.raises(PermissionError):
        av.open(file, format="mov", io_open=note, container_options=options)
    assert requested == [str(other)]
    requested.clear()
    monkeypatch.setattr(container, "_refuse", note)
    with pytest.raises(DemoError):
        frames(path)
    assert requested == []


def elsewhere(video: bytes, other: Path) -> bytes:
    """The video without its frames, with a data reference to `other` in the form of an alias."""
    name = str(other).encode()
    alias = bytearray(150)
    alias[50] = len(other.name)
    alias[51 : 51 + len(other.name)] = other.name.encode()
    paths = (2).to_bytes(2, "big") + len(name).to_bytes(2, "big") + name + b"\0" * (len(name) % 2)
    body = bytes(alias[:150]) + paths + (0xFFFF).to_bytes(2, "big") + b"\0\0"
    entry = (len(body) + 12).to_bytes(4, "big") + b"alis" + b"\0\0\0\0" + body
    old = video.index(b"url \0\0\0\1") - 4
    grown = bytearray(video[:old] + entry + video[old + 12 :])
    for kind in (b"dref", b"dinf", b"minf", b"mdia", b"trak", b"moov"):
        at = video.rindex(kind, 0, old + 8) - 4
        size = int.from_bytes(video[at : at + 4], "big") + len(entry) - 12
        grown[at : at + 4] = size.to_bytes(4, "big")
    start = video.index(b"mdat") + 4
    size = int.from_bytes(video[start - 8 : start - 4], "big") - 8
    grown[start : start + size] = b"\0" * size
    return bytes(grown)


@pytest.mark.parametrize(("form", "movflags"), [("mp4", ""), ("mp4", "+faststart"), ("webm", "")])
@pytest.mark.parametrize("part", [0.3, 0.9])
def test_a_truncated_video(tmp_path: Path, form: str, movflags: str, part: float) -> None:
    noise = np.random.default_rng(0)
    pictures = [noise.integers(0, 255, (48, 64, 3), np.uint8) for _ in range(8)]
    codec = "libvpx" if form == "webm" else "libx264"
    data = encode(
        tmp_path / "whole", pictures, form=form, codec=codec, movflags=movflags
    ).read_bytes()
    path = tmp_path / "part.mp4"
    path.write_bytes(data[: int(len(data) * part)])
    assert refusal(path) == "video_truncated"


def test_audio_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w", format="mp4") as output:
        voice = output.add_stream("aac", rate=44_100)
        voice.layout = "mono"
        heard = av.AudioFrame.from_ndarray(tone(0.5), "fltp", "mono")
        heard.sample_rate = 44_100
        output.mux(voice.encode(heard))
        output.mux(voice.encode(None))
    assert refusal(path) == "video_only_sound"


def test_a_video_without_a_frame(clip: Path, tmp_path: Path) -> None:
    data = bytearray(clip.read_bytes())
    for table in (b"stsz", b"stts", b"stsc", b"stco", b"stss"):
        # The number of entries, which stands behind version, flags and (stsz) a common size.
        at = data.index(table) + (12 if table == b"stsz" else 8)
        data[at : at + 4] = bytes(4)
    path = tmp_path / "none.mp4"
    path.write_bytes(data)
    assert refusal(path) in ("video_no_frames", "video_broken")


def test_an_unsupported_codec_is_named(tmp_path: Path) -> None:
    path = encode(
        tmp_path / "old.mov",
        [square(i) for i in range(3)],
        form="mov",
        codec="qtrle",
        pix_fmt="rgb24",
    )
    with pytest.raises(DemoError, match="qtrle"):
        frames(path)


def test_damaged_frames(clip: Path, tmp_path: Path) -> None:
    data = bytearray(clip.read_bytes())
    start = data.index(b"mdat") + 4
    size = int.from_bytes(data[start - 8 : start - 4], "big") - 8
    data[start : start + size] = np.random.default_rng(0).bytes(size)
    path = tmp_path / "noise.mp4"
    path.write_bytes(data)
    assert refusal(path) == "video_broken"


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "video_empty_file"),
        (b"\0\0\0\x18ftypmp42" + bytes(12), "video_truncated"),
        (b"\0\0\0\x08ftyp\0\0\0\x02moov", "video_broken"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "video_other_kind"),
        (b"ID3\4" + bytes(60), "video_other_kind"),
        (b"\x1a\x45\xdf\xa3\x90\x42\x82\x88matroska", "video_other_kind"),
        (b"\x1a\x45\xdf\xa3\x8b\x42\x82\x84webm", "video_truncated"),
    ],
)
def test_other_files(tmp_path: Path, data: bytes, key: str) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(data)
    assert refusal(path) == key


def test_the_log_gives_the_reason_and_no_file_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "demo")
    (tmp_path / "holiday.mp4").write_bytes(b"")
    refusal(tmp_path / "holiday.mp4")
    assert caplog.messages == ["refused a video: video_empty_file"]
    assert "holiday" not in caplog.text


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.mp4") == "video_missing"
    assert refusal(tmp_path) == "video_missing"


@pytest.mark.parametrize(
    ("limits", "key"),
    [
        (VideoLimits(max_file_mb=0.0001), "video_too_heavy"),
        (VideoLimits(max_minutes=0.01), "video_too_long"),
        (VideoLimits(max_megapixels=0.003), "video_too_big"),
    ],
)
def test_limits(clip: Path, limits: VideoLimits, key: str) -> None:
    assert refusal(clip, limits) == key


def test_a_wrong_size_in_the_container_is_detected(clip: Path, tmp_path: Path) -> None:
    """The container says 8 × 8, the pictures themselves 64 × 48."""
    data = bytearray(clip.read_bytes())
    at = data.index(b"avc1", data.index(b"stsd")) + 4 + 24
    assert data[at : at + 4] == b"\0\x40\0\x30"
    data[at : at + 4] = b"\0\x08\0\x08"
    path = tmp_path / "small.mp4"
    path.write_bytes(data)
    assert refusal(path, VideoLimits(max_megapixels=0.002)) == "video_too_big"


def test_the_limits_come_from_the_settings() -> None:
    settings = Settings.from_env(
        {
            "VITRINE_MAX_VIDEO_MB": "3",
            "VITRINE_MAX_VIDEO_MINUTES": "2",
            "VITRINE_MAX_VIDEO_MEGAPIXELS": "1",
        }
    )
    assert VideoLimits.of(settings) == VideoLimits(3, 2, 1)
    assert VideoLimits.of(Settings()) == LIMITS
    LIMITS.check_size((4096, 2304))


def test_people(shared_data: Path) -> None:
    with open_video(shared_data / "videos" / "people.mp4", LIMITS) as video:
        assert isinstance(video, Video)
        assert (video.size_wh, video.expected_frames) == ((768, 432), 1394)
        first: list[Image] = [frame.rgb for frame in islice(video.frames(), 5)]
    assert all(rgb.shape == (432, 768, 3) for rgb in first)
