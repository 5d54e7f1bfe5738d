"""The description of a network's layers in a checkpoint of ultralytics, as a file may state it."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

_MAX_LAYERS, _MAX_CHANNELS, _MAX_DEPTH = 500, 8192, 20
_Factor = Annotated[float, Field(gt=0, le=4)]
"""Depth and width multiply the layers; the largest published network has 1.5 of both."""
_CLASS = r"^(nn\.|torch\.nn\.|torchvision\.ops\.)?\w+$"
_CALL = r"^(torch\.)?nn\.\w+\([\w.,= ]*\)$"
"""A call of one class with plain values, such as `nn.LeakyReLU(0.1)`."""
_Name = Annotated[str, Field(pattern=_CLASS)]
_Activation = Annotated[str, Field(pattern=_CALL)]
_Row = tuple[int | list[int], Annotated[int, Field(ge=1, le=100)], _Name, list[object]]
"""Where the input comes from, how many layers in a row, their class, its arguments."""


class _Layers(BaseModel):
    backbone: Annotated[list[_Row], Field(min_length=1, max_length=_MAX_LAYERS)]
    head: Annotated[list[_Row], Field(max_length=_MAX_LAYERS)]
    channels: Literal[3] = 3
    ch: Literal[3] = 3
    scales: dict[str, tuple[_Factor, _Factor, float]] | None = None
    activation: _Activation | None = None
    depth_multiple: _Factor = 1
    width_multiple: _Factor = 1


def is_sane(description: Mapping[str, object]) -> bool:
    """Whether a description is plain data, and of no more layers than a real network has."""
    try:
        layers = _Layers.model_validate(description)
    except ValidationError:
        return False
    count = sum(row[1] for row in (*layers.backbone, *layers.head))
    return count <= _MAX_LAYERS and _is_plain(description)


def _is_plain(value: object, depth: int = 0) -> bool:
    """Whether a value is made of numbers of a usual size, texts, lists and dicts alone."""
    if depth > _MAX_DEPTH:
        return False
    if isinstance(value, Mapping):
        keys, inner = list(value), list(value.values())
        return all(isinstance(key, str | int) for key in keys) and _is_plain(inner, depth + 1)
    if isinstance(value, list | tuple):
        return len(value) <= _MAX_LAYERS and all(_is_plain(one, depth + 1) for one in value)
    if isinstance(value, bool | str) or value is None:
        return True
    return isinstance(value, int | float) and abs(value) <= _MAX_CHANNELS
