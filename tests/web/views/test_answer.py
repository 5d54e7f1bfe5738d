"""The shared parts of answers, the page frame and the models table as HTML."""

import re
from typing import cast

import numpy as np
import pytest

from demo.errors import DemoError
from demo.export.files import File
from demo.i18n import LOCALES
from demo.images.decode import decode
from demo.images.encode import encode_png
from demo.images.limits import Limits
from demo.inference.engine import ModelRow, Prediction
from demo.inference.own_models import RefusedFile
from demo.models.spec import InputView
from demo.results import Detections, Scores, Timing
from demo.web.views import answer as answer_view
from demo.web.views import page_frame
from demo.web.views.answers import classify as classify_view
from demo.web.views.answers import detect as detect_view
from demo.web.views.device import device_text
from demo.web.views.models_table import models_table

HOSTILE = '"><script>alert(1)</script>&'
RGB = np.full((30, 40, 3), 200, np.uint8)
PICTURE = decode(encode_png(RGB), Limits())
VIEW = InputView((0.0, 0.0, 40.0, 30.0), RGB, (40, 30))


def detections(label: str = "cat") -> Detections:
    xyxy = np.array([[1, 2, 11, 22], [0, 0, 5, 5]], np.float32)
    scores = np.array([0.5, 0.25], np.float32)
    return Detections(xyxy, scores, np.array([0, 0]), (label,), (40, 30))


def answer(result: Detections | Scores) -> Prediction:
    return Prediction("m", "0" * 64, "torch-cpu", result, Timing(), "CPU", VIEW)


def row(name: str, own: bool = False, obstacle: str = "") -> ModelRow:
    facts = {
        "name": name,
        "task": "detect",
        "available": own,
        "embedded": False,
        "packaged": False,
        "own": own,
        "command": f"python -m demo.weights fetch {name}",
        "obstacle": obstacle,
        "file": f"{name}.pt",
        "lineage": name,
        "params": 5,
        "size_bytes": 5_000_000,
        "published": {"metric": name, "value": 1.0},
        "measured": None,
        "licence": name,
    }
    return cast(ModelRow, facts)


@pytest.mark.parametrize(
    "html",
    [
        answer_view.note(HOSTILE),
        classify_view.score_bars(Scores(np.ones(1, np.float32), (HOSTILE,)), 1, "en"),
        detect_view.class_counts(detections(HOSTILE)),
        detect_view.nothing_found(detections(HOSTILE), "en"),
        detect_view.boxes_table(detections(HOSTILE), "en"),
        answer_view.download_links(
            [File(HOSTILE, HOSTILE, b"x", "text/csv")], "en", f"/tmp/{HOSTILE}.jpg"
        ),
        answer_view.download_link(f"/tmp/{HOSTILE}", HOSTILE),
        models_table([row(HOSTILE)], [], "en"),
        page_frame.header(HOSTILE),
        page_frame.footer(10, HOSTILE, HOSTILE),
    ],
)
def test_values_from_outside_are_escaped(html: str) -> None:
    assert "<script" not in html
    assert 'href="">' not in html


def test_the_footer_says_what_bfloat16_costs_where_it_is_used() -> None:
    assert "bfloat16" in page_frame.footer(10, "source.zip", "1", fast=True)
    assert "bfloat16" not in page_frame.footer(10, "source.zip", "1")


@pytest.mark.parametrize("locale", LOCALES)
def test_a_table_row_describes_a_box(locale: str) -> None:
    html = detect_view.boxes_table(detections(), locale)
    cells = re.sub(r"<[^>]+>", " ", html.split("<tbody>")[1]).split()
    assert cells[:9] == ["1", "cat", "50.0", "%", "1", "2", "11", "22", "10"]


def test_the_parts_of_the_time_bar_add_up() -> None:
    html = answer_view.timing(Timing(10, 10, 60, 10, 10), answer(detections()), "en")
    widths = [float(w) for w in re.findall(r"width:([\d.]+)%", html)]
    assert sum(widths) == pytest.approx(100, abs=0.3)
    assert "100 ms" in html
    assert "kept" not in html


def test_a_cached_answer_is_marked() -> None:
    assert "kept" in answer_view.timing(Timing(draw=3), answer(detections()), "en")


def test_nothing_found_is_a_sentence() -> None:
    empty = Detections.empty(("cat",), (40, 30))
    html = detect_view.nothing_found(empty, "en")
    assert "Nothing found" in html
    assert "knows: cat" in html


def test_the_model_input_shows_both_pictures_and_the_size() -> None:
    html = answer_view.model_input(PICTURE, VIEW, "en")
    assert html.count("<img") == 2
    assert "40 × 30" in html
    assert "pixelated" in html


def test_static_text_is_in_every_language() -> None:
    html = page_frame.header("CPU")
    assert [f'data-l="{locale}"' in html for locale in LOCALES] == [True] * 3


def test_a_missing_model_has_a_button_or_says_what_is_in_its_way() -> None:
    html = models_table([row("x11")], [], "en")
    assert 'data-event="click" data-model="x11"' in html
    assert "demo.weights" not in html
    html = models_table([row("x11", obstacle="weights_missing")], [], "zh-CN")
    assert 'data-event="click"' not in html
    assert "由所有者把 x11.pt 放入权重文件夹" in html
    assert "No model" in models_table([], [], "en")


@pytest.mark.parametrize("locale", LOCALES)
def test_every_obstacle_to_a_download_has_a_short_sentence(locale: str) -> None:
    reasons = (
        *("weights_in_package", "weights_missing", "weights_offline"),
        *("download_not_allowed", "download_no_room"),
    )
    for reason in reasons:
        html = models_table([row("x11", obstacle=reason)], [], locale)
        assert 'class="obstacle"' in html


def test_scores_that_cannot_be_compared_stand_in_tables_of_their_own() -> None:
    rows = [row(name, own=True) for name in "abcd"]
    for one, dataset in zip(rows, ("COCO", "COCO", "animals test", "COCO"), strict=True):
        one["published"] = {"dataset": dataset, "metric": "mAP50", "value": 41.25}
    rows[3]["published"] = None
    html = models_table(rows, [], "en")
    captions = re.findall("<caption>(.*?)</caption>", html)
    assert captions == [
        "Detect · COCO mAP50",
        "Detect · animals mAP50",
        "Detect · no published score",
    ]
    assert html.count("COCO mAP50 41.2") == 2


def test_a_refused_file_stands_above_the_table_with_its_reason() -> None:
    reason = DemoError("own_unknown_kind", file="<b>a.pt")
    html = models_table([row("x11")], [RefusedFile("<b>a.pt", reason)], "zh-CN")
    assert "&lt;b&gt;a.pt 不是此处可读取的模型" in html


def test_an_own_model_is_marked() -> None:
    assert "yours" in models_table([row("best", own=True)], [], "en")


def test_a_device_is_named_in_the_language_of_the_page() -> None:
    assert [device_text("CPU · 2 cores", locale) for locale in LOCALES] == [
        "CPU · 2 cores",
        "CPU · 2 核",
        "CPU · 2 核心",
    ]
    assert device_text("CPU · 1 core", "zh-CN") == "CPU · 1 核"
    assert device_text("NVIDIA H100 · 70 GB", "zh-CN") == "NVIDIA H100 · 70 GB"
