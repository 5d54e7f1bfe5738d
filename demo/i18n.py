"""User-visible strings in English, simplified and traditional Chinese (`demo/strings/*.toml`)."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

LOCALES = ("en", "zh-CN", "zh-TW")
_FOLDER = Path(__file__).parent / "strings"

_TRADITIONAL = ("hant", "tw", "hk", "mo")


@cache
def strings() -> dict[str, dict[str, str]]:
    """Return all strings as key → locale → text. Raises ValueError for a key in two places."""
    table: dict[str, dict[str, str]] = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        for key, texts in tomllib.loads(path.read_text("utf-8")).items():
            if key in table:
                raise ValueError(f"the string {key!r} stands twice, again in {path.name}")
            table[key] = texts
    return table


def translate(key: str, locale: str, **fields: object) -> str:
    """Return the string `key` in `locale` (one of LOCALES), its {fields} replaced."""
    return strings()[key][locale].format(**fields)


def known(key: str) -> bool:
    """Whether there is a string with this key."""
    return key in strings()


def locale_of(accept_language: str) -> str:
    """Choose from LOCALES by an Accept-Language header (RFC 9110 §12.5.4), `en` by default.

    Every Chinese variant gets Chinese: Hant, TW, HK and MO in traditional characters.
    """
    ranked: list[tuple[float, int, str]] = []
    for position, part in enumerate(accept_language.split(",")):
        # White space may stand around the semicolon.
        tag, _, quality = (piece.strip() for piece in part.partition(";"))
        try:
            weight = float(quality.lower().removeprefix("q=")) if quality else 1.0
        except ValueError:
            weight = 0.0
        if tag and weight > 0:
            ranked.append((-weight, position, tag.lower()))
    for _, _, tag in sorted(ranked):
        subtags = tag.split("-")
        if subtags[0] == "zh":
            return "zh-TW" if any(s in _TRADITIONAL for s in subtags[1:]) else "zh-CN"
        if subtags[0] == "en":
            return "en"
    return "en"


def locale_for(headers: Mapping[str, str], asked: str = "") -> str:
    """Choose from LOCALES for a request: the page's language, else the browser's.

    Args:
        headers: of the request. The page keeps its language in its address, which browsers send
            as the Referer of all that it asks for.
        asked: what the request itself names, where it does; anything else counts as not named.
    """
    if asked in LOCALES:
        return asked
    try:
        named = parse_qs(urlsplit(headers.get("referer", "")).query).get("lang", [])
    except ValueError:
        named = []
    return next((one for one in named if one in LOCALES), None) or locale_of(
        headers.get("accept-language", "")
    )
