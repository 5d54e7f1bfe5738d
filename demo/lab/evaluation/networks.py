"""Published networks from their safetensors files, float32, in evaluation mode."""

from pathlib import Path
from typing import cast

import torch
from safetensors.torch import load_file
from torch import nn

from demo.models import ultralytics
from demo.models.networks.class_anchors import without_anchors
from demo.models.networks.classifiers import NETWORKS
from demo.models.networks.gan import GENERATORS
from demo.models.networks.lite_detector import LiteDetector
from demo.models.yolo import LITE


def load_classifier(file: Path, architecture: str) -> nn.Module:
    """The classifier `NETWORKS[architecture]` with its tensors of `file`."""
    network = NETWORKS[architecture]()
    network.load_state_dict(without_anchors(load_file(file)))
    return network.float().eval()


def load_generator(file: Path, architecture: str) -> nn.Module:
    """The generator `GENERATORS[architecture]` with the weights of `file`."""
    return _filled(GENERATORS[architecture](), file)


def load_detector(file: Path, architecture: str, labels: tuple[str, ...]) -> nn.Module:
    """A `LiteDetector`, or the detector of ultralytics' `<architecture>.yaml`; fused."""
    if architecture == LITE:
        lite = cast(LiteDetector, _filled(LiteDetector(len(labels)), file)).fused()
        return lite.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
    return fused(_filled(ultralytics.build(architecture, len(labels)), file))


def fused(detector: nn.Module) -> nn.Module:
    """A detector of ultralytics with its batch norms folded into the convolutions."""
    network: nn.Module = detector.float().eval().fuse(verbose=False)  # type: ignore[operator]
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _filled(network: nn.Module, file: Path) -> nn.Module:
    network.load_state_dict(load_file(file))
    return network.float().eval()
