"""Facts of a video file as FFmpeg's own `ffprobe` states them."""

import json
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

_STATED = ("color_range", "color_space", "color_primaries", "color_transfer")


@dataclass(frozen=True)
class FilmFacts:
    """What ffprobe says about the enabled tracks of a file; times in seconds from its start."""

    path: Path

    @cached_property
    def _report(self) -> dict[str, Any]:
        words = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json"]
        printed = subprocess.run([*words, str(self.path)], capture_output=True, check=True).stdout
        report: dict[str, Any] = json.loads(printed)
        return report

    @cached_property
    def video(self) -> dict[str, Any]:
        """The video stream that is enabled by default, else the first; never cover art."""
        return self._chosen("video")

    @cached_property
    def sound(self) -> dict[str, Any]:
        """The audio stream that is enabled by default and can be decoded; empty without one."""
        return self._chosen("audio")

    def _chosen(self, kind: str) -> dict[str, Any]:
        streams = [
            stream
            for stream in self._report["streams"]
            if stream["codec_type"] == kind
            and stream.get("codec_name", "unknown") != "unknown"
            and not stream["disposition"]["attached_pic"]
        ]
        streams.sort(key=lambda stream: -int(stream["disposition"]["default"]))
        return streams[0] if streams else {}

    @cached_property
    def start(self) -> Fraction:
        """When the first of the two tracks starts, not before 0."""
        tracks = [track for track in (self.video, self.sound) if track]
        return max(min(Fraction(track["start_time"]) for track in tracks), Fraction(0))

    @cached_property
    def starts(self) -> list[Fraction]:
        """When each frame appears."""
        words = ["ffprobe", "-v", "error", "-select_streams", str(self.video["index"])]
        words += ["-show_entries", "frame=best_effort_timestamp", "-of", "csv=p=0"]
        printed = subprocess.run(
            [*words, str(self.path)], capture_output=True, text=True, check=True
        ).stdout
        base = Fraction(self.video["time_base"])
        times = [int(line.split(",")[0]) for line in printed.split("\n") if line.strip(" ,")]
        return [time * base - self.start for time in times]

    @cached_property
    def end(self) -> Fraction:
        """When the last frame goes.

        WebM states when all tracks end, which is known to be the video's where it is alone. Without
        an end behind the last frame that one stays as long as frames do on average.
        """
        seconds = Fraction(0)
        if "duration_ts" in self.video:
            end = int(self.video["start_pts"]) + int(self.video["duration_ts"])
            seconds = end * Fraction(self.video["time_base"])
        elif len(self._report["streams"]) == 1:
            seconds = Fraction(self._report["format"]["duration"])
        last = self.starts[-1]
        one_frame = 1 / Fraction(self.video["avg_frame_rate"])
        return seconds - self.start if seconds - self.start > last else last + one_frame

    @cached_property
    def durations(self) -> list[Fraction]:
        """How long each frame stays."""
        return [later - earlier for earlier, later in pairwise([*self.starts, self.end])]

    @cached_property
    def rate(self) -> Fraction:
        """Frames a second on average."""
        return len(self.starts) / (self.end - self.starts[0])

    @cached_property
    def rotation(self) -> int:
        """Degrees by which a player turns the frames."""
        sides = self.video.get("side_data_list", [])
        return next((int(side["rotation"]) for side in sides if "rotation" in side), 0)

    @cached_property
    def size_wh(self) -> tuple[int, int]:
        """Of the frames as they are shown, pixels."""
        width, height = int(self.video["width"]), int(self.video["height"])
        return (height, width) if self.rotation % 180 else (width, height)

    @cached_property
    def pixel_shape(self) -> Fraction:
        """Width by height of a pixel as it is shown."""
        stated = self.video.get("sample_aspect_ratio", "1:1").replace(":", "/")
        shape = Fraction(stated)
        return 1 / shape if self.rotation % 180 else shape

    @cached_property
    def colors(self) -> dict[str, str]:
        """Range, matrix, primaries and transfer, as far as they are stated."""
        return {
            key: self.video[key] for key in _STATED if self.video.get(key) not in (None, "unknown")
        }

    @cached_property
    def sound_start(self) -> Fraction:
        """When the sound starts."""
        return Fraction(self.sound["start_time"]) - self.start

    @cached_property
    def sound_seconds(self) -> Fraction:
        """How long the sound is."""
        return Fraction(self.sound["duration"])
