import math
from typing import Any

import pytest

from demo import validate
from demo.errors import DemoError


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, True, "0.5", None, [0.5], -0.1, 1.1, 10**400]
)
def test_number_refuses(value: Any) -> None:
    with pytest.raises(DemoError) as caught:
        validate.number(value, "confidence", 0, 1)
    assert "confidence" in str(caught.value)
    assert "1" in str(caught.value)


def test_number_takes_its_limits() -> None:
    assert validate.number(0, "x", 0, 1) == 0.0
    assert validate.number(1, "x", 0, 1) == 1.0


def test_whole_takes_whole_floats_only() -> None:
    assert validate.whole(3.0, "top_k", 1, 5) == 3
    with pytest.raises(DemoError, match="whole number"):
        validate.whole(1.5, "top_k", 1, 5)


def test_switch_takes_true_and_false_only() -> None:
    assert validate.switch(True, "track")
    assert not validate.switch(False, "track")
    wrong: list[object] = [1, 0, "true", None, []]
    for value in wrong:
        with pytest.raises(DemoError, match="track"):
            validate.switch(value, "track")


def test_names_drops_repeats_and_takes_nothing_as_all() -> None:
    assert validate.names(["dog", "cat", "dog"], "classes", ["cat", "dog"]) == ("dog", "cat")
    assert validate.names(None, "classes", ["cat"]) == ()
    assert validate.names([], "classes", ["cat"]) == ()


@pytest.mark.parametrize("value", ["dog", 3, {"dog": 1}, [3], ["unicorn"], [["dog"]]])
def test_names_refuses(value: Any) -> None:
    with pytest.raises(DemoError):
        validate.names(value, "classes", ["cat", "dog"])


def test_a_long_value_is_cut_in_the_sentence() -> None:
    with pytest.raises(DemoError) as caught:
        validate.names(["x" * 5000], "classes", ["cat"])
    assert len(str(caught.value)) < 150
