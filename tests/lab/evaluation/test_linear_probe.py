"""EfficientNet-Lite0's sign of doubt: fitted as it says, right on pictures that it never saw."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from demo.inference.local_engine import LocalEngine
from demo.lab.data import synthetic
from demo.lab.data.detection_photos import detection_photos
from demo.lab.data.read import read_photo
from demo.lab.evaluation.linear_probe import fit
from demo.models.efficientnet_lite import UNKNOWN_RULES
from demo.models.spec import ImageRequest
from demo.results import Image, Scores
from demo.settings import Settings


def known(engine: LocalEngine, picture: Image) -> bool | None:
    answer = engine.run("efficientnet_lite0", ImageRequest(picture)).result
    assert isinstance(answer, Scores)
    return answer.known


@pytest.fixture
def engine(tmp_path: Path) -> LocalEngine:
    return LocalEngine(Settings(cache_dir=tmp_path, offline=True, device="cpu"))


def test_the_probe_separates_what_it_was_shown() -> None:
    rng = np.random.default_rng(0)
    photos = rng.normal(0, 1, (300, 20)) + np.eye(20)[0] * 3
    drawn = [rng.normal(0, 1, (100, 20)) - np.eye(20)[0] * 3 for _ in range(2)]
    held_out = rng.normal(0, 1, (400, 20)) + np.eye(20)[0] * 3
    probe = fit(photos, drawn, held_out[::2])
    assert probe.doubted(held_out[::2]) == pytest.approx(0.04 * 200, abs=1)
    assert probe.doubted(held_out[1::2]) < 0.1 * 200
    assert probe.doubted(drawn[0]) > 95


@pytest.mark.parametrize("kind", list(synthetic.KINDS))
def test_pictures_that_no_camera_took_are_doubted(engine: LocalEngine, kind: str) -> None:
    pictures = synthetic.pictures(kind, 8, seed=77)
    assert sum(known(engine, picture) is False for picture in pictures) >= 7


def test_a_chart_and_a_page_of_another_hand_are_doubted(engine: LocalEngine) -> None:
    """Not by the code that drew what the probe was fitted on."""
    chart = np.full((400, 600, 3), 255, np.uint8)
    for i, height in enumerate((120, 260, 90, 310, 200)):
        cv2.rectangle(chart, (60 + 100 * i, 360 - height), (130 + 100 * i, 360), (40, 90, 200), -1)
    cv2.line(chart, (40, 20), (40, 360), (0, 0, 0), 2)
    cv2.line(chart, (40, 360), (580, 360), (0, 0, 0), 2)
    page = np.full((600, 420, 3), 255, np.uint8)
    for y in range(40, 560, 24):
        font = cv2.FONT_HERSHEY_COMPLEX
        cv2.putText(page, "Lorem ipsum dolor sit amet,", (20, y), font, 0.7, (0, 0, 0), 1)
    assert known(engine, chart) is False
    assert known(engine, page) is False


def test_photos_are_seldom_doubted(engine: LocalEngine, shared_data: Path) -> None:
    photos = detection_photos(shared_data, "voc_mixed")[1::2]
    doubted = sum(known(engine, read_photo(photo.path)) is False for photo in photos)
    assert doubted <= 4


def test_the_facts_of_the_rule_agree_with_themselves() -> None:
    facts = json.loads(UNKNOWN_RULES.read_text("utf-8"))["lite0"]
    assert facts["caught"] == sum(facts["caught_by_kind"].values()) <= facts["foreign"]
    assert set(facts["caught_by_kind"]) == set(synthetic.KINDS)
    assert facts["false_alarm"] <= 0.05
    assert len(facts["weights"]) == 1000
