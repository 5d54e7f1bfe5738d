"""Every visible string, in English, simplified and traditional Chinese (`demo/strings/*.toml`)."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LOCALES = ("en", "zh-CN", "zh-TW")
_FOLDER = Path(__file__).parent / "strings"

_TRADITIONAL = ("hant", "tw", "hk", "mo")


@cache
def strings() -> dict[str, dict[str, str]]:
    """All strings: key → locale → text. Raises ValueError where a key stands twice."""
    table: dict[str, dict[str, str]] = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        for key, texts in tomllib.loads(path.read_text("utf-8")).items():
            if key in table:
                raise ValueError(f"the string {key!r} stands twice, again in {path.name}")
            table[key] = texts
    return table


def translate(key: str, locale: str, **fields: object) -> str:
    """The string `key` in `locale` (one of LOCALES) with its {fields} filled in."""
    return strings()[key][locale].format(**fields)


def known(key: str) -> bool:
    """Whether a string of that key stands in the table."""
    return key in strings()


def locale_of(accept_language: str) -> str:
    """The best of LOCALES for an Accept-Language header (RFC 9110 §12.5.4), `en` without one.

    Every Chinese variant is answered in Chinese: Hant, TW, HK and MO in traditional characters.
    """
    wishes: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept_language.split(",")):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        if tag and weight > 0:
            wishes.append((-weight, place, tag.lower()))
    for _, _, tag in sorted(wishes):
        subtags = tag.split("-")
        if subtags[0] == "zh":
            return "zh-TW" if any(s in _TRADITIONAL for s in subtags[1:]) else "zh-CN"
        if subtags[0] == "en":
            return "en"
    return "en"


def locale_for(headers: Mapping[str, str]) -> str:
    """The visitor's language: the one chosen on the page (its cookie), else the browser's."""
    chosen = _cookie(headers.get("cookie", ""), "vitrine_lang")
    return locale_of(chosen or headers.get("accept-language", ""))


def _cookie(header: str, name: str) -> str:
    for pair in header.split(";"):
        key, _, value = pair.strip().partition("=")
        if key == name:
            return value
    return ""
