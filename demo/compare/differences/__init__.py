"""Where answers agree and differ: one file a task, which declares `DIFFERENCE`."""

from functools import cache

from demo.compare.differences.base import AnyDifference
from demo.discover import collect


def names() -> list[str]:
    """Names of the tasks whose answers can be compared."""
    return list(_by_task())


def find(task: str) -> AnyDifference:
    """How answers of a task are compared. Raises KeyError for a task without comparison."""
    return _by_task()[task]


@cache
def _by_task() -> dict[str, AnyDifference]:
    return {one.name: one for one in collect(__name__, "DIFFERENCE")}
