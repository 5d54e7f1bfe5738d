"""The colours of a film: as the file states them, mapped where a usual screen cannot show them."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from demo.errors import DemoError
from demo.video.limits import VideoLimits
from demo.video.reader import open_video
from tests.support.clips import shown, square
from tests.support.film_facts import FilmFacts
from tests.video.test_films import rewrite

LIMITS = VideoLimits()


def film(path: Path, planes: NDArray[Any], form: str, **codes: int) -> Path:
    """A film of one still in the pixel format `form`, with the given codes of H.273."""
    with av.open(str(path), "w", format="mp4") as output:
        track: Any = output.add_stream("libx264", rate=10, options={"crf": "1"})
        frame = av.VideoFrame.from_ndarray(planes, form)
        track.width, track.height, track.pix_fmt = frame.width, frame.height, form
        for name, code in codes.items():
            setattr(track.codec_context, name, code)
        output.mux(track.encode(frame))
        output.mux(track.encode(None))
    return path


def flat(y: int, cb: int, cr: int, size: int = 64) -> NDArray[np.uint8]:
    """One colour as the three planes of yuv420p."""
    planes = np.full((size * 3 // 2, size), y, np.uint8)
    planes[size : size * 5 // 4] = cb
    planes[size * 5 // 4 :] = cr
    return planes


def first_pixel(path: Path) -> NDArray[np.int64]:
    with open_video(path, LIMITS) as video:
        return np.asarray(next(video.frames()).rgb[20, 20], np.int64)


@pytest.mark.parametrize(
    ("matrix", "y", "cb", "cr"),
    [(1, 63, 102, 240), (5, 81, 90, 240), (6, 81, 90, 240), (9, 74, 97, 240)],
)
def test_red_is_red_by_every_matrix(tmp_path: Path, matrix: int, y: int, cb: int, cr: int) -> None:
    """BT.709, BT.601 in its two codes, BT.2020: the YCbCr of red by their coefficients."""
    source = film(tmp_path / "in.mp4", flat(y, cb, cr), "yuv420p", colorspace=matrix)
    assert np.abs(first_pixel(source) - (255, 0, 0)).max() <= 4
    rewrite(source, tmp_path / "out.mp4")
    assert np.abs(shown(tmp_path / "out.mp4")[0][1][20, 20] - np.array([255, 0, 0])).max() <= 5


def test_full_range_stays_full(tmp_path: Path) -> None:
    source = film(
        tmp_path / "in.mp4", flat(8, 128, 128), "yuv420p", color_range=int(ColorRange.JPEG)
    )
    assert first_pixel(source).tolist() == [8, 8, 8]
    rewrite(source, tmp_path / "out.mp4")
    assert FilmFacts(tmp_path / "out.mp4").colors["color_range"] == "pc"
    assert np.abs(shown(tmp_path / "out.mp4")[0][1][20, 20].astype(int) - 8).max() <= 3


@pytest.mark.parametrize(("matrix", "name"), [(8, "YCgCo"), (14, "ICtCp")])
def test_a_matrix_that_cannot_be_read_is_named(tmp_path: Path, matrix: int, name: str) -> None:
    source = film(tmp_path / "in.mp4", flat(81, 90, 240), "yuv420p", colorspace=matrix)
    with pytest.raises(DemoError, match=name) as caught, open_video(source, LIMITS):
        pass
    assert caught.value.key == "video_colors"


def test_a_transfer_that_cannot_be_mapped_is_one_sentence(tmp_path: Path) -> None:
    """Logarithmic, with primaries that need mapping."""
    codes = {"colorspace": 9, "color_primaries": 9, "color_trc": 9}
    source = film(tmp_path / "in.mp4", flat(81, 90, 240), "yuv420p", **codes)
    with (
        pytest.raises(DemoError, match="yuv420p 9-9-9") as caught,
        open_video(source, LIMITS) as video,
    ):
        next(video.frames())
    assert caught.value.key == "video_colors"


def test_tables_are_computed_once_for_one_kind_of_frames(tmp_path: Path) -> None:
    """They take seconds, and each click on the first frame opens the video again."""
    codes = {"colorspace": 9, "color_primaries": 9, "color_trc": 18}
    planes = av.VideoFrame.from_ndarray(square(0), "rgb24").reformat(format="yuv420p").to_ndarray()
    source = film(tmp_path / "in.mp4", planes, "yuv420p", **codes)
    used, pixels = [], []
    for _ in range(2):
        with open_video(source, LIMITS) as video:
            pixels.append(next(video.frames()).rgb)
            used.append(video._color_mapper._graph)
    assert used[0] is used[1]
    assert used[0] is not None
    assert np.array_equal(pixels[0], pixels[1])


def test_a_reserved_code_says_nothing(tmp_path: Path) -> None:
    source = film(tmp_path / "in.mp4", flat(81, 90, 240), "yuv420p", colorspace=3)
    assert np.abs(first_pixel(source) - (255, 0, 0)).max() <= 4


@pytest.mark.parametrize(
    ("form", "facts"), [("yuv420p10le", "10 bit"), ("yuv422p", "4:2:2"), ("yuv444p", "4:4:4")]
)
def test_what_is_lost_is_said(tmp_path: Path, form: str, facts: str) -> None:
    frame = av.VideoFrame.from_ndarray(square(0), "rgb24").reformat(format=form)
    source = film(tmp_path / "in.mp4", frame.to_ndarray(), form)
    with open_video(source, LIMITS) as video:
        [note] = video.notes
    assert (note.key, note.fields) == ("video_note_converted", {"facts": facts})


def test_transparency_is_lost_and_said(tmp_path: Path) -> None:
    frame = av.VideoFrame.from_ndarray(square(0), "rgb24").reformat(format="yuva420p")
    source = tmp_path / "in.webm"
    with av.open(str(source), "w") as output:
        track: Any = output.add_stream("libvpx-vp9", rate=10)
        track.width, track.height, track.pix_fmt = 64, 48, "yuva420p"
        output.mux(track.encode(frame))
        output.mux(track.encode(None))
    with open_video(source, LIMITS) as video:
        [note] = video.notes
    assert note.fields == {"facts": "VP9, alpha"}


@pytest.mark.parametrize(
    ("codes", "key"),
    [
        ({"color_primaries": 9, "color_trc": 18, "colorspace": 9}, "video_note_hdr"),
        ({"color_primaries": 9, "color_trc": 16, "colorspace": 9}, "video_note_hdr"),
        ({"color_primaries": 9, "color_trc": 14, "colorspace": 9}, "video_note_gamut"),
        ({"color_primaries": 12, "color_trc": 1, "colorspace": 1}, "video_note_gamut"),
        ({"color_primaries": 9, "color_trc": 18, "colorspace": 3}, "video_note_hdr"),
        ({"color_primaries": 1, "color_trc": 1, "colorspace": 1}, ""),
    ],
)
def test_colours_beyond_a_usual_screen_are_mapped(
    tmp_path: Path, codes: dict[str, int], key: str
) -> None:
    """A pale green of a wide gamut is a stronger one of BT.709; grey stays grey."""
    ramp = np.full((64, 64, 3), (120, 170, 120), np.uint8)
    ramp[32:] = 110
    ramp[:, :8] = 255
    frame = av.VideoFrame.from_ndarray(ramp, "rgb24").reformat(
        format="yuv420p", dst_colorspace=9 if codes["color_primaries"] == 9 else 1
    )
    source = film(tmp_path / "in.mp4", frame.to_ndarray(), "yuv420p", **codes)
    with open_video(source, LIMITS) as video:
        assert [note.key for note in video.notes] == [key] * bool(key)
        rgb = next(video.frames()).rgb.astype(int)
    green, grey = rgb[16, 40], rgb[48, 40]
    assert np.ptp(grey) <= 4
    saturation = np.ptp(green) / green.max()
    if key:
        assert saturation > 0.36
    else:
        assert abs(green - (120, 170, 120)).max() <= 4


def test_a_colour_chart_filmed_in_hlg(shared_data: Path) -> None:
    """Patches of an X-Rite ColorChecker, by the ratios of channels, which exposure leaves alone.

    Its data sheet gives red as (175, 54, 60) and yellow as (231, 199, 31) in sRGB; without mapping
    they are (197, 109, 81) and (236, 228, 102).
    """
    with open_video(shared_data / "videos_odd" / "media__hlg10-color-test.mp4", LIMITS) as video:
        rgb = next(video.frames()).rgb.astype(float)
    red, yellow, white = rgb[635, 795], rgb[635, 957], rgb[863, 308]
    assert red[1] / red[0] < 0.45
    assert yellow[2] / yellow[0] < 0.3
    assert np.ptp(white) < 20
    assert white.min() > 200
