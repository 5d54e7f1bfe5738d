"""Addresses of tabs as the server reads them: valid values are set, others are told and ignored."""

import json
from collections.abc import Mapping, Sequence

import gradio as gr
import pytest

from demo.errors import DemoError
from demo.web.address import Opened, Parameter, Props, TabAddress
from demo.web.addressed import read_name, read_names, read_number
from demo.web.components.numbers import Number, Slider

KINDS = {"big": ["oak", "elm"], "small": ["daisy"]}


def plants(values: Mapping[str, object]) -> Sequence[str]:
    return KINDS[str(values.get("kind", "big"))]


class Garden:
    """A tab with a kind of plant, a height, a number, and plants of that kind."""

    def __init__(self) -> None:
        self.kind = gr.Dropdown(list(KINDS), value="big")
        self.height = Slider(0.5, 2, 1, step=0.1)
        self.count = Number(3, minimum=1, maximum=9, precision=0)
        self.names = gr.Dropdown(KINDS["big"], value=[], multiselect=True)
        self.flowers = gr.Checkbox(False)
        self.address = TabAddress(
            (
                Parameter("kind", self.kind, read_name("kind", KINDS)),
                Parameter("height", self.height, read_number("height", self.height)),
                Parameter("count", self.count, read_number("count", self.count)),
                Parameter("names", self.names, read_names("names", plants)),
                Parameter("flowers", self.flowers, lambda _, __: True, only=("kind", "small")),
            ),
            self.fit,
        )

    def fit(self, values: Mapping[str, object], locale: str) -> Props:
        return {self.names: {"choices": plants(values), "value": []}, self.height: {"value": 1.5}}


def test_the_values_of_an_address_are_set() -> None:
    garden = Garden()
    query = {"kind": ["small"], "height": ["0.7"], "names": ["daisy"], "flowers": ["1"]}
    props, problems = garden.address.read(query, "en")
    assert not problems
    assert props == {
        garden.kind: {"value": "small"},
        garden.height: {"value": 0.7},
        garden.names: {"choices": ["daisy"], "value": ["daisy"]},
        garden.flowers: {"value": True},
    }


def test_what_is_not_stated_goes_with_what_is() -> None:
    garden = Garden()
    props, problems = garden.address.read({"kind": ["small"], "colour": ["red"]}, "en")
    assert not problems
    assert props[garden.height] == {"value": 1.5}
    assert garden.count not in props


def test_an_address_without_parameters_sets_nothing() -> None:
    assert Garden().address.read({}, "en") == ({}, [])


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"kind": ["huge"]}, "“huge” is not one of the kind;"),
        ({"height": ["7"]}, "height is 7; it must lie between 0.5 and 2."),
        ({"height": ["tall"]}, "height is “tall”; it must be a number"),
        ({"height": ["nan"]}, "height is nan;"),
        ({"height": ["1e999"]}, "height is inf;"),
        ({"count": ["1.5"]}, "count is 1.5; it must be a whole number"),
        ({"names": ["oak", "daisy"]}, "“daisy” is not one of the names;"),
    ],
)
def test_a_wrong_value_is_one_sentence_and_ignored(
    query: Mapping[str, Sequence[str]], sentence: str
) -> None:
    props, problems = Garden().address.read(query, "en")
    assert [str(problem)[: len(sentence)] for problem in problems] == [sentence]
    assert props == {}


def test_a_wrong_value_takes_no_right_one_with_it() -> None:
    garden = Garden()
    props, problems = garden.address.read(
        {"kind": ["small"], "names": ["oak"], "count": ["4"]}, "en"
    )
    assert [problem.key for problem in problems] == ["unknown_name"]
    assert props == {
        garden.kind: {"value": "small"},
        garden.count: {"value": 4},
        garden.names: {"choices": ["daisy"], "value": []},
        garden.height: {"value": 1.5},
    }


def test_a_parameter_counts_only_beside_its_condition() -> None:
    garden = Garden()
    assert garden.flowers not in garden.address.read({"flowers": ["1"]}, "en")[0]
    assert garden.flowers not in garden.address.read({"kind": ["big"], "flowers": ["1"]}, "en")[0]


def test_what_a_page_was_opened_with_is_read() -> None:
    text = json.dumps({"queries": {"detect": "classes=a+b&classes=c&iou=0.5"}, "lang": "xx"})
    opened = Opened.parse(text)
    assert opened.queries == {"detect": {"classes": ["a b", "c"], "iou": ["0.5"]}}
    assert opened.lang == "xx"


@pytest.mark.parametrize("text", [None, ""])
def test_nothing_is_nothing(text: str | None) -> None:
    assert Opened.parse(text) == Opened({}, "")


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "[]",
        "{}",
        '{"queries": 3, "lang": ""}',
        '{"queries": {}}',
        "[" * 40_000,
        "x" * 60_000,
        json.dumps({"queries": {"detect": "&".join(["a=1"] * 300)}, "lang": ""}),
        5,
        ["a"],
    ],
)
def test_any_other_text_is_refused(text: object) -> None:
    with pytest.raises(DemoError):
        Opened.parse(text)
