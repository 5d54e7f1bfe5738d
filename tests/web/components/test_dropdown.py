"""A list whose choices follow another control hands on what was chosen from its older choices."""

from typing import Any

import gradio as gr
import pytest

from demo.web.components.dropdown import FollowingDropdown


@pytest.mark.parametrize("given", ["dog", "umbrella", 13, None])
def test_a_value_of_older_choices_reaches_the_handler(given: Any) -> None:
    assert FollowingDropdown(["dog", "cat"]).preprocess(given) == given


@pytest.mark.parametrize("given", [["dog", "umbrella"], [], None])
def test_so_do_several(given: Any) -> None:
    assert FollowingDropdown(["dog", "cat"], multiselect=True).preprocess(given) == given


@pytest.mark.parametrize(
    ("given", "several"),
    [({"a": 1}, False), (["umbrella"], False), ("umbrella", True), ([{}], True)],
)
def test_what_could_never_have_been_chosen_is_refused(given: Any, several: bool) -> None:
    with pytest.raises(gr.Error, match="not in the list of choices"):
        FollowingDropdown(["dog", "cat"], multiselect=several).preprocess(given)
