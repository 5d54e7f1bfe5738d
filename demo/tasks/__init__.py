"""Tasks: everything that differs between classification, detection and so on. One file a task."""

from functools import cache

from demo.discover import collect
from demo.errors import DemoError
from demo.tasks.base import AnyTask
from demo.validate import brief


@cache
def _by_name() -> dict[str, AnyTask]:
    return {task.name: task for task in collect("demo.tasks", "TASK")}


def all_tasks() -> list[AnyTask]:
    """Every task, in the order of the page."""
    return list(_by_name().values())


def find(name: str) -> AnyTask:
    """The task of that name. Raises DemoError for an unknown one."""
    if name not in _by_name():
        known = ", ".join(_by_name())
        raise DemoError("unknown_name", name="task", got=brief(name), some=known)
    return _by_name()[name]
