"""The counting line is drawn by clicks on the first frame of a video."""

from pathlib import Path

import numpy as np

from demo.tracking.line_counter import CountingLine
from demo.video.first_frame import FirstFrame
from demo.video.limits import VideoLimits
from tests.support.clips import encode

LIMITS = VideoLimits()


def test_two_clicks_are_a_line_and_the_third_starts_another(tmp_path: Path) -> None:
    """On a video twice as large as its thumbnail."""
    large = np.full((1080, 1920, 3), 60, np.uint8)
    first = FirstFrame.of(encode(tmp_path / "in.mp4", [large, large]), LIMITS)
    assert first.draw_line("").shape == (540, 960, 3)
    one = first.add_click("", (100, 50))
    assert one == "200,100"
    two = first.add_click(one, (300, 400))
    assert two == "200,100,600,800"
    assert CountingLine.parse(two) == CountingLine(200, 100, 600, 800)
    assert first.add_click(two, (5, 6)) == "10,12"
    assert first.add_click(one, (100, 50)) == one
    drawn = first.draw_line(two)
    assert np.abs(drawn[225, 200].astype(int) - (37, 99, 235)).max() < 40
    assert np.array_equal(first.draw_line("no line"), first.draw_line(""))
    assert np.array_equal(first.draw_line("1e9,5"), first.draw_line(""))
