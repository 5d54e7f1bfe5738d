"""Settings of tabs in the addresses of the page: `/detect?model=yolo11n&classes=dog`."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

import gradio as gr
from gradio.blocks import Block

from demo.errors import DemoError

Control = gr.Checkbox | gr.CheckboxGroup | gr.Dropdown | gr.Number | gr.Radio | gr.Slider
Query = Mapping[str, Sequence[str]]
"""Names of parameters and their texts, as an address states them."""
Reader = Callable[[Sequence[str], Mapping[str, object]], object]
"""Texts of a parameter, values of the parameters before it → value; raises DemoError."""
Props = dict[Block, dict[str, object]]
"""What is set of components, by the names of their properties."""

_MAX_TEXT = 50_000
_MAX_PARAMETERS = 200


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a tab's address.

    name: in the address. component: whose value it is. read: its texts → the value. only: name and
    value of an earlier parameter without which it does not count. always: it is stated whenever
    the tab differs from a new one, since its initial value depends on others or on the server.
    """

    name: str
    component: Control
    read: Reader
    only: tuple[str, str] | None = None
    always: bool = False

    @property
    def initial(self) -> object:
        """What a new page shows."""
        return vars(self.component).get("value")


@dataclass(frozen=True, slots=True)
class TabAddress:
    """The parameters of a tab, in the order in which they are read.

    fit: valid values by parameter, and the locale of the page → what else goes with them; fitted:
    the components that it sets.
    """

    parameters: Sequence[Parameter]
    fit: Callable[[Mapping[str, object], str], Props] = lambda values, locale: {}
    fitted: Sequence[Block] = ()

    def read(self, query: Query, locale: str) -> tuple[Props, list[DemoError]]:
        """What a query sets, and what of it is wrong and ignored; locale: of the page."""
        values: dict[str, object] = {}
        props: Props = {}
        problems: list[DemoError] = []
        for one in self.parameters:
            if one.name not in query or not self._counts(one, values):
                continue
            try:
                values[one.name] = one.read(query[one.name], values)
            except DemoError as problem:
                problems.append(problem)
            else:
                props[one.component] = {"value": values[one.name]}
        for component, more in (self.fit(values, locale) if values else {}).items():
            # What the address states goes before what would go with it.
            props[component] = more | props.get(component, {})
        return props, problems

    def components(self) -> list[Block]:
        """Every component that an address may set."""
        return [*(one.component for one in self.parameters), *self.fitted]

    def _counts(self, one: Parameter, values: Mapping[str, object]) -> bool:
        if one.only is None:
            return True
        name, value = one.only
        earlier = next(other for other in self.parameters if other.name == name)
        return bool(values.get(name, earlier.initial) == value)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a page was opened with: the queries of its tabs; lang: the language that was asked."""

    queries: Mapping[str, Query]
    lang: str

    @classmethod
    def parse(cls, text: object) -> "Opened":
        """Read what `address.js` sends; nothing counts as nothing. Raises DemoError otherwise."""
        if text is None or text == "":
            return cls({}, "")
        if not isinstance(text, str) or len(text) > _MAX_TEXT:
            raise DemoError("unreadable_value")
        try:
            read = json.loads(text)
            queries = {
                str(tab): parse_qs(str(query), max_num_fields=_MAX_PARAMETERS)
                for tab, query in dict(read["queries"]).items()
            }
            lang = str(read["lang"])
        except (ValueError, TypeError, LookupError, RecursionError) as fault:
            raise DemoError("unreadable_value") from fault
        return cls(queries, lang)
