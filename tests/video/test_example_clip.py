"""The example video that is rendered from a photo."""

import resource
from pathlib import Path

import cv2
import numpy as np
import pytest

from demo.errors import DemoError
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


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    photo = np.zeros((480, 640, 3), np.uint8)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, before[1]))
    try:
        with pytest.raises(DemoError) as caught:
            write_example_clip(photo, tmp_path / "clip.mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.key == "video_disk_full"
    assert list(tmp_path.iterdir()) == []
