"""Validation of plain values from requests; a wrong value raises a one-sentence DemoError."""

import math
from collections.abc import Iterable

from demo.errors import DemoError


def number(value: object, name: str, low: float, high: float) -> float:
    """Return `value` as a float in [low, high].

    Raises DemoError for a bool, a text or any other type, for NaN, and for values out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DemoError("not_a_number", name=name, got=brief(value), low=low, high=high)
    # Compared before isfinite(), which overflows on the huge integers that JSON may hold.
    if not low <= value <= high or not math.isfinite(value):
        raise DemoError("out_of_range", name=name, got=brief(value), low=low, high=high)
    return float(value)


def whole(value: object, name: str, low: int, high: int) -> int:
    """Return `value` as an int in [low, high]; 3.0 is accepted, 1.5 raises DemoError."""
    checked = number(value, name, low, high)
    if checked != int(checked):
        raise DemoError("not_whole", name=name, got=brief(value), low=low, high=high)
    return int(checked)


def switch(value: object, name: str) -> bool:
    """Return `value` if it is True or False; anything else raises DemoError."""
    if not isinstance(value, bool):
        raise DemoError("not_a_switch", name=name, got=brief(value))
    return value


def names(value: object, name: str, allowed: Iterable[str]) -> tuple[str, ...]:
    """Return a list of names as a tuple without repeats, in its order; None is the empty list.

    Raises DemoError for anything but a list, and for names that are not in `allowed`.
    """
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise DemoError("not_a_list", name=name, got=brief(value))
    known = set(allowed)
    for item in value:
        if not isinstance(item, str) or item not in known:
            some = ", ".join(sorted(known)[:8])
            raise DemoError("unknown_name", name=name, got=brief(item), some=some)
    return tuple(dict.fromkeys(value))


def brief(value: object) -> str:
    """Format any value for a message, in at most 40 characters."""
    # JSON may hold half of a surrogate pair, which cannot be encoded.
    text = str(value).encode("utf-8", "replace").decode()
    return text if len(text) <= 40 else text[:39] + "…"
