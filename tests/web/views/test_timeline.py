"""The timeline chart: positions, colours, accessible values, escaping."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from demo.drawing.palette import hex_color
from demo.tracking.class_timeline import ClassSeries, TimelineSnapshot
from demo.web.views.timeline import chart, clock

LOCALES = ("en", "zh-CN", "zh-TW")


def curve(label: str, class_id: int, *values: float) -> ClassSeries:
    return ClassSeries(label, class_id, 1, np.array(values, np.float32))


def curves(*all_curves: ClassSeries, scored: bool = False, others: int = 0) -> TimelineSnapshot:
    count = len(all_curves[0].values)
    return TimelineSnapshot(
        np.arange(count, dtype=np.float64), float(count), scored, all_curves, others
    )


def tree(html: str) -> ElementTree.Element:
    return ElementTree.fromstring(html)


def test_a_line_steps_where_the_value_changes() -> None:
    drawn = tree(chart(curves(curve("person", 0, 1, 1, 0, 2)), "en"))
    [line] = [path for path in drawn.iter("path") if "stroke" in path.attrib]
    assert line.attrib["stroke"] == hex_color(0)
    moves = re.findall(r"([MHV])([\d.]+)(?: ([\d.]+))?", line.attrib["d"])
    assert [kind for kind, *_ in moves] == ["M", "H", "V", "H", "V", "H"]
    assert [x for kind, x, _ in moves if kind == "H"] == ["500.0", "750.0", "1000"]
    # The top is a twentieth above the highest number, the bottom is zero.
    heights = [float(moves[0][2]), *(float(x) for kind, x, _ in moves if kind == "V")]
    assert heights == pytest.approx([100 - 100 / 2.1, 100, 100 - 200 / 2.1], abs=0.06)


def test_it_carries_its_values_for_the_script_and_for_screen_readers() -> None:
    drawn = tree(chart(curves(curve("person", 0, 1, 3), curve("bus", 5, 0, 1)), "en"))
    assert drawn.attrib["data-times"] == "0.000,1.000"
    assert drawn.attrib["data-end"] == "2.000"
    [plot] = [e for e in drawn.iter("div") if e.attrib.get("role") == "slider"]
    assert plot.attrib["tabindex"] == "0"
    assert plot.attrib["aria-valuemax"] == "2.0"
    values = [e.attrib["data-values"] for e in drawn.iter("b")]
    assert values == ["1,3", "0,1"]
    assert [e.text for e in drawn.iter("b")] == ["1", "0"]


def test_a_classifiers_values_are_percentages() -> None:
    drawn = chart(curves(curve("cup", 3, 0.25, 0.75), scored=True, others=2), "en")
    assert "100 %" in drawn
    assert 'data-values="25 %,75 %"' in drawn
    assert "and 2 more" in drawn
    low = chart(curves(curve("cup", 3, 0.02, 0.15), scored=True), "en")
    assert re.findall(r'class="y"[^>]*>([^<]+)<', low) == ["0 %", "10 %", "20 %"]


@pytest.mark.parametrize("locale", LOCALES)
def test_a_label_with_markup_is_escaped(locale: str) -> None:
    drawn = chart(curves(curve('<img src=x onerror="alert(1)">', 0, 1)), locale)
    assert "<img" not in drawn
    tree(drawn)


def test_an_empty_timeline_gives_no_chart() -> None:
    assert chart(TimelineSnapshot(np.arange(3.0), 3.0, False, ()), "en") == ""


@pytest.mark.parametrize("end", [0.05, 0.5, 3, 7.5, 59, 61, 600, 3600])
def test_there_are_at_most_seven_ticks_and_all_lie_inside(end: float) -> None:
    times = np.array([0.0, end / 2])
    drawn = tree(chart(TimelineSnapshot(times, end, False, (curve("a", 0, 1, 2),)), "en"))
    marks = [e for e in drawn.iter("span") if e.attrib.get("class") == "x"]
    assert 1 <= len(marks) <= 7
    assert all(float(e.attrib["style"].split(":")[1].rstrip("%")) <= 96 for e in marks)
    assert len({e.text for e in marks}) == len(marks)


def test_there_are_at_most_five_levels() -> None:
    for highest in (1, 2, 4, 5, 7, 30, 300):
        drawn = tree(chart(curves(curve("a", 0, 0, highest)), "en"))
        levels = [e.text for e in drawn.iter("span") if e.attrib.get("class") == "y"]
        assert 2 <= len(levels) <= 5, highest
        assert levels[0] == "0"


def test_clock() -> None:
    assert [clock(s) for s in (0, 0.5, 9, 65, 600, 59.99)] == [
        "0:00",
        "0:00.5",
        "0:09",
        "1:05",
        "10:00",
        "1:00",
    ]
