"""Brightness: one number a picture, as the smallest task that there can be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from demo import validate
from demo.export.files import File
from demo.export.formats import to_json
from demo.export.replay import PICTURE
from demo.models.spec import ModelSpec
from demo.tasks.base import JsonObject, QueryField, Task


@dataclass(frozen=True, slots=True)
class Brightness:
    """value: 0–1."""

    value: float
    labels: tuple[str, ...] = ()
    size_bytes: int = 8


@dataclass(frozen=True, slots=True)
class BrightnessQuery:
    """digits: after the decimal point."""

    digits: int
    size: int | None = None


class MeasureBrightness(Task[Brightness, BrightnessQuery]):
    """The mean of all pixels."""

    name = "brightness"
    title = "tab_brightness"
    order = 15
    fields = (QueryField("digits", "number", 3, "digits after the decimal point, 0 to 6."),)
    summary = "Measure how bright a picture is."
    model_doc = "the name of a light meter, see /models."
    returns = "The brightness, 0 to 1, as JSON."

    def parse(self, spec: ModelSpec, values: Mapping[str, object]) -> BrightnessQuery:
        return BrightnessQuery(validate.whole(values.get("digits", 3), "digits", 0, 6))

    def facts(self, spec: ModelSpec, result: Brightness, query: BrightnessQuery) -> JsonObject:
        return {"brightness": round(result.value, query.digits)}

    def files(
        self,
        result: Brightness,
        facts: Mapping[str, Any],
        url: str,
        query: BrightnessQuery | None = None,
        picture: str = PICTURE,
    ) -> list[File]:
        return [File("JSON", "brightness.json", to_json(facts).encode(), "application/json")]


TASK = MeasureBrightness()
