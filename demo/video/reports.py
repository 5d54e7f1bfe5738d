"""What was seen, frame by frame, as files: JSON, CSV and MOTChallenge tracks.

Each is written as the film goes on, so that its length costs no memory.
"""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from demo.errors import DemoError
from demo.geometry.boxes import xyxy_to_xywh
from demo.results import Detections
from demo.tracking.frame_result import FrameResult
from demo.video.atomic_file import AtomicFile


class Listener(Protocol):
    """Is told of every frame of a film: `open`, `add` each, `seal` and `place`, or `discard`."""

    def open(self) -> None:
        """The film begins."""

    def add(self, seen: FrameResult) -> None:
        """The next frame."""

    def seal(self, summary: Mapping[str, Any]) -> None:
        """The film is done."""

    def place(self) -> None:
        """It stands in its place."""

    def discard(self) -> None:
        """It came to nothing; harmless after `place`."""


class Report:
    """A text file of one kind: `open`, `add` each frame, `seal` and `place`, or `discard`.

    Raises DemoError where it cannot be written.
    """

    head = ""
    encoding = "utf-8"

    def __init__(self, goal: Path) -> None:
        self._goal = goal

    def open(self) -> None:
        """Take up a place on the disk."""
        self._part = AtomicFile(self._goal)
        self._file = self._part.path.open("w", encoding=self.encoding, newline="")
        self._write(self.head)

    def add(self, seen: FrameResult) -> None:
        """Write one frame."""
        self._write(self.text(seen))

    def seal(self, summary: Mapping[str, Any]) -> None:
        """Write the end; from here on a full disk is no danger."""
        self._write(self.tail(summary))
        try:
            self._file.close()
        except OSError as problem:
            self.discard()
            raise self._part.sentence(problem) from None

    def place(self) -> None:
        """Move the sealed file to its place."""
        try:
            self._part.place()
        except OSError as problem:
            self.discard()
            raise self._part.sentence(problem) from None

    def discard(self) -> None:
        """Leave nothing behind; harmless after `place`."""
        # Dropped first: closing writes what is left, which a full disk refuses.
        self._part.drop()
        try:
            self._file.close()
        except OSError:
            return

    def text(self, seen: FrameResult) -> str:
        """One frame as text."""
        raise NotImplementedError

    def tail(self, summary: Mapping[str, Any]) -> str:
        """What stands at the end."""
        return ""

    def _write(self, text: str) -> None:
        try:
            self._file.write(text)
        except OSError as problem:
            self.discard()
            raise self._part.sentence(problem) from None


class JsonReport(Report):
    """`{"frames": [{"frame", "time_s", "held", "boxes" or "labels"}…], …summary}`."""

    head = '{"frames": ['

    def open(self) -> None:
        """Take up a place on the disk."""
        super().open()
        self._comma = ""

    def text(self, seen: FrameResult) -> str:
        """One line a frame; frames count from 0."""
        key = "boxes" if isinstance(seen.result, Detections) else "labels"
        row = {
            "frame": seen.index,
            "time_s": round(seen.seconds, 6),
            "held": seen.held,
            key: seen.rows(),
        }
        comma, self._comma = self._comma, ","
        return f"{comma}\n{_json(row)}"

    def tail(self, summary: Mapping[str, Any]) -> str:
        """The summary, beside the frames."""
        return f"\n],\n{_json(dict(summary))[1:]}\n"


class CsvReport(Report):
    """One row a box or label. Corners in pixels of the upright frame; frames count from 0."""

    head = "frame,time_s,held,track,label,class_id,score,x0,y0,x1,y1\r\n"
    # Spreadsheets take a CSV file for UTF-8 only where a byte order mark says so.
    encoding = "utf-8-sig"

    def open(self) -> None:
        """Take up a place on the disk."""
        super().open()
        self._rows = csv.writer(self._file)

    def add(self, seen: FrameResult) -> None:
        """Write one frame."""
        try:
            for row in seen.rows():
                self._rows.writerow(
                    (
                        seen.index,
                        f"{seen.seconds:.6f}",
                        int(seen.held),
                        row.get("track") or "",
                        row["label"],
                        row.get("class_id", ""),
                        row["score"],
                        *row.get("xyxy", ("",) * 4),
                    )
                )
        except OSError as problem:
            self.discard()
            raise self._part.sentence(problem) from None


class MotReport(Report):
    """Tracks as MOTChallenge takes them: `frame,id,left,top,width,height,score,-1,-1,-1`.

    Frames, ids and pixels count from 1 (motchallenge.net/instructions, "File Format").
    """

    def text(self, seen: FrameResult) -> str:
        """One line a tracked box."""
        if not isinstance(seen.result, Detections) or seen.ids is None:
            raise DemoError("video_no_ids")
        return "".join(
            f"{seen.index + 1},{number},{left + 1:.2f},{top + 1:.2f},{width:.2f},{height:.2f},"
            f"{score:.4f},-1,-1,-1\n"
            for number, (left, top, width, height), score in zip(
                seen.ids.tolist(),
                xyxy_to_xywh(seen.result.xyxy).tolist(),
                seen.result.scores.tolist(),
                strict=True,
            )
            if number
        )


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
