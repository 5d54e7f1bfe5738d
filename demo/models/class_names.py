"""Class names as model files state them."""

from collections.abc import Mapping

from demo.validate import brief


def class_names(names: object) -> tuple[str, ...]:
    """Class names from a list, or from a dict by class id. Raises ValueError for a gap in it."""
    by_id = dict(names) if isinstance(names, Mapping) else dict(enumerate(_listed(names)))
    if sorted(by_id) != list(range(len(by_id))):
        raise ValueError(f"expected class ids from 0 without gaps, got {brief(list(by_id))}")
    return tuple(str(by_id[i]) for i in range(len(by_id)))


def _listed(names: object) -> list[object]:
    if not isinstance(names, list | tuple):
        raise ValueError(f"expected a list of names, got {type(names).__name__}")
    return list(names)
