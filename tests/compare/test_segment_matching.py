"""Where segmenters agree and differ, by hand-made masks and through the HTTP API."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from demo.compare.differences import detect, segment
from demo.results import Detections
from demo.service import examples
from demo.settings import Settings
from demo.web.views.comparisons.segment import VIEW
from tests.support.asgi_client import built
from tests.support.checkpoints import network, save
from tests.support.masks import segments

BUS = examples.paths()[0].read_bytes()
SIZE = (200, 100)


def masks(labels: tuple[str, ...], *windows: tuple[int, int, int, int]) -> Detections:
    """A mask for each window x0, y0, x1, y1; classes in turn."""
    pixels = np.zeros((len(windows), SIZE[1], SIZE[0]), np.bool_)
    for one, (x0, y0, x1, y1) in zip(pixels, windows, strict=True):
        one[y0:y1, x0:x1] = True
    return segments(pixels, labels)


A = masks(("Sports Ball", "dog"), (0, 0, 40, 40), (100, 0, 140, 20))
B = masks(("sports_ball", "cat"), (10, 0, 50, 40), (100, 0, 140, 10))


def test_masks_match_by_their_overlap_and_the_name_of_their_class() -> None:
    found = segment.match_masks(A, B)
    [(i, j, overlap)] = found.both
    assert (i, j) == (0, 0)
    assert overlap == pytest.approx(30 / 50)
    assert (found.only_a, found.only_b) == ((1,), (1,))  # a dog is no cat


def test_masks_in_the_same_box_are_not_the_same_object() -> None:
    """Two triangles that share a box and little else: boxes would match with IoU 1."""
    lower = np.tri(100, dtype=np.bool_)[None]
    upper = np.ascontiguousarray(lower.transpose(0, 2, 1))
    one, other = segments(lower, ("dog",)), segments(upper, ("dog",))
    assert np.array_equal(one.xyxy, other.xyxy)
    assert segment.match_masks(one, other).both == ()
    assert len(detect.match_boxes(one, other).both) == 1


def test_no_masks_match_nothing() -> None:
    none = Detections.empty(("dog",), SIZE)
    assert segment.match_masks(none, B).only_b == (0, 1)
    assert segment.match_masks(A, none).only_a == (0, 1)
    assert segment.match_pixels(none, none).share == 1


def test_the_json_of_a_pair_counts_pixels() -> None:
    pair: dict[str, Any] = segment.DIFFERENCE.pair(A, B)
    assert [row["iou"] for row in pair["both"]] == [0.6]
    assert [row["other_knows"] for row in pair["only_a"]] == [False]
    # 30 × 40 of both; 10 × 40 of the ball and 40 × 20 of the dog of a alone, and so on.
    assert pair["pixels"] == {"both": 1200, "only_a": 1200, "only_b": 800, "share": 0.4286}


def test_each_part_of_the_difference_has_its_colour() -> None:
    """Far from the plates with the names."""
    windows = [(100, 100, 300, 300), (400, 100, 600, 300)]
    pixels = np.zeros((2, 400, 700), np.bool_)
    for one, (x0, y0, x1, y1) in zip(pixels, windows, strict=True):
        one[y0:y1, x0:x1] = True
    a = segments(pixels, ("ball", "dog"))
    b = segments(np.roll(pixels, 50, axis=2), ("ball", "cat"))
    drawn = segment.DIFFERENCE.draw(np.zeros((400, 700, 3), np.uint8), a, b)

    def tints(x0: int, x1: int) -> set[tuple[int, ...]]:
        return {tuple(np.rint(one / 0.6).astype(int).tolist()) for one in drawn[250, x0:x1]}

    def near(colour: tuple[int, int, int]) -> tuple[int, ...]:
        return tuple(np.rint(np.rint(np.array(colour) * 0.6) / 0.6).astype(int).tolist())

    assert tints(160, 290) == {near(detect.BOTH)}
    assert tints(110, 140) == tints(410, 440) == {near(detect.ONLY_A)}
    assert tints(310, 340) == tints(610, 640) == {near(detect.ONLY_B)}
    # A dog to the one and a cat to the other: stripes of both.
    assert tints(460, 590) == {near(detect.ONLY_A), near(detect.ONLY_B)}
    assert not drawn[350].any()


def test_a_row_holds_the_outline_of_its_mask() -> None:
    html = VIEW.difference({"a": A, "b": B}, "x.jpg", "en")
    rows = re.findall(r'data-outline="([^"]*)"', html)
    assert len(rows) == 3
    corners = rows[0].removeprefix("M").removesuffix("Z").split("L")
    assert sorted(corners) == ["0 0", "0 40", "40 0", "40 40"]
    assert "43 %" in html
    assert "Show mask 1: Sports Ball" in html
    assert "43 %" in VIEW.difference({"a": A, "b": B}, "x.jpg", "zh-TW")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server with two segmenters of different versions and classes."""
    folder = tmp_path_factory.mktemp("own")
    save(network("yolo11n-seg", ("person", "bus", "kite")), folder / "one.pt", 160)
    save(network("yolov8n-seg", ("bus", "person")), folder / "two.pt", 160)
    settings = Settings(
        weights_dir=folder, cache_dir=folder / "cache", offline=True, device="cpu", threads=1
    )
    with TestClient(built(settings), base_url="http://127.0.0.1") as made:
        yield made


def test_two_segmenters_are_compared_in_one_request(client: TestClient) -> None:
    params = {"models": "one,two", "confidence": 0.3}
    answer = client.post("/api/v1/compare", params=params, content=BUS)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    facts = answer.json()
    assert facts["task"] == "segment"
    first, second = facts["answers"]
    assert first["boxes"][0]["mask"]["area"] > 0
    assert first["latency_ms"]["passes"] >= 5
    assert first["gflops"] > 0
    [pair] = facts["pairs"]
    assert pair["classes"] == {"shared": 2, "only_a": 1, "only_b": 0}
    assert len(pair["both"]) + len(pair["only_a"]) == len(first["boxes"]) > 0
    assert len(pair["both"]) + len(pair["only_b"]) == len(second["boxes"]) > 0
    assert sum(pair["pixels"][part] for part in ("both", "only_a", "only_b")) > 0


def test_segmenters_and_detectors_are_not_compared(client: TestClient, tmp_path: Path) -> None:
    answer = client.post("/api/v1/compare", params={"models": "one,yolo-vitrine"}, content=BUS)
    assert answer.status_code == 422
    assert "different tasks" in answer.json()["detail"]
