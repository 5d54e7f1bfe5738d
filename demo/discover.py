"""Collects what the modules of a package declare: one file, one model, transform or tab."""

from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any


def collect(package: str, name: str) -> list[Any]:
    """Everything that the modules of `package` declare under `name`, sorted by (order, name).

    package: dotted name; name: `SPEC`, `SPECS` or `TAB`. A module may hold one thing or an iterable
    of things under it, or not have it at all. Each thing has a unique `.name`; where it has no
    `.order`, it counts as 0. Raises ValueError with both modules where two things share a name.
    """
    found: dict[str, tuple[str, Any]] = {}
    for module in sorted(info.name for info in iter_modules(import_module(package).__path__)):
        declared = vars(import_module(f"{package}.{module}")).get(name)
        if declared is None:
            continue
        things = declared if isinstance(declared, Iterable) else (declared,)
        for thing in things:
            if thing.name in found:
                first = found[thing.name][0]
                raise ValueError(
                    f"{name} {thing.name!r} stands in {package}.{first} and {package}.{module}"
                )
            found[thing.name] = (module, thing)
    return sorted((thing for _, thing in found.values()), key=_place)


def _place(thing: Any) -> tuple[float, str]:
    return getattr(thing, "order", 0), thing.name
