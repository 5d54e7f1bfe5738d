"""What the measurement of REST checks, and what it makes of its times."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import rest
from benchmarks.box_check import EXACT, HALF, differences
from benchmarks.detect_http import photo
from benchmarks.readme_table import told
from benchmarks.rest import Measured
from benchmarks.rest_client import Box, RestClient
from benchmarks.rest_peers import peer
from tests.conftest import Server

BOX: Box = {"class_id": 0, "score": 0.8, "xyxy": [10.0, 20.0, 110.0, 220.0]}
OTHER: Box = {**BOX, "class_id": 5}
UNSURE: Box = {**BOX, "score": 0.2505}
EXACTLY = Measured(
    "openvino-f32",
    {"ours": [30.0, 33.0, 36.0], "bare": [40.0, 44.0, 48.0]},
    {"ours": [35.0, 40.0, 45.0]},
)


@pytest.mark.parametrize(
    ("ours", "theirs", "wrong"),
    [
        ([BOX], [BOX], 0),
        ([], [], 0),
        ([BOX, OTHER], [OTHER, BOX], 0),
        ([BOX], [], 1),
        ([], [BOX], 1),
        ([BOX, BOX], [BOX], 1),
        ([BOX], [OTHER], 2),
        ([{**BOX, "xyxy": [10.4, 20.0, 110.0, 220.4]}], [BOX], 0),
        ([{**BOX, "xyxy": [10.6, 20.0, 110.0, 220.0]}], [BOX], 2),
        ([{**BOX, "score": 0.8009}], [BOX], 0),
        ([{**BOX, "score": 0.802}], [BOX], 2),
        ([UNSURE], [], 0),
        ([], [UNSURE], 0),
    ],
)
def test_each_box_has_a_partner(ours: list[Box], theirs: list[Box], wrong: int) -> None:
    assert len(differences(ours, theirs, EXACT)) == wrong


def test_in_half_precision_the_overlap_counts() -> None:
    near: Box = {**BOX, "xyxy": [12.0, 20.0, 112.0, 220.0], "score": 0.75}
    far: Box = {**BOX, "xyxy": [20.0, 20.0, 120.0, 220.0]}
    assert differences([near], [BOX], HALF) == []
    assert len(differences([far], [BOX], HALF)) == 2


def test_the_ratios_have_their_bars() -> None:
    one, clients = rest.bars_of(EXACTLY)
    assert one.text().endswith(": 0.75 (must ≤ 0.85, aim ≤ 0.75)")
    assert one.holds
    assert clients.text().endswith(": 1.76 (must ≥ 1.5, aim ≥ 1.7)")
    assert clients.holds
    slow = replace(EXACTLY, ms={**EXACTLY.ms, "ours": [40.0]}, rates={"ours": [30.0]})
    assert [bar.holds for bar in rest.bars_of(slow)] == [False, False]


def test_the_fast_ratios_are_to_the_export_too() -> None:
    fast = Measured(
        "openvino-bf16",
        {"ours": [22.0], "bare": [44.0], "export": [20.0]},
        {"ours": [60.0], "export": [50.0]},
    )
    assert [round(bar.value, 2) for bar in rest.bars_of(fast)] == [0.5, 1.1, 1.2]
    assert all(bar.holds for bar in rest.bars_of(fast))


def test_the_rows_are_those_of_the_readme() -> None:
    assert told(rest.figures_of(EXACTLY)) == [
        "a photo in, boxes out, as one plain REST request: 33.0 ms (30.6–35.4) by openvino-f32; "
        "0.75 × bare `YOLO.predict()` and `plot()` on both cores (44.0 ms)",
        "8 REST clients at once: 40.0 answers a second; "
        "1.76 × what the bare library does one after the other",
    ]


def test_a_real_answer_is_the_one_of_the_bare_library(server: Server, shared_data: Path) -> None:
    jpeg = photo().read_bytes()
    with peer(shared_data / "weights" / "yolo11n.pt") as bare:
        answer = bare.one()
        together = bare.many(1)
    assert sorted(box["class_id"] for box in answer["boxes"]) == [0, 0, 0, 0, 5]
    assert answer["ms"] > 1
    assert together > 0.1
    with RestClient(server.url, "yolo11n") as client:
        assert rest.checked(client, jpeg, answer["boxes"], EXACT)
        with pytest.raises(AssertionError, match="wrong answer: not there"):
            rest.checked(client, jpeg, answer["boxes"][1:], EXACT)
    with (
        RestClient(server.url, "teapots") as client,
        pytest.raises(RuntimeError, match="teapots"),
    ):
        client.ask(jpeg)
