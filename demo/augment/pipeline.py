"""Transforms in a row: read from JSON, checked, drawn from one seed, applied, replayed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from demo import validate
from demo.augment.spec import Boxes, Drawn, Param, SizeWH, Transform, to_image, to_tensor
from demo.augment.workers import in_parallel
from demo.discover import collect
from demo.errors import DemoError
from demo.results import Image, check_image

if TYPE_CHECKING:
    from torch import Tensor

WORKING_SIDE = 640
"""Longest side, pixels, of the copy that every preview is made from; a smaller picture stays."""
MAX_STEPS = 12
MAX_COUNT = 16
MAX_SEED = 2**32 - 1
_MAX_TEXT = 20_000


@cache
def specs() -> dict[str, Transform]:
    """Every transform by its name, in the order of the page."""
    return {spec.name: spec for spec in collect("demo.augment.transforms", "SPEC")}


@dataclass(frozen=True, slots=True)
class Step:
    """One transform with a value for each of its parameters."""

    name: str
    params: dict[str, Any]

    @classmethod
    def parse(cls, value: object) -> "Step":
        """`{"name": …, "params": {…}}`; what `params` leaves out has its default.

        Raises DemoError for an unknown name and for a value outside its parameter.
        """
        if not isinstance(value, dict) or not set(value) <= {"name", "params"}:
            raise DemoError("augment_bad_step", got=validate.brief(value))
        name, given = value.get("name"), value.get("params", {})
        if not isinstance(name, str) or name not in specs():
            some = ", ".join(specs())
            raise DemoError("augment_unknown_transform", got=validate.brief(name), some=some)
        if not isinstance(given, dict):
            raise DemoError("augment_bad_step", got=validate.brief(value))
        spec = specs()[name]
        unknown = set(given) - {param.name for param in spec.params}
        if unknown:
            some = ", ".join(param.name for param in spec.params)
            got = validate.brief(sorted(map(str, unknown))[0])
            raise DemoError("augment_unknown_parameter", transform=name, got=got, some=some)
        return cls(
            name,
            spec.defaults()
            | {
                param.name: _checked(spec, param, given[param.name])
                for param in spec.params
                if param.name in given
            },
        )


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Steps, applied from the first to the last."""

    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, value: object) -> "Pipeline":
        """A list of steps, or JSON text of one. Raises DemoError with the first fault."""
        if isinstance(value, str):
            value = _from_json(value)
        if not isinstance(value, list | tuple):
            raise DemoError("augment_not_a_list", got=validate.brief(value))
        if len(value) > MAX_STEPS:
            raise DemoError("augment_too_many_steps", got=len(value), limit=MAX_STEPS)
        return cls(tuple(Step.parse(step) for step in value))

    def as_json(self) -> list[dict[str, Any]]:
        """What `parse` takes, with every parameter written out."""
        return [{"name": step.name, "params": step.params} for step in self.steps]

    def draw(self, size_wh: SizeWH, seed: int, index: int) -> list[Drawn]:
        """The draws of preview `index`, one `{"name", "values"}` a step.

        Each step has a stream of its own, so that a slider of one leaves the others as they were.
        """
        drawn: list[Drawn] = []
        for place, step in enumerate(self.steps):
            rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index, place)))
            values = specs()[step.name].draw(rng, size_wh, step.params)
            drawn.append({"name": step.name, "values": values})
            size_wh = _size_after(size_wh, values)
        return drawn


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """One preview: the picture, and what was drawn for it (JSON), one entry a step."""

    image: Image
    drawn: list[Drawn]


def preview(image: Image, pipeline: Pipeline, count: object, seed: object) -> list[Preview]:
    """`count` (1–16) pictures drawn from `seed` (0 to 2³²-1), of the working copy of `image`.

    The i-th depends on seed and i alone: more previews leave the first ones as they were. The same
    seed gives the same pixels on every run. Raises DemoError for a count or a seed out of range.
    """
    check_image(image)
    number = validate.whole(count, "count", 1, MAX_COUNT)
    start = checked_seed(seed)
    [picture] = in_parallel(_working_copy, [to_tensor(image)])
    size_wh = working_size((image.shape[1], image.shape[0]))
    draws = [pipeline.draw(size_wh, start, index) for index in range(number)]
    return in_parallel(lambda drawn: Preview(to_image(_changed(picture, drawn)), drawn), draws)


def replay(image: Image, drawn: Sequence[Drawn]) -> Image:
    """The picture of the preview that `drawn` was noted for, again; `image` is the upload."""
    check_image(image)
    return in_parallel(
        lambda steps: to_image(_changed(_working_copy(to_tensor(image)), steps)), [drawn]
    )[0]


def move_boxes(xyxy: Boxes, size_wh: SizeWH, drawn: Sequence[Drawn]) -> Boxes:
    """N×4 float32 boxes, pixels of the upload of `size_wh` → pixels of the preview, clipped."""
    working = working_size(size_wh)
    xyxy = (xyxy * (np.array(working * 2) / np.array(size_wh * 2))).astype(np.float32)
    size_wh = working
    for step in drawn:
        xyxy = specs()[step["name"]].apply_boxes(xyxy, size_wh, step["values"])
        size_wh = _size_after(size_wh, step["values"])
    return xyxy


def working_size(size_wh: SizeWH) -> SizeWH:
    """Width and height of the working copy of a picture of `size_wh`."""
    scale = min(1.0, WORKING_SIDE / max(size_wh))
    return max(1, round(size_wh[0] * scale)), max(1, round(size_wh[1] * scale))


def checked_seed(seed: object) -> int:
    """`seed` as a whole number. Raises DemoError unless it lies in 0 to 2³²-1."""
    number = seed if isinstance(seed, int | float) and not isinstance(seed, bool) else -1
    if 0 <= number <= MAX_SEED and number == int(number):
        return int(number)
    raise DemoError("augment_bad_seed", got=validate.brief(seed), limit=MAX_SEED)


def _working_copy(picture: "Tensor") -> "Tensor":
    from torchvision.transforms.v2 import functional as F

    width, height = working_size((picture.shape[2], picture.shape[1]))
    copy: Tensor = F.resize(picture, [height, width])
    return copy


def _changed(picture: "Tensor", drawn: Sequence[Drawn]) -> "Tensor":
    for step in drawn:
        picture = specs()[step["name"]].change(picture, step["values"])
    return picture


def _size_after(size_wh: SizeWH, values: Drawn) -> SizeWH:
    width, height = values.get("size_wh", size_wh)
    return width, height


def _from_json(text: str) -> object:
    if len(text) > _MAX_TEXT:
        raise DemoError("augment_long_text", got=len(text), limit=_MAX_TEXT)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise DemoError("augment_not_json", got=validate.brief(text)) from None


def _checked(spec: Transform, param: Param, value: object) -> float | int | bool | str:
    name = f"{spec.name}.{param.name}"
    if param.kind == "float":
        return validate.number(value, name, param.low, param.high)
    if param.kind == "int":
        return validate.whole(value, name, int(param.low), int(param.high))
    if param.kind == "bool":
        if not isinstance(value, bool):
            raise DemoError("augment_not_a_switch", name=name, got=validate.brief(value))
        return value
    if not isinstance(value, str) or value not in param.choices:
        some = ", ".join(param.choices)
        raise DemoError("augment_not_a_choice", name=name, got=validate.brief(value), some=some)
    return value
