"""The table of precisions and the strip of changed pictures as HTML."""

from dataclasses import replace

import pytest

from demo.batch.pictures import LeftOut
from demo.compare.differences.base import Change, Said
from demo.compare.measure import Latency
from demo.compression.labels.base import SetScore
from demo.compression.report import ChangedPicture, Report, Row
from demo.errors import DemoError
from demo.i18n import LOCALES
from demo.inference.catalog import Catalog
from demo.models.spec import ModelSpec
from demo.settings import Settings
from demo.web.views.compression import result, status
from tests.web.views.dom import dom

LATENCY = Latency(11.62, 11.21, 13.9, 7)
SCORE = SetScore("mAP50", 0.7213, 0.65, 0.78, 128)
CHANGED = ChangedPicture(
    "s/<b>.jpg",
    Change((Said("bus", 0.81, xyxy=(0, 0, 1, 1)),), (Said("truck", 0.5, xyxy=(0, 0, 1, 1)),)),
    "/tmp/x y.jpg",
)


@pytest.fixture(scope="module")
def spec() -> ModelSpec:
    return Catalog(Settings(offline=True, device="cpu")).spec("yolo11n")


def report(spec: ModelSpec) -> Report:
    whole = Row("float32", "openvino-f32", 10_464_960, LATENCY, 128, 128, score=SCORE, done=True)
    half = replace(
        whole, precision="bfloat16", backend="openvino-bf16", compared=127, changed=(CHANGED,)
    )
    missing = Row(
        "int8", fault=DemoError("compression_no_int8", name="a", made="a-int8"), done=True
    )
    left = (LeftOut("broken.jpg", DemoError("compression_no_pictures")),)
    return Report(spec, 128, (whole, half, missing), left, done=True)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_number_stands_in_the_table(spec: ModelSpec, locale: str) -> None:
    html = result(report(spec), locale)
    dom(html)
    for text in ("10.5 MB", "11.6", "11.2 – 13.9", "mAP50 72.1", "65.0 – 78.0", "openvino-bf16"):
        assert text in html
    assert "python -m demo.inference.quantize a --data FOLDER" in html
    assert "broken.jpg" in html
    assert ("1 of 127" in html) == (locale == "en")
    assert ("1 / 127" in html) == (locale != "en")


@pytest.mark.parametrize(
    ("locale", "before", "after"), [("en", "bus", "truck"), ("zh-CN", "公共汽车", "卡车")]
)
def test_a_changed_picture_stands_there_with_both_answers(
    spec: ModelSpec, locale: str, before: str, after: str
) -> None:
    html = result(report(spec), locale)
    assert html.count("compression-change") == 1
    assert "gradio_api/file=/tmp/x%20y.jpg" in html
    assert "&lt;b&gt;.jpg" in html
    assert f"float32: {before} 81 %" in html
    assert f"bfloat16: {after} 50 %" in html
    assert html.index(before) < html.index("81 %") < html.index(after) < html.index("50 %")


def test_without_labels_there_is_no_column_of_scores(spec: ModelSpec) -> None:
    known = report(spec)
    bare = replace(known, rows=tuple(replace(row, score=None) for row in known.rows))
    assert "score on this set" in result(known, "en")
    assert "score on this set" not in result(bare, "en")


def test_the_status_tells_how_far_it_is(spec: ModelSpec) -> None:
    known = report(spec)
    begun = Report(spec, 3, (Row("float32"),), working="float32")
    assert "Preparing float32" in status(begun, "en")
    running = replace(begun, rows=(Row("float32", answered=2),))
    assert "float32: 2 of 3 pictures" in status(running, "en")
    assert "2 of 3 precisions compared; pictures: 128." in status(known, "en")
