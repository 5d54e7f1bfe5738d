"""A first description of an owner's file, to be completed by its owner."""

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Draft:
    """text: of `NAME.toml`; empty where the file needs none. found: what the file itself says."""

    text: str
    found: Mapping[str, object]


def draft_text(values: Mapping[str, object]) -> str:
    """The values as TOML, one key a line; None is left out.

    They are texts, numbers, and lists of these, which TOML writes as JSON does.
    """
    lines = [
        f"{key} = {json.dumps(value, ensure_ascii=False)}"
        for key, value in values.items()
        if value is not None
    ]
    return "\n".join(lines) + "\n"
