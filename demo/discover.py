"""Plug-in discovery: objects that the modules of a package declare, one file a plug-in."""

from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Protocol


class _Declared(Protocol):
    name: str


def collect(package: str, name: str) -> list[Any]:
    """Import the modules of a package and return what they declare, sorted by (order, name).

    Args:
        package: dotted name of the package.
        name: module attribute, such as `SPEC`, `SPECS` or `TAB`; one object or an iterable of
            objects. A module without it is skipped. Each object has a unique attribute `name`, and
            may have a number `order` (0 without one).

    Raises:
        ValueError: two objects share a name; the message has both modules.
    """
    found: dict[str, tuple[str, _Declared]] = {}
    for module in sorted(info.name for info in iter_modules(import_module(package).__path__)):
        declared = vars(import_module(f"{package}.{module}")).get(name)
        if declared is None:
            continue
        for item in declared if isinstance(declared, Iterable) else (declared,):
            if item.name in found:
                first = found[item.name][0]
                raise ValueError(
                    f"{name} {item.name!r} stands in {package}.{first} and {package}.{module}"
                )
            found[item.name] = (module, item)
    return sorted((item for _, item in found.values()), key=_sort_key)


def _sort_key(item: _Declared) -> tuple[float, str]:
    return getattr(item, "order", 0), item.name
