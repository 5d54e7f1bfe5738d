"""The layers of a model of the engine for one picture."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from demo.errors import DemoError
from demo.inference.engine import Engine
from demo.models.carded_classifier import CAM_LAYERS
from demo.models.spec import ImageRequest, ModelSpec
from demo.results import Image

if TYPE_CHECKING:
    from demo.layers.trace import Trace


@dataclass(frozen=True, slots=True, eq=False)
class ModelTrace:
    """The layers of one pass of a model.

    seen: h×w×3 uint8 RGB, the picture as the network saw it, before normalisation.
    """

    labels: tuple[str, ...]
    trace: "Trace"
    seen: Image


def is_traceable(spec: ModelSpec) -> bool:
    """Whether `trace` knows all layers of a model's network: that of `networks.classifiers`."""
    return spec.architecture in CAM_LAYERS


def traceable_models(engine: Engine) -> list[str]:
    """Names of the models that are here and whose layers are all known, the default first."""
    return [
        row["name"]
        for row in engine.models()
        if row["available"] and is_traceable(engine.spec(row["name"]))
    ]


def trace_model(engine: Engine, model: str, image: Image) -> ModelTrace:
    """Ask a model about a picture (H×W×3 uint8 RGB) and keep what every layer computes.

    Raises DemoError for a model with layers that are not known, and as `Engine.run` does.
    """
    from demo.layers.trace import trace

    spec = engine.spec(model)
    if not is_traceable(spec):
        some = ", ".join(traceable_models(engine))
        raise DemoError("layers_unknown", name=model, some=some)
    prepared = spec.family.preprocess(ImageRequest(image))
    with engine.exclusive(model) as held:
        found = held.run(lambda network: trace(network, prepared.inputs))
    assert prepared.view is not None
    return ModelTrace(spec.labels, found, prepared.view.image)
