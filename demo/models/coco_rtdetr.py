"""The official RT-DETR detectors of ultralytics, transformers that find the 80 COCO classes.

No digest of their files is known here, so that none is downloaded: the user puts them into the
folder of weights.
"""

from functools import partial
from typing import TYPE_CHECKING

from demo.models import about, example
from demo.models.checkpoint import fill
from demo.models.coco import LABELS, SIZES, Facts
from demo.models.decoded_detector import DecodedDetector, Layout
from demo.models.spec import ModelSpec, WeightsEntry, WeightsFile
from demo.models.ultralytics import build, detector_state

if TYPE_CHECKING:
    from torch import nn

_SIDE = 640
_ORDER = 117
"""Behind the YOLO detectors."""
LAYOUT = Layout(by_class=False, normalised=True)
"""Of the network's first output: no suppression is needed."""


# Scores as docs.ultralytics.com states them for each model. A test counts the parameters.
_TABLE = (Facts("rtdetr-l", 32_970_476, 53.0), Facts("rtdetr-x", 67_467_852, 54.8))


def load_transformer(
    name: str, architecture: str, labels: tuple[str, ...], file: WeightsFile
) -> "nn.Module":
    """The fused RTDETRDetectionModel of ultralytics' `<architecture>.yaml`.

    Raises DemoError for a file that is broken, unsafe, or of another network or other classes.
    """
    from demo.models.networks.one_output import OneOutput

    state = detector_state(file, labels, name)
    network = build(architecture, len(labels), "RTDETRDetectionModel")
    fill(network, state, file, name)
    return OneOutput(network.eval().fuse(verbose=False), 0).eval()


def _spec(order: int, facts: Facts) -> ModelSpec:
    return ModelSpec(
        name=facts.stem,
        title=f"RT-DETR {SIZES[facts.stem[-1]]}",
        task="detect",
        labels=LABELS,
        input_size=_SIDE,
        architecture=facts.stem,
        licence="AGPL-3.0",
        source="ultralytics",
        weights=WeightsEntry(facts.stem, (".safetensors", ".pt"), f"{facts.stem}.pt"),
        family=DecodedDetector(facts.stem, LABELS, (_SIDE, _SIDE), LAYOUT, "stretch"),
        network=partial(load_transformer, facts.stem, facts.stem, LABELS),
        published={"dataset": "COCO", "metric": "mAP50-95", "value": facts.score},
        params=facts.params,
        order=order,
        about=about.COCO,
        examples=example.COCO,
    )


SPECS = tuple(_spec(order, facts) for order, facts in enumerate(_TABLE, _ORDER))
