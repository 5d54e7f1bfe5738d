"""Train/test split of data sets that come without one."""

import hashlib


def is_test(path_in_set: str, folds: int = 5) -> bool:
    """Whether a file is a test file: SHA-1 of its path inside the set, 0 modulo `folds`."""
    return int(hashlib.sha1(path_in_set.encode()).hexdigest(), 16) % folds == 0
