"""Options of one stream, checked when they are created and immutable afterwards."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import InstanceOf, PlainValidator, ValidationInfo
from pydantic.dataclasses import dataclass

from demo import validate
from demo.errors import DemoError
from demo.i18n import LOCALES
from demo.inference.engine import Engine
from demo.inference.named_model import named_model
from demo.models.spec import ModelSpec
from demo.tasks import all_tasks, find
from demo.tasks.base import AnyTask
from demo.tasks.detect import DEFAULT_CONFIDENCE, DEFAULT_IOU, MIN_CONFIDENCE, default_thresholds
from demo.tracking.line_counter import CountingLine

MAX_EVERY = 1000
MAX_SIZE = 1280
_BOX_ONLY = ("track", "heat")
"""Switches that a model without boxes ignores."""


def _number(low: float, high: float) -> PlainValidator:
    def check(value: object, info: ValidationInfo) -> float:
        return validate.number(value, str(info.field_name), low, high)

    return PlainValidator(check)


def _every(value: object) -> int:
    return validate.whole(value, "every", 1, MAX_EVERY)


def _size(value: object) -> int | None:
    return validate.whole(value or 0, "size", 0, MAX_SIZE) or None


def _locale(value: object) -> str:
    if value not in LOCALES:
        raise ValueError(f"expected one of {LOCALES}, got {value!r}")
    return str(value)


def _switch(value: object, info: ValidationInfo) -> bool:
    return validate.switch(value, str(info.field_name))


def _classes(value: object, info: ValidationInfo) -> tuple[str, ...]:
    return validate.names(value, "classes", info.data["spec"].labels)


def _blur(value: object, info: ValidationInfo) -> tuple[str, ...]:
    """Refuse a label that the model lacks: leaving it out would show what it names."""
    spec = info.data["spec"]
    for name in value if isinstance(value, list | tuple) else ():
        if name not in spec.labels:
            raise DemoError("hide_unknown", got=validate.brief(name), model=spec.name)
    # The public name of this option, in the HTTP API and on the command line.
    return validate.names(value, "hide", spec.labels)


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """Options of a video or camera stream; an instance with invalid values cannot exist.

    Args:
        spec: the model.
        confidence: lowest score of a box, 0.01–1.
        iou: overlap above which the weaker of two boxes of one class is suppressed, 0–1.
        classes: label names to keep; empty keeps all.
        every: the model runs on every n-th frame, 1–MAX_EVERY; its boxes are held in between.
        track: assign ids, draw trails and count tracks.
        line: counts the tracks that cross it, pixels of the frame; None for no line.
        size: longest side of the network's input, pixels; None is the model's own.
        blur: label names of what is made unrecognisable; needs a result for every frame, since a
            thing may have moved by the next one.
        heat: overlay a heat map of box centres.
        locale: language of the class names that are drawn, one of LOCALES.

    Raises:
        DemoError: for a value out of range, an unknown label, or options that exclude each other.
    """

    spec: InstanceOf[ModelSpec]
    confidence: Annotated[float, _number(MIN_CONFIDENCE, 1.0)] = DEFAULT_CONFIDENCE
    iou: Annotated[float, _number(0.0, 1.0)] = DEFAULT_IOU
    classes: Annotated[tuple[str, ...], PlainValidator(_classes)] = ()
    every: Annotated[int, PlainValidator(_every)] = 1
    track: Annotated[bool, PlainValidator(_switch)] = True
    line: InstanceOf[CountingLine] | None = None
    size: Annotated[int | None, PlainValidator(_size)] = None
    blur: Annotated[tuple[str, ...], PlainValidator(_blur)] = ()
    heat: Annotated[bool, PlainValidator(_switch)] = False
    locale: Annotated[str, PlainValidator(_locale)] = "en"

    def __post_init__(self) -> None:
        if not self.task.streams:
            raise DemoError("video_task", name=self.spec.name)
        if self.line is not None and not self.tracks:
            raise DemoError("video_no_ids")
        if self.blur and (not self.task.finds_boxes or self.every > 1):
            raise DemoError("video_hide")

    @property
    def task(self) -> AnyTask:
        """The task of the model."""
        return find(self.spec.task)

    @property
    def tracks(self) -> bool:
        """Whether boxes get ids: tracking is on, and the model finds boxes."""
        return self.track and self.task.finds_boxes

    @classmethod
    def from_values(
        cls,
        engine: Engine,
        values: Mapping[str, object],
        line: CountingLine | None = None,
        locale: str = "en",
    ) -> Self:
        """Options from plain values, as JSON holds them; see the class for names and ranges.

        Args:
            engine: knows the models.
            values: `model`, a name, and any of the options but `line`; others are ignored. None
                as confidence or iou is the model's own. A model without boxes ignores `track` and
                `heat`.
            line, locale: as in the class.

        Raises:
            DemoError: as the class, and for an unknown model.
        """
        streaming = [task.name for task in all_tasks() if task.streams]
        spec = named_model(engine, values.get("model"), streaming)
        names = ("confidence", "iou", "classes", "every", "track", "size", "blur", "heat")
        given: dict[str, Any] = {name: values[name] for name in names if name in values}
        for name, own in zip(("confidence", "iou"), default_thresholds(spec), strict=True):
            if given.get(name) is None:
                given[name] = own
        if not find(spec.task).finds_boxes:
            given.update(dict.fromkeys(_BOX_ONLY, False))
        return cls(spec, line=line, locale=locale, **given)
