"""Results of a video, frame by frame, as files: JSON, CSV and MOTChallenge tracks.

Each is written as the video is processed, so that its length costs no memory.
"""

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from demo.errors import DemoError
from demo.export.rounding import to_steps
from demo.geometry.boxes import xyxy_to_xywh
from demo.tasks.base import JsonObject
from demo.tracking.frame_result import FrameResult
from demo.video.atomic_file import AtomicFile


class ReportFile(ABC):
    """A text file of results: `open`, `add` each frame, `finish` and `commit`, or `discard`.

    Every method but `discard` raises DemoError where the file cannot be written.
    """

    head = ""
    encoding = "utf-8"

    def __init__(self, target: Path) -> None:
        """target: the file; nothing is created yet."""
        self._target = target

    def open(self) -> None:
        """Create the temporary file."""
        self._file = AtomicFile(self._target)
        self._stream = self._file.path.open("w", encoding=self.encoding, newline="")
        self._write(self.head)

    def add(self, frame: FrameResult) -> None:
        """Write the result for the next frame."""
        self._write(self.text(frame))

    def finish(self, summary: Mapping[str, object]) -> None:
        """Write the end and close the file, after which a full disk is no danger any more."""
        self._write(self.tail(summary))
        try:
            self._stream.close()
        except OSError as error:
            self.discard()
            raise self._file.error_for(error) from None

    def commit(self) -> None:
        """Move the finished file to its target."""
        try:
            self._file.commit()
        except OSError as error:
            self.discard()
            raise self._file.error_for(error) from None

    def discard(self) -> None:
        """Delete the temporary file; no effect after `commit`."""
        # Deleted first: closing writes the buffer, which fails on a full disk.
        self._file.discard()
        try:
            self._stream.close()
        except OSError:
            return

    @abstractmethod
    def text(self, frame: FrameResult) -> str:
        """The text for one frame."""

    def tail(self, summary: Mapping[str, object]) -> str:
        """The text at the end."""
        return ""

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
        except OSError as error:
            self.discard()
            raise self._file.error_for(error) from None


class JsonReport(ReportFile):
    """`{"frames": [{"frame", "time_s", "held", "boxes" or "labels"}…], …summary}`."""

    head = '{"frames": ['

    def open(self) -> None:
        """Create the temporary file."""
        super().open()
        self._comma = ""

    def text(self, frame: FrameResult) -> str:
        """One line a frame; frames count from 0."""
        row: dict[str, object] = {
            "frame": frame.index,
            "time_s": round(frame.seconds, 6),
            "held": frame.held,
            frame.task.rows_key: frame.rows(),
        }
        comma, self._comma = self._comma, ","
        return f"{comma}\n{_json(row)}"

    def tail(self, summary: Mapping[str, object]) -> str:
        """The end of the list, and the keys of the summary."""
        return f"\n],\n{_json(summary)[1:]}\n"


class CsvReport(ReportFile):
    """One row a box or label. Corners in pixels of the upright frame; frames count from 0."""

    head = "frame,time_s,held,track,label,class_id,score,x0,y0,x1,y1\r\n"
    # Spreadsheets take a CSV file for UTF-8 only with a byte order mark.
    encoding = "utf-8-sig"

    def text(self, frame: FrameResult) -> str:
        """The rows of one frame."""
        lines = io.StringIO()
        csv.writer(lines).writerows(
            (
                frame.index,
                f"{frame.seconds:.6f}",
                int(frame.held),
                row.get("track") or "",
                row["label"],
                row.get("class_id", ""),
                row["score"],
                *_corners(row),
            )
            for row in frame.rows()
        )
        return lines.getvalue()


class MotReport(ReportFile):
    """Tracks in MOTChallenge's format: `frame,id,left,top,width,height,score,-1,-1,-1`.

    Frames, ids and pixels count from 1 (motchallenge.net/instructions, "File Format").
    """

    def text(self, frame: FrameResult) -> str:
        """One line a tracked box. Raises DemoError where nothing is tracked."""
        found = frame.detections
        if found is None or frame.ids is None:
            raise DemoError("video_no_ids")
        return "".join(
            f"{frame.index + 1},{track_id},{left + 1:.2f},{top + 1:.2f},{width:.2f},{height:.2f},"
            f"{score:.4f},-1,-1,-1\n"
            for track_id, (left, top, width, height), score in zip(
                frame.ids.tolist(),
                (xyxy_to_xywh(to_steps(found.xyxy, (100, 100))) / 100).tolist(),
                found.scores.tolist(),
                strict=True,
            )
            if track_id
        )


def _corners(row: JsonObject) -> Sequence[object]:
    xyxy = row.get("xyxy")
    return xyxy if isinstance(xyxy, list) else [""] * 4


def _json(value: Mapping[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
