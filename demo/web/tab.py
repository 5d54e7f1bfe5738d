"""What a tab is, and what every tab needs to be built."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import gradio as gr
from gradio.components import Component
from gradio.i18n import I18nData

from demo.i18n import LOCALES, strings
from demo.service.service import Service
from demo.web.address import TabAddress

Files = tuple[Path, ...]
"""Example pictures that stand together."""
Label = str | I18nData
"""A text, or a key that the browser translates."""


class Labels:
    """The labels of the page: only those made while it is laid out travel to browsers."""

    def __init__(self) -> None:
        """Start without labels."""
        self._made: dict[str, I18nData] = {}
        self._closed = False

    def label(self, key: str) -> I18nData:
        """The label of a string. Raises KeyError for an unknown key, once closed for a new one."""
        if key not in self._made:
            if key not in strings() or self._closed:
                raise KeyError(f"no string {key!r}")
            self._made[key] = I18nData(key)
        return self._made[key]

    def close(self) -> gr.I18n:
        """Take no further keys; return the texts of all labels, for every locale.

        Gradio's front end looks the browser's locale up literally; `static/preferences.js` sees to
        it that it is one of ours.
        """
        self._closed = True
        keys = sorted(self._made)
        return gr.I18n(
            **{locale: {key: strings()[key][locale] for key in keys} for locale in LOCALES}
        )


@dataclass(frozen=True, slots=True)
class Context:
    """What a tab is built with.

    service: answers. page: the whole page. labels: those of the page. pickers: the model pickers
    laid out so far, with the tasks of their models; more_models: what holds the others of their
    tasks. addresses: what of each tab stands in its address. pictures: the input pictures, by tab.
    examples: under each input picture, by their files.
    """

    service: Service
    page: gr.Blocks
    pickers: dict[gr.Dropdown, tuple[str, ...]] = field(default_factory=dict)
    labels: Labels = field(default_factory=Labels)
    addresses: dict[str, TabAddress] = field(default_factory=dict)
    pictures: dict[str, gr.Image] = field(default_factory=dict)
    more_models: dict[gr.Accordion, tuple[str, ...]] = field(default_factory=dict)
    examples: dict[Component, dict[Files, gr.Column]] = field(default_factory=dict)

    def t(self, key: str) -> I18nData:
        """A label that the browser translates.

        Raises KeyError for an unknown key, and in a handler for one that the page has no label of.
        """
        return self.labels.label(key)


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of the page.

    name: its id, unique; `/name` is its address. order: its place, rising from the left. title:
    string key of its caption. build: called once, inside the tab's layout.
    """

    name: str
    order: int
    title: str
    build: Callable[[Context], None]
