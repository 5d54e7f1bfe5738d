"""Options of a stream are checked when they are created, and only valid ones exist."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from demo.errors import DemoError
from demo.inference.engine import Engine
from demo.tasks.detect import default_thresholds
from demo.tracking.line_counter import CountingLine
from demo.tracking.options import StreamOptions

LINE = CountingLine(0, 0, 1, 1)


def refusal(create: Callable[[], object]) -> str:
    """The key of the sentence."""
    with pytest.raises(DemoError) as caught:
        create()
    return caught.value.key


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"model": None}, "unknown_model"),
        ({"model": "nobody"}, "unknown_model"),
        ({"model": "painter"}, "video_task"),
        ({"confidence": "high"}, "not_a_number"),
        ({"confidence": True}, "not_a_number"),
        ({"iou": 7}, "out_of_range"),
        ({"iou": float("nan")}, "out_of_range"),
        ({"classes": "red thing"}, "not_a_list"),
        ({"classes": ["dragon"]}, "unknown_name"),
        ({"blur": ["dragon"]}, "hide_unknown"),
        ({"blur": ["red thing", 5]}, "hide_unknown"),
        ({"blur": "red thing"}, "not_a_list"),
        ({"model": "guesser", "blur": ["red thing"]}, "video_hide"),
        ({"blur": ["red thing"], "every": 2}, "video_hide"),
        ({"every": 1.5}, "not_whole"),
        ({"every": 1001}, "out_of_range"),
        ({"track": "yes"}, "not_a_switch"),
        ({"heat": 1}, "not_a_switch"),
        ({"size": 2000}, "out_of_range"),
    ],
)
def test_invalid_values_are_refused(desk: Engine, values: dict[str, object], key: str) -> None:
    assert refusal(lambda: StreamOptions.from_values(desk, {"model": "finder", **values})) == key


@pytest.mark.parametrize(
    ("model", "values", "key"),
    [
        ("painter", {}, "video_task"),
        ("finder", {"confidence": 2}, "out_of_range"),
        ("finder", {"every": 0}, "out_of_range"),
        ("finder", {"classes": ("dragon",)}, "unknown_name"),
        ("finder", {"track": False, "line": LINE}, "video_no_ids"),
        ("guesser", {"line": LINE}, "video_no_ids"),
        ("guesser", {"blur": ("red thing",)}, "video_hide"),
    ],
)
def test_the_constructor_refuses_the_same(
    desk: Engine, model: str, values: dict[str, Any], key: str
) -> None:
    spec = desk.spec(model)
    assert refusal(lambda: StreamOptions(spec, **values)) == key


def test_a_line_needs_ids(desk: Engine) -> None:
    values = {"model": "finder", "track": False}
    assert refusal(lambda: StreamOptions.from_values(desk, values, LINE)) == "video_no_ids"


def test_no_way_leads_to_unchecked_options(desk: Engine) -> None:
    options = StreamOptions(desk.spec("finder"), blur=("red thing",))
    assert refusal(lambda: replace(options, every=2)) == "video_hide"
    assert refusal(lambda: replace(options, iou=-1)) == "out_of_range"
    assert refusal(lambda: replace(options, spec=desk.spec("guesser"))) == "video_hide"
    with pytest.raises(FrozenInstanceError):
        options.every = 2  # type: ignore[misc]


def test_the_defaults(desk: Engine) -> None:
    spec = desk.spec("finder")
    options = StreamOptions.from_values(desk, {"model": "finder"})
    assert options == StreamOptions(spec, 0.25, 0.7, (), 1, True, None, None, (), False)


def test_plain_values_are_converted(desk: Engine) -> None:
    values: dict[str, object] = {
        "model": "finder",
        "confidence": 1,
        "classes": ["red thing", "red thing"],
        "every": 3.0,
        "size": 0,
        "heat": True,
        "type": "options",
    }
    options = StreamOptions.from_values(desk, values)
    assert options == StreamOptions(
        desk.spec("finder"), 1.0, classes=("red thing",), every=3, size=None, heat=True
    )


def test_a_classifier_ignores_the_switches_about_boxes(desk: Engine) -> None:
    values: dict[str, object] = {"model": "guesser", "track": "often", "heat": "much"}
    options = StreamOptions.from_values(desk, values)
    assert not options.track
    assert not options.heat
    assert not options.tracks


def test_a_sentence_names_the_blurring_as_its_callers_do(desk: Engine) -> None:
    """The argument of `/video` and the option of the command line are called `hide`."""
    with pytest.raises(DemoError, match="hide"):
        StreamOptions.from_values(desk, {"model": "finder", "blur": "red thing"})


def test_no_confidence_is_the_models_own(desk: Engine) -> None:
    given = {"model": "finder", "confidence": None, "iou": None}
    options = StreamOptions.from_values(desk, given)
    assert (options.confidence, options.iou) == default_thresholds(options.spec)
