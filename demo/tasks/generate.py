"""Generation: images drawn from random numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

from demo import validate
from demo.models.spec import ModelSpec
from demo.results import GeneratedImages
from demo.tasks.base import JsonObject, Task

_MAX_COUNT = 64
_MAX_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class GenerateQuery:
    """How many images to draw from which seed."""

    seed: int = 0
    count: int = 1
    size: int | None = None


class Generate(Task[GeneratedImages, GenerateQuery]):
    """Images that depend on a seed alone; no picture goes in."""

    name = "generate"
    title = "tab_generate"
    order = 50
    takes_pictures = False

    def parse(self, spec: ModelSpec, values: Mapping[str, object]) -> GenerateQuery:
        """seed 0 to 2³²-1, count 1–64."""
        return GenerateQuery(
            validate.whole(values.get("seed", 0), "seed", 0, _MAX_SEED),
            validate.whole(values.get("count", 1), "count", 1, _MAX_COUNT),
        )

    def facts(self, spec: ModelSpec, result: GeneratedImages, query: GenerateQuery) -> JsonObject:
        """`seed` and `count`."""
        return {"seed": query.seed, "count": len(result.images)}


TASK = Generate()
