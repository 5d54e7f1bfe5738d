"""A sequence of transforms: parsed from JSON, sampled from one seed, applied and replayed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from demo import validate
from demo.augment.spec import (
    Boxes,
    Param,
    ParamValue,
    SizeWH,
    Transform,
    to_image,
    to_tensor,
)
from demo.augment.workers import in_parallel
from demo.discover import collect
from demo.errors import DemoError
from demo.results import Image, check_image

if TYPE_CHECKING:
    from torch import Tensor

WORKING_SIDE = 640
"""Longest side of the working copy that previews are made from, pixels; never enlarged."""
MAX_STEPS = 12
MAX_COUNT = 16
MAX_SEED = 2**32 - 1
_MAX_JSON_CHARS = 20_000


@cache
def specs() -> dict[str, Transform]:
    """Every transform by its name, in display order."""
    return {spec.name: spec for spec in collect("demo.augment.transforms", "SPEC")}


class SampledStep(TypedDict):
    """The sampled parameters of one step; JSON, and an item of `drawn` in the API."""

    name: str
    """Of the transform."""
    values: Mapping[str, object]
    """What its `sample` returned."""


class StepJson(TypedDict):
    """One step as the API takes and returns it."""

    name: str
    params: dict[str, ParamValue]


@dataclass(frozen=True, slots=True)
class Step:
    """One transform with a value for each of its parameters."""

    name: str
    params: dict[str, ParamValue]

    @classmethod
    def parse(cls, value: object) -> "Step":
        """A step from `{"name": …, "params": {…}}`; missing parameters get their defaults.

        Raises:
            DemoError: for an unknown transform or parameter, or a value outside its range.
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
        values = spec.defaults()
        for param in spec.params:
            if param.name in given:
                values[param.name] = _checked(spec, param, given[param.name])
        return cls(name, values)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Steps, applied in order."""

    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, value: object) -> "Pipeline":
        """A pipeline from a list of steps or its JSON text.

        Raises:
            DemoError: names the first fault.
        """
        if isinstance(value, str):
            value = _from_json(value)
        if not isinstance(value, list | tuple):
            raise DemoError("augment_not_a_list", got=validate.brief(value))
        if len(value) > MAX_STEPS:
            raise DemoError("augment_too_many_steps", got=len(value), limit=MAX_STEPS)
        return cls(tuple(Step.parse(step) for step in value))

    def as_json(self) -> list[StepJson]:
        """The form that `parse` takes, with every parameter written out."""
        return [{"name": step.name, "params": step.params} for step in self.steps]

    def sample(self, size_wh: SizeWH, seed: int, index: int) -> list[SampledStep]:
        """The random parameters of preview `index` for a picture of `size_wh`, one entry a step.

        Each step has its own random stream, so that changing one step's parameters leaves the
        samples of the others as they were.
        """
        sampled: list[SampledStep] = []
        for place, step in enumerate(self.steps):
            rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index, place)))
            spec = specs()[step.name]
            values = spec.sample(rng, size_wh, step.params)
            sampled.append({"name": step.name, "values": values})
            size_wh = spec.size_after(size_wh, values)
        return sampled


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """One preview: its picture and the parameters that were sampled for it, one entry a step."""

    image: Image
    sampled: list[SampledStep]


def preview(image: Image, pipeline: Pipeline, count: object, seed: object) -> list[Preview]:
    """Random previews of the working copy of `image`.

    The i-th preview depends on the seed and i alone: a larger count leaves the first ones as they
    were. The same seed gives the same pixels on every run.

    Args:
        image: H×W×3 uint8 RGB.
        pipeline: the transforms.
        count: number of previews, 1 to 16.
        seed: 0 to 2³²-1.

    Raises:
        DemoError: for a count or a seed out of range.
    """
    check_image(image)
    number = validate.whole(count, "count", 1, MAX_COUNT)
    start = checked_seed(seed)
    [picture] = in_parallel(_working_copy, [to_tensor(image)])
    size_wh = working_size((image.shape[1], image.shape[0]))
    samples = [pipeline.sample(size_wh, start, index) for index in range(number)]
    return in_parallel(lambda steps: Preview(to_image(apply_steps(picture, steps)), steps), samples)


def replay(image: Image, sampled: Sequence[SampledStep]) -> Image:
    """The preview of the upload `image` with the given sampled parameters (`Preview.sampled`)."""
    check_image(image)
    return in_parallel(
        lambda steps: to_image(apply_steps(_working_copy(to_tensor(image)), steps)), [sampled]
    )[0]


def apply_steps(picture: "Tensor", sampled: Sequence[SampledStep]) -> "Tensor":
    """3×H×W uint8 RGB through all steps with their sampled parameters, at its own size."""
    for step in sampled:
        picture = specs()[step["name"]].apply(picture, step["values"])
    return picture


def move_boxes(xyxy: Boxes, size_wh: SizeWH, sampled: Sequence[SampledStep]) -> Boxes:
    """N×4 float32 boxes, pixels of the upload of `size_wh` → pixels of the preview, clipped."""
    working = working_size(size_wh)
    xyxy = (xyxy * (np.array(working * 2) / np.array(size_wh * 2))).astype(np.float32)
    size_wh = working
    for step in sampled:
        spec = specs()[step["name"]]
        xyxy = spec.apply_to_boxes(xyxy, size_wh, step["values"])
        size_wh = spec.size_after(size_wh, step["values"])
    return xyxy


def working_size(size_wh: SizeWH) -> SizeWH:
    """Width and height of the working copy of a picture of `size_wh`."""
    scale = min(1.0, WORKING_SIDE / max(size_wh))
    return max(1, round(size_wh[0] * scale)), max(1, round(size_wh[1] * scale))


def checked_seed(seed: object) -> int:
    """`seed` as an integer. Raises DemoError unless it is a whole number in 0 to 2³²-1."""
    number = seed if isinstance(seed, int | float) and not isinstance(seed, bool) else -1
    if 0 <= number <= MAX_SEED and number == int(number):
        return int(number)
    raise DemoError("augment_bad_seed", got=validate.brief(seed), limit=MAX_SEED)


def _working_copy(picture: "Tensor") -> "Tensor":
    from torchvision.transforms.v2 import functional as F

    width, height = working_size((picture.shape[2], picture.shape[1]))
    copy: Tensor = F.resize(picture, [height, width])
    return copy


def _from_json(text: str) -> object:
    if len(text) > _MAX_JSON_CHARS:
        raise DemoError("augment_long_text", got=len(text), limit=_MAX_JSON_CHARS)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise DemoError("augment_not_json", got=validate.brief(text)) from None


def _checked(spec: Transform, param: Param, value: object) -> ParamValue:
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
