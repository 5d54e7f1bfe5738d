"""A temporary file for text that grows with the number of pictures; small ones stay in memory."""

from tempfile import SpooledTemporaryFile

_IN_MEMORY_BYTES = 4 << 20


def spool() -> "SpooledTemporaryFile[bytes]":
    """An empty binary file without a name, deleted when it is closed."""
    return SpooledTemporaryFile(_IN_MEMORY_BYTES)
