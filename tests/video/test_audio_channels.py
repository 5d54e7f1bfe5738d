"""Sound whose channels stand in an order that is not FFmpeg's."""

import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout

from demo.video.audio_channels import NativeChannels
from tests.conftest import ROOT
from tests.support.clips import square
from tests.video.test_tracks import RATE, samples

REWRITE = """
import sys
from pathlib import Path
from tests.video.test_films import rewrite
print(rewrite(Path(sys.argv[1]), Path(sys.argv[2])))
"""


class Decoder:
    """What `NativeChannels` reads and changes of a decoder."""

    def __init__(self, layout: str) -> None:
        self.layout = AudioLayout(layout)


def channels(layout: str) -> tuple[NativeChannels, Decoder]:
    decoder = Decoder(layout)
    return NativeChannels(cast(AudioCodecContext, decoder)), decoder


def test_quicktime_sound_of_eight_channels(tmp_path: Path) -> None:
    """QuickTime lists them in its own order; another process, since this one may not survive."""
    source = tmp_path / "in.mov"
    with av.open(str(source), "w", format="mov") as output:
        film: Any = output.add_stream("libx264", rate=10)
        film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
        voice: Any = output.add_stream("pcm_s16le", rate=RATE)
        voice.layout = "7.1"
        wave = np.zeros((2 * RATE, 8), np.int16)
        wave[:, 0] = 10_000 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)
        for index in range(20):
            output.mux(film.encode(av.VideoFrame.from_ndarray(square(index))))
        output.mux(film.encode(None))
        frame = AudioFrame.from_ndarray(wave.reshape(1, -1), "s16", "7.1")
        frame.sample_rate, frame.pts = RATE, 0
        output.mux(voice.encode(frame))
        output.mux(voice.encode(None))
    words = [sys.executable, "-c", REWRITE, str(source), str(tmp_path / "out.mp4")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "set()\n"), done.stderr
    left, right = samples(tmp_path / "out.mp4")
    assert np.abs(left).max() > 0.05
    assert np.abs(right).max() < 0.01


def test_channels_are_brought_into_the_order_of_their_layout() -> None:
    """Left, centre, right as Apple lists them; FFmpeg's 3.0 is left, right, centre."""
    native, decoder = channels("FL+FC+FR")
    assert (native.count, decoder.layout.name) == (3, "3.0")
    frame = AudioFrame.from_ndarray(np.array([[1, 2, 3, 4, 5, 6]], np.int16), "s16", "3.0")
    frame.sample_rate, frame.pts = RATE, 7
    made = native.reorder(frame)
    assert made.to_ndarray().tolist() == [[1, 3, 2, 4, 6, 5]]
    assert (made.sample_rate, made.pts, made.layout.name) == (RATE, 7, "3.0")


def test_a_standard_layout_is_left_alone() -> None:
    native, decoder = channels("5.1")
    assert (native.count, decoder.layout.name) == (6, "5.1")
    frame = AudioFrame.from_ndarray(np.zeros((6, 4), np.int16), "s16p", "5.1")
    assert native.reorder(frame) is frame


def test_channels_of_no_standard_layout_keep_their_number() -> None:
    native, decoder = channels("FL+FL+FC")
    assert (native.count, decoder.layout.name) == (3, "3 channels")
