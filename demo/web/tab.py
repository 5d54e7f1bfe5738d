"""What a tab is, and what every tab needs to be built."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.errors import DemoError
from demo.i18n import LOCALES, locale_for, strings, translate
from demo.service.service import Service

_ALIASES = {
    "en": ("en",),
    "zh-CN": ("zh-CN", "zh", "zh-SG", "zh-MY", "zh-Hans", "zh-Hans-CN", "zh-Hans-SG"),
    "zh-TW": ("zh-TW", "zh-HK", "zh-MO", "zh-Hant", "zh-Hant-TW", "zh-Hant-HK", "zh-Hant-MO"),
}
"""Gradio's front end looks a browser's locale up literally and falls back to English."""


@dataclass(frozen=True, slots=True)
class Context:
    """The desk that answers, the strings that the browser translates by, and the whole page."""

    service: Service
    i18n: gr.I18n
    page: gr.Blocks

    def t(self, key: str) -> Any:
        """A label that the browser shows in its own language."""
        if key not in strings():
            raise KeyError(f"no string {key!r}")
        return self.i18n(key)


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of the page: `build(context)` is called inside it."""

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


def request_locale(request: gr.Request | None) -> str:
    """The visitor's language: the one chosen on the page, else the browser's."""
    return "en" if request is None else locale_for(request.headers)


def base_url(request: gr.Request | None) -> str:
    """The address that the visitor reached this page under, without a slash at its end."""
    if request is None:
        return "http://127.0.0.1:7860"
    headers = request.headers
    scheme = headers.get("x-forwarded-proto", "http").split(",")[0].strip()
    return f"{scheme}://{headers.get('host', '127.0.0.1:7860')}"


def toast_errors(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Turn a DemoError of a handler into a toast in the visitor's language, without a traceback.

    The handler's last parameter is `request: gr.Request`.
    """

    @functools.wraps(handler)
    def wrapped(*values: Any) -> Any:
        try:
            return handler(*values)
        except DemoError as error:
            raise to_toast(error, values[-1]) from None

    return wrapped


def to_toast(error: DemoError, request: gr.Request | None) -> gr.Error:
    """The toast of a DemoError."""
    text = translate(error.key, request_locale(request), **error.fields)
    return gr.Error(text, print_exception=False)
