"""The structure of an ONNX file, read from its protobuf without unpacking any tensor."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

from demo.errors import DemoError

_DOMAINS = {"", "ai.onnx", "ai.onnx.ml", "com.microsoft"}
"""Of the operators that onnxruntime brings along."""
_REACHES_OUT = {"EPContext"}
"""Operators that may name other files."""
_MAX_BYTES = 2**31 - 1
"""Protobuf's own limit."""
_FIRST_TAG = b"\x08"
"""The smallest of a field of protobuf, of the number 1."""
_MAX_MESSAGES = 2_000_000
_MAX_DEPTH = 24

_PARTS: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 8: "opset", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "function": {7: "node", 9: "opset", 11: "attribute"},
}
"""Kind of message → field → kind of message inside; https://github.com/onnx/onnx, onnx.proto."""
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_BITS = {4: 16, 5: 16, 10: 16, 16: 16, 1: 32, 6: 32, 12: 32, 7: 64, 11: 64, 13: 64, 14: 64, 15: 128}
"""Bits of an element by its type; 8 of all others."""
_HALF_BYTES = {21, 22, 23}
_TEXT = 8


@dataclass(slots=True)
class _Found:
    """What a walk through a file has met; domains: of the operators; own: of its functions."""

    domains: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)
    parameters: int = 0
    messages: int = 0


def read_structure(path: Path) -> int:
    """Check an ONNX file, and count the numbers that its tensors hold.

    Raises DemoError for a file that is broken, keeps tensors in other files, uses operators that
    need a library of its own, or declares tensors that it does not hold.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise DemoError("own_onnx_external", file=path.name)
        with path.open("rb") as file:
            # Gigabytes of zeros are no model, and are not read.
            if file.read(1) < _FIRST_TAG:
                raise DemoError("own_onnx_broken", file=path.name)
            file.seek(0)
            content = file.read()
    except OSError:
        raise DemoError("weights_unreadable", file=path.name) from None
    found = _Found()
    try:
        _walk(memoryview(content), "model", found, path.name, 0)
    except (ValueError, IndexError, UnicodeDecodeError):
        raise DemoError("own_onnx_broken", file=path.name) from None
    strange = sorted(found.domains - _DOMAINS - found.own)
    if strange:
        raise DemoError("own_onnx_operators", file=path.name, domain=strange[0])
    if not found.domains:
        raise DemoError("own_onnx_broken", file=path.name)
    return found.parameters


def _walk(message: memoryview, kind: str, found: _Found, file: str, depth: int) -> None:
    """Go through a message and those inside. Raises ValueError for what is no such message."""
    found.messages += 1
    if depth > _MAX_DEPTH or found.messages > _MAX_MESSAGES:
        raise ValueError("expected fewer messages in each other")
    if kind == "tensor":
        found.parameters += _tensor(message, file)
        return
    inner = _PARTS.get(kind, {})
    operator, domain = "", ""
    for number, value in _fields(message):
        if isinstance(value, int):
            continue
        if number in inner:
            _walk(value, inner[number], found, file, depth + 1)
        elif (kind, number) == ("node", 4):
            operator = str(value, "utf-8")
        elif (kind, number) == ("node", 7):
            domain = str(value, "utf-8")
        elif (kind, number) == ("function", 10):
            found.own.add(str(value, "utf-8"))
    if kind == "node":
        found.domains.add(domain)
        if operator in _REACHES_OUT:
            raise DemoError("own_onnx_external", file=file)


def _tensor(message: memoryview, file: str) -> int:
    """How many numbers a tensor has. Raises DemoError where they are not in the file."""
    dims: list[int] = []
    kind, held, texts = 0, 0, 0
    for number, value in _fields(message):
        if number == 1:
            dims += [value] if isinstance(value, int) else list(_varints(value))
        elif number == 2 and isinstance(value, int):
            kind = value
        elif number == 13 or (number == 14 and value != 0):
            raise DemoError("own_onnx_external", file=file)
        elif number == 6:
            texts += 1
        elif number in (4, 5, 7, 9, 10, 11):
            # Packed integers are varints, a byte each at least.
            whole = number in (5, 7, 11) and not isinstance(value, int)
            size = 8 if isinstance(value, int) else len(value)
            held += size * 8 if whole else size
    count = prod(dims)
    if any(side < 0 or side >= 2**40 for side in dims) or count > _held(kind, held, texts):
        raise DemoError("weights_bomb", file=file)
    return count


def _held(kind: int, size_bytes: int, texts: int) -> int:
    """The most numbers of a type that so many bytes, or texts, are."""
    if kind == _TEXT:
        return texts
    return size_bytes * 2 if kind in _HALF_BYTES else size_bytes * 8 // _BITS.get(kind, 8)


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Number and value of each field; numbers of fixed width count as bytes."""
    place, end = 0, len(message)
    while place < end:
        tag, place = _varint(message, place)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            whole, place = _varint(message, place)
            yield number, whole
            continue
        if wire == _BYTES:
            size, place = _varint(message, place)
        elif wire in (_FIXED64, _FIXED32):
            size = 8 if wire == _FIXED64 else 4
        else:
            raise ValueError(f"expected a wire type of protobuf, got {wire}")
        if number < 1 or place + size > end:
            raise ValueError("expected a field inside of its message")
        yield number, message[place : place + size]
        place += size


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """The number at a place, and the place behind it. Raises ValueError for more than 64 bits."""
    value = 0
    for shift in range(0, 70, 7):
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise ValueError("expected a number of at most 64 bits")


def _varints(packed: memoryview) -> Iterator[int]:
    place = 0
    while place < len(packed):
        value, place = _varint(packed, place)
        yield value
