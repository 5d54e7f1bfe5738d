"""Sentences of models' cards in the language of the page.

Cards are written in English, some of their sentences with numbers and classes that training has
found. The strings `card_text_…` hold the sentences with fields in the place of those.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from demo.i18n import strings, translate
from demo.labels.names import display_table

_PREFIX = "card_text_"
_FIELD = re.compile(r"\{(\d)\}")
_LISTED = re.compile(r"(.+?)( [\d.]+)?")
"""An entry of a list in a field: a class, and perhaps its number."""


@lru_cache(maxsize=1024)
def localized_sentence(text: str, labels: tuple[str, ...], locale: str) -> str | None:
    """The sentence in another language; None for one that has no translation.

    Numbers stay as they are, classes get their names.

    Args:
        text: a sentence of a card, in English.
        labels: classes of the model.
        locale: one of `demo.i18n.LOCALES`.
    """
    if locale == "en":
        return text
    for key, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found is None:
            continue
        return _filled(strings()[key][locale], _named(found.groupdict(), labels, locale))
    return None


def localized_sentences(
    texts: tuple[str, ...], labels: tuple[str, ...], locale: str
) -> list[tuple[str, str]]:
    """Each sentence and the locale that it is in: those without a translation stay English."""
    pairs = [(text, localized_sentence(text, labels, locale)) for text in texts]
    return [(text, "en") if found is None else (found, locale) for text, found in pairs]


def _filled(text: str, fields: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda place: fields[f"f{place[1]}"], text)


def _named(fields: dict[str, str], labels: tuple[str, ...], locale: str) -> dict[str, str]:
    """The fields of a sentence, with names in the place of classes."""
    entries = {
        name: [_LISTED.fullmatch(entry) for entry in text.split(", ")]
        for name, text in fields.items()
    }
    # A generator has no classes of its own: the words then tell which vocabulary they are of.
    words = [found[1] for listed in entries.values() for found in listed if found]
    names = display_table(tuple(dict.fromkeys([*labels, *words])), locale)
    return {
        name: translate("list_comma", locale).join(
            names[found[1]] + (found[2] or "") for found in listed if found
        )
        for name, listed in entries.items()
    }


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Key, and what matches the English sentence, of each string."""
    return [
        (key, _pattern(texts["en"])) for key, texts in strings().items() if key.startswith(_PREFIX)
    ]


def _pattern(text: str) -> re.Pattern[str]:
    # The pieces with odd numbers are the numbers of fields.
    pieces = enumerate(_FIELD.split(text))
    return re.compile(
        "".join(f"(?P<f{piece}>.+?)" if i % 2 else re.escape(piece) for i, piece in pieces)
    )
