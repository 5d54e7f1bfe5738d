"""Videos for measurements: the beginning of a sample video with a tone as its audio track."""

from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame

from benchmarks.needs import DATA

VIDEOS = DATA / "videos"
_RATE = 44_100


def with_tone(source: Path, target: Path, frames: int | None = None) -> Path:
    """A copy of the first `frames` coded frames (None: all) with a tone of the same length."""
    with av.open(str(source)) as video, av.open(str(target), "w", format="mp4") as output:
        track = output.add_stream_from_template(video.streams.video[0])
        audio: Any = output.add_stream("aac", rate=_RATE)
        audio.layout = "mono"
        end_s = 0.0
        for packet in islice(video.demux(video=0), frames):
            if packet.dts is None or packet.pts is None:
                continue
            end_s = max(end_s, float(packet.pts * packet.time_base))
            packet.stream = track
            output.mux(packet)
        output.mux(audio.encode(_tone(end_s)))
        output.mux(audio.encode(None))
    return target


def frames_in(path: Path) -> int:
    """Number of frames that a decoder finds."""
    with av.open(str(path)) as video:
        return sum(1 for _ in video.decode(video=0))


def _tone(seconds: float) -> AudioFrame:
    times = np.arange(round(seconds * _RATE) + 1) / _RATE
    wave = (0.3 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)[None]
    frame = AudioFrame.from_ndarray(wave, "fltp", "mono")
    frame.sample_rate, frame.pts = _RATE, 0
    return frame
