"""Which files of a set without a split of its own are never trained on."""

import hashlib


def is_test(inside: str, parts: int = 5) -> bool:
    """Whether a file belongs to the test part: SHA-1 of its path inside the set, 0 modulo parts."""
    return int(hashlib.sha1(inside.encode()).hexdigest(), 16) % parts == 0
