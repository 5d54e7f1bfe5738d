"""What must not stand in a sentence that refuses: nothing at all, a path, an internal error."""

import re

_PATH = re.compile(r"""(?:^|[\s'"(:=])(?:/[\w.-]+){2,}|[A-Z]:\\|\.py\b""")
_INTERNAL = re.compile(r"Traceback|\b\w+(?:Error|Exception)\b|\bline \d+, in\b|^None$|^null$")
_CHINESE = re.compile(r"[\u4e00-\u9fff]{4}")
_SHORTEST = 12
"""Letters of a sentence; a Chinese one is shorter."""


def faults_of(text: str) -> list[str]:
    """What is wrong with the sentence of a refusal."""
    if len(text.strip()) < _SHORTEST and not _CHINESE.search(text):
        return [f"blank: {text!r}"]
    hidden = _PATH.search(text) or _INTERNAL.search(text)
    return [f"internal: {text[:200]!r}"] if hidden else []
