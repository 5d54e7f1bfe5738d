"""Plain values from outside, checked once: each fault becomes one sentence."""

import math
from collections.abc import Iterable

from demo.errors import DemoError


def number(value: object, name: str, low: float, high: float) -> float:
    """`value` as a float in [low, high]. Raises DemoError for NaN, bool, text or out of range."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DemoError("not_a_number", name=name, got=brief(value), low=low, high=high)
    # Compared first: isfinite() overflows on the huge integers that JSON may hold.
    if not low <= value <= high or not math.isfinite(value):
        raise DemoError("out_of_range", name=name, got=brief(value), low=low, high=high)
    return float(value)


def whole(value: object, name: str, low: int, high: int) -> int:
    """`value` as a whole number in [low, high]; 3.0 counts as 3, 1.5 does not."""
    checked = number(value, name, low, high)
    if checked != int(checked):
        raise DemoError("not_whole", name=name, got=brief(value), low=low, high=high)
    return int(checked)


def switch(value: object, name: str) -> bool:
    """`value` where it is true or false, nothing else."""
    if not isinstance(value, bool):
        raise DemoError("not_a_switch", name=name, got=brief(value))
    return value


def names(value: object, name: str, allowed: Iterable[str]) -> tuple[str, ...]:
    """`value` as a tuple of allowed names, without repeats; None and [] are empty."""
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
    """`value` as text of at most 40 characters, fit for a sentence."""
    # Half of a surrogate pair cannot be sent; JSON may hold one.
    text = str(value).encode("utf-8", "replace").decode()
    return text if len(text) <= 40 else text[:39] + "…"
