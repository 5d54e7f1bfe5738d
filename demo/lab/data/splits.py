"""Train/test split of data sets that come without one."""

import hashlib


def is_test(path_in_set: str, folds: int = 5) -> bool:
    """Whether a file is a test file: SHA-1 of its path inside the set, 0 modulo `folds`."""
    return _number(path_in_set) % folds == 0


def is_validation(path_in_set: str, folds: int = 5, share: int = 10) -> bool:
    """Whether a file is for choices between networks: one in `share` of those that are no test.

    By the same SHA-1, divided by `folds`.
    """
    times, rest = divmod(_number(path_in_set), folds)
    return rest != 0 and times % share == 0


def _number(path_in_set: str) -> int:
    return int(hashlib.sha1(path_in_set.encode()).hexdigest(), 16)
