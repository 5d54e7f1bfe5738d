"""The reports of a film, read back by other people's readers, are what was seen in each frame."""

import csv
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import motmetrics
import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from demo.results import Detections
from demo.tasks.detect import TASK
from demo.tracking.frame_result import FrameResult
from demo.video.reports import CsvReport, JsonReport, MotReport
from tests.export.test_round_trips import HUNDREDTH, answers, detections

FRAMES = st.lists(
    st.tuples(st.floats(0, 36_000), st.booleans(), answers(most=4096)), min_size=1, max_size=4
)


@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")  # in motmetrics
@settings(max_examples=50)
@given(FRAMES)
@example([(0.5, False, detections([(0, 0, 9, 9), (0.0051, 3, 10.0102, 8.0149)], (640, 480)))])
def test_the_reports_of_a_film_read_back(
    frames: list[tuple[float, bool, Detections]],
) -> None:
    assume(any(len(found) for *_, found in frames))
    results = [
        FrameResult(TASK, index, seconds, found, np.arange(len(found)) * 7, held)
        for index, (seconds, held, found) in enumerate(frames)
    ]
    with TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("IMG 1.json", "IMG 1.csv", "IMG 1.txt")]
        for written in (JsonReport(paths[0]), CsvReport(paths[1]), MotReport(paths[2])):
            written.open()
            for result in results:
                written.add(result)
            written.finish({"model": "m"})
            written.commit()
        rows = json.loads(paths[0].read_text("utf-8"))["frames"]
        with paths[1].open(encoding="utf-8-sig", newline="") as table:
            lines = list(csv.DictReader(table))
        tracked = any(len(found) > 1 for *_, found in frames)  # the first track of each is none
        mot = motmetrics.io.loadtxt(str(paths[2]), fmt="mot15-2D") if tracked else None
    assert [row["held"] for row in rows] == [held for _, held, _ in frames]
    for row, (seconds, _, found) in zip(rows, frames, strict=True):
        assert abs(row["time_s"] - seconds) <= 5.1e-7
        read = np.array([box["xyxy"] for box in row["boxes"]]).reshape(-1, 4)
        np.testing.assert_allclose(read, found.xyxy, atol=0.05001, rtol=1e-6)
    check_lines(lines, frames)
    for result in results:
        check_tracks(mot, result)


def check_lines(lines: list[dict[str, str]], frames: list[tuple[float, bool, Detections]]) -> None:
    assert len(lines) == sum(len(found) for *_, found in frames)
    for line in lines:
        seconds, held, found = frames[int(line["frame"])]
        assert abs(float(line["time_s"]) - seconds) <= 5.1e-7
        assert line["held"] == str(int(held))
        xyxy = np.array([line[key] for key in ("x0", "y0", "x1", "y1")], float)
        assert (np.abs(found.xyxy - xyxy) <= 0.0505).all(axis=1).any()


def check_tracks(mot: "motmetrics.io.pd.DataFrame | None", result: FrameResult) -> None:
    found = result.detections
    assert found is not None
    assert result.ids is not None
    for number, xyxy, score in zip(result.ids.tolist(), found.xyxy, found.scores, strict=True):
        if not number:
            continue
        assert mot is not None
        read = mot.loc[(result.index + 1, number)]
        left, top, width, height = read[["X", "Y", "Width", "Height"]]
        back = np.array([left, top, left + width, top + height])
        np.testing.assert_allclose(back, xyxy.astype(float), atol=HUNDREDTH)
        assert abs(read["Confidence"] - score) <= 5.1e-5
