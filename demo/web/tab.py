"""What a tab is, and what every tab needs to be built."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import gradio as gr
from gradio.components import Component
from gradio.i18n import I18nData

from demo.i18n import LOCALES, strings
from demo.service.service import Service

Files = tuple[Path, ...]
"""Example pictures that stand together."""
Label = str | I18nData
"""A text, or a key that the browser translates."""

_ALIASES = {
    "en": ("en",),
    "zh-CN": ("zh-CN", "zh", "zh-SG", "zh-MY", "zh-Hans", "zh-Hans-CN", "zh-Hans-SG"),
    "zh-TW": ("zh-TW", "zh-HK", "zh-MO", "zh-Hant", "zh-Hant-TW", "zh-Hant-HK", "zh-Hant-MO"),
}
"""Gradio's front end looks a browser's locale up literally and falls back to English."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a tab is built with.

    service: answers. i18n: the strings that the browser translates with. page: the whole page.
    pickers: the model pickers laid out so far, with the tasks of their models; more_models: what
    holds the others of their tasks. examples: under each input picture, by their files.
    """

    service: Service
    i18n: gr.I18n
    page: gr.Blocks
    pickers: dict[gr.Dropdown, tuple[str, ...]] = field(default_factory=dict)
    more_models: dict[gr.Accordion, tuple[str, ...]] = field(default_factory=dict)
    examples: dict[Component, dict[Files, gr.Column]] = field(default_factory=dict)

    def t(self, key: str) -> I18nData:
        """A label that the browser translates. Raises KeyError for an unknown key."""
        if key not in strings():
            raise KeyError(f"no string {key!r}")
        return self.i18n(key)


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of the page.

    name: its id, unique. order: its place, rising from the left. title: string key of its caption.
    build: called once, inside the tab's layout.
    """

    name: str
    order: int
    title: str
    build: Callable[[Context], None]


def translations() -> gr.I18n:
    """Every string for every locale name that a browser may send."""
    tables = {
        locale: {key: texts[locale] for key, texts in strings().items()} for locale in LOCALES
    }
    names = {alias: tables[locale] for locale in LOCALES for alias in _ALIASES[locale]}
    return gr.I18n(**names)
