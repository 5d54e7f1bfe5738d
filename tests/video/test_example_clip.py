"""The example video that is rendered from a photo."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from demo.service import examples
from demo.video.example_clip import write_example_clip
from demo.video.first_frame import FirstFrame
from demo.video.limits import VideoLimits
from tests.support.clips import shown


def test_the_example_moves_and_is_six_seconds_long(tmp_path: Path) -> None:
    photo = cv2.cvtColor(cv2.imread(str(examples.paths()[0])), cv2.COLOR_BGR2RGB)
    write_example_clip(np.asarray(photo, np.uint8), tmp_path / "clip.mp4")
    first = FirstFrame.of(tmp_path / "clip.mp4", VideoLimits())
    assert first.seconds == pytest.approx(6)
    assert first.rgb.shape == (480, 640, 3)
    frames = shown(tmp_path / "clip.mp4")
    assert len(frames) == first.frames == 90
    assert np.abs(frames[0][1].astype(int) - frames[45][1]).mean() > 20
