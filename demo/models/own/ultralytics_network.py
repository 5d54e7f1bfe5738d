"""Networks of ultralytics' checkpoints, built from their description and tensors alone."""

import copy
from pathlib import Path
from typing import Any

from demo.errors import DemoError
from demo.models import ultralytics
from demo.models.checkpoint import fill
from demo.models.own.layer_description import is_sane
from demo.models.spec import WeightsFile
from demo.models.ultralytics import Checkpoint


def read_network(name: str, labels: tuple[str, ...], file: WeightsFile) -> Any:
    """The network of a file. Raises DemoError where it has become one of other classes."""
    found = ultralytics.read_checkpoint(file)
    if found.labels != labels:
        raise DemoError("weights_changed", file=file.path.name)
    return build_network(found, file.path.name, name).eval()


def build_network(found: Checkpoint, file: str, name: str) -> Any:
    """The network of a checkpoint: built from its description, with its tensors.

    Raises DemoError where the description is not one of ultralytics', or the tensors do not fit.
    """
    import torch

    if not is_sane(found.yaml):
        raise DemoError("own_description", file=file)
    try:
        with ultralytics.building() as modules:
            # First without memory: a description may be of a network of any size.
            with torch.device("meta"):
                layers, _ = modules.parse_model(copy.deepcopy(found.yaml), 3, verbose=False)
            shapes = {f"model.{key}": tensor.shape for key, tensor in layers.state_dict().items()}
            if any(found.state[key].shape != shape for key, shape in shapes.items()):
                raise DemoError("own_description", file=file)
            kind = getattr(modules, found.kind)
            network = kind(copy.deepcopy(found.yaml), nc=len(found.labels), verbose=False)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, RuntimeError):
        raise DemoError("own_description", file=file) from None
    fill(network, found.state, WeightsFile(Path(file), sha256=""), name)
    return network
