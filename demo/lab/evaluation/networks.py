"""Published networks from their safetensors files, float32, in evaluation mode."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from demo.models import ultralytics
from demo.models.networks.classifiers import NETWORKS
from demo.models.networks.gan import GENERATORS


def load_classifier(file: Path, architecture: str) -> nn.Module:
    """The classifier `NETWORKS[architecture]` with the weights of `file`."""
    return _filled(NETWORKS[architecture](), file)


def load_generator(file: Path, architecture: str) -> nn.Module:
    """The generator `GENERATORS[architecture]` with the weights of `file`."""
    return _filled(GENERATORS[architecture](), file)


def load_detector(file: Path, architecture: str, labels: tuple[str, ...]) -> nn.Module:
    """The detector of ultralytics' `<architecture>.yaml`, fused, channels last."""
    return fused(_filled(ultralytics.build(architecture, len(labels)), file))


def fused(detector: nn.Module) -> nn.Module:
    """A detector of ultralytics with its batch norms folded into the convolutions."""
    network: nn.Module = detector.float().eval().fuse(verbose=False)  # type: ignore[operator]
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _filled(network: nn.Module, file: Path) -> nn.Module:
    network.load_state_dict(load_file(file))
    return network.float().eval()
