"""Methods of explanation: one file a method, which declares `METHOD`."""

from functools import cache

from demo.discover import collect
from demo.errors import DemoError
from demo.explain.method import Method
from demo.validate import brief


def all_methods() -> list[Method]:
    """Every method, in the order of the page."""
    return list(_by_name().values())


def find(name: object) -> Method:
    """The method of that name. Raises DemoError for an unknown one."""
    if not isinstance(name, str) or name not in _by_name():
        raise DemoError("explain_no_method", got=brief(name), some=", ".join(_by_name()))
    return _by_name()[name]


@cache
def _by_name() -> dict[str, Method]:
    return {method.name: method for method in collect("demo.explain.methods", "METHOD")}
