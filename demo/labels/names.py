"""Names of classes in the languages of the page; their labels stay what programs work with."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import TypeVar

from demo.results import Result

R = TypeVar("R", bound=Result)

_FOLDER = Path(__file__).parent
_COLUMNS = {"zh-CN": 1, "zh-TW": 2}
"""Columns of the files, which tabs separate; the first is the label."""


@lru_cache(maxsize=256)
def display_names(labels: tuple[str, ...], locale: str) -> tuple[str, ...]:
    """The name of each class for people, in the order of `labels`.

    A word means different things in different vocabularies (a kite flies in COCO's photos and is a
    bird in ImageNet's), so that all names are of the one that shares most labels. A class without
    a certain name keeps its label; of several with one name, each has its label behind it.

    Args:
        labels: of one model.
        locale: one of `demo.i18n.LOCALES`.
    """
    if locale not in _COLUMNS:
        return labels
    known = max(_vocabularies(), key=lambda names: sum(label in names for label in labels))
    column = _COLUMNS[locale] - 1
    names = [known[label][column] if label in known else label for label in labels]
    counts = Counter(names)
    return tuple(
        name if counts[name] == 1 or name == label else f"{name} ({label})"
        for name, label in zip(names, labels, strict=True)
    )


def localized(result: R, locale: str) -> R:
    """A result whose labels are names for people, to be shown or drawn and not to be read again."""
    if locale not in _COLUMNS or not result.labels:
        return result
    # Every result that has labels is a dataclass, which its protocol does not say.
    return replace(result, labels=display_names(result.labels, locale))  # type: ignore[type-var]


def display_table(labels: tuple[str, ...], locale: str) -> Mapping[str, str]:
    """Label → its name for people; see `display_names`."""
    return dict(zip(labels, display_names(labels, locale), strict=True))


def with_display(
    facts: Mapping[str, object], labels: tuple[str, ...], locale: str
) -> Mapping[str, object]:
    """The JSON of an answer, in which every row with a `label` also has a `display`.

    That is the name for people; in English nothing is added.
    """
    if locale not in _COLUMNS:
        return facts
    names = display_table(labels, locale)

    def named(row: object) -> object:
        if not isinstance(row, dict) or row.get("label") not in names:
            return row
        return {"label": row["label"], "display": names[row["label"]], **row}

    return {
        key: [named(row) for row in value] if isinstance(value, list) else value
        for key, value in facts.items()
    }


def labels_of(given: Sequence[object], labels: tuple[str, ...]) -> list[object]:
    """Labels in the place of names in any language; what is no name stays as it is.

    given: names or labels, of a request. labels: of the model.
    """
    table = _by_name(labels)
    return [table.get(one, one) if isinstance(one, str) else one for one in given]


@lru_cache(maxsize=256)
def _by_name(labels: tuple[str, ...]) -> Mapping[str, str]:
    """Every name of every class → its label; a label is always itself."""
    table: dict[str, str] = {}
    for locale in _COLUMNS:
        table |= dict(zip(display_names(labels, locale), labels, strict=True))
    return table | {label: label for label in labels}


@cache
def _vocabularies() -> tuple[Mapping[str, tuple[str, str]], ...]:
    """Label → name in simplified and in traditional Chinese, for each file, by its name."""
    return tuple(_read(path) for path in sorted(_FOLDER.glob("*.txt")))


def _read(path: Path) -> dict[str, tuple[str, str]]:
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
    return {label: (simplified, traditional) for label, simplified, traditional in rows}
