"""How comparisons of each task look: one file a task, which declares `VIEW`."""

from functools import cache

from demo.discover import collect
from demo.web.views.comparisons.base import AnyComparisonView


def find(task: str) -> AnyComparisonView:
    """The view of a task. Raises KeyError for a task without one."""
    return _by_task()[task]


@cache
def _by_task() -> dict[str, AnyComparisonView]:
    return {view.name: view for view in collect(__name__, "VIEW")}
