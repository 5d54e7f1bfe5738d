"""Clicks on pictures: anybody may send any event."""

from typing import Any

import pytest

from demo.errors import DemoError
from demo.web.click import Click


@pytest.mark.parametrize("index", [[3, 4], (3.0, 4.0), [3, 4.0]])
def test_a_click_has_a_place(index: Any) -> None:
    assert Click(None, {"index": index, "value": None}).place == (3.0, 4.0)


@pytest.mark.parametrize(
    "data",
    [
        *(None, 7, [], {}, "index", {"index": None}, {"index": 3}, {"index": [3]}),
        *({"index": [1, 2, 3]}, {"index": ["1", "2"]}, {"index": [1, None]}),
        *({"index": [True, 1]}, {"index": [float("nan"), 1]}, {"index": [1, float("inf")]}),
        *({"index": "12"}, {"index": {"0": 1, "1": 2}}),
    ],
)
def test_what_is_no_click_is_one_sentence(data: Any) -> None:
    with pytest.raises(DemoError) as caught:
        Click(None, data).place  # noqa: B018
    assert caught.value.key == "unreadable_value"
