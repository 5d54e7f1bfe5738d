"""Weights alone, as safetensors or a torch file, with a description `NAME.toml` beside them."""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from demo.errors import DemoError
from demo.models.checkpoint import check_finite, fill, load_state
from demo.models.classifier import Classifier, Preprocessing
from demo.models.own import architectures, detector_state
from demo.models.own.architectures import IMAGENET_CLASSES, Architecture, labels_of_imagenet
from demo.models.own.base import Run, own_spec, refused_pickle
from demo.models.own.description import (
    Description,
    description_file,
    read_description,
    read_labels,
)
from demo.models.own.draft import Draft, draft_text
from demo.models.spec import ModelSpec, WeightsFile
from demo.validate import brief

if TYPE_CHECKING:
    from torch import Tensor, nn


_PREFIX = re.compile(r"(?:module|model|net|network)\.")
"""What trainers put before the name of each tensor."""
_NEAREST = 20
"""Architectures that are compared with a state, by the number of their parameters."""
_COUNTER = ".num_batches_tracked"


class StateFile:
    """The state of a classifier of torchvision, this project or timm, or of a YOLO."""

    name = "state"
    order = 20
    suffixes = (".safetensors", ".pth", ".pt")

    def spec(self, path: Path, name: str) -> ModelSpec:
        """The model of a file of tensors and its description.

        Raises DemoError where either is missing or broken, or they do not fit each other.
        """
        found = read_description(path)
        if found is None:
            refused_pickle(path)
            raise DemoError("own_alone", file=path.name, toml=description_file(path).name)
        if not found.architecture:
            raise DemoError("own_no_architecture", file=description_file(path).name)
        if detector_state.is_detector(found.architecture):
            return detector_state.spec(path, name, found)
        kind = architectures.find(found.architecture)
        if kind is None:
            file, got = description_file(path).name, brief(found.architecture)
            raise DemoError("own_architecture", file=file, got=got)
        return _classifier(path, name, found, kind)

    def draft(self, path: Path) -> Draft:
        """What the shapes of the tensors say, as a description. Raises DemoError as `spec` does."""
        refused_pickle(path)
        state = plain(load_state(WeightsFile(path, sha256="")))
        fitting = _fitting(state)
        if not fitting:
            return Draft(draft_text({"architecture": ""}), {"tensors": len(state)})
        kind, classes = fitting[0]
        preset = kind.preset
        labels = None if classes == IMAGENET_CLASSES else [f"class {i}" for i in range(classes)]
        values = {
            "architecture": kind.name,
            "labels": labels,
            "size": preset.crop,
            "resize": preset.resize,
            "interpolation": preset.interpolation,
            "mean": list(preset.mean),
            "std": list(preset.std),
        }
        others = ", ".join(other.name for other, _ in fitting[1:])
        return Draft(
            draft_text(values),
            {"architecture": kind.name, "classes": classes, "also": others},
        )


READER = StateFile()


def plain(state: "Mapping[str, Tensor]") -> "Mapping[str, Tensor]":
    """The state without a word that a trainer put before every name."""
    first = _PREFIX.match(next(iter(state), ""))
    if first is None or not all(key.startswith(first[0]) for key in state):
        return state
    return {key.removeprefix(first[0]): tensor for key, tensor in state.items()}


def _classifier(path: Path, name: str, found: Description, kind: Architecture) -> ModelSpec:
    state = kind.adapt(plain(load_state(WeightsFile(path, sha256=""))))
    check_finite(state, path.name)
    preset = preprocessing(found, kind.preset)
    outputs = _outputs(kind, preset.crop, state, path)
    labels = read_labels(path, found) or (
        labels_of_imagenet() if outputs == IMAGENET_CLASSES else ()
    )
    if len(labels) != outputs:
        raise DemoError("own_labels", file=path.name, labels=len(labels), outputs=outputs)
    load = partial(_load, name, kind, outputs, preset.crop)
    network = load(WeightsFile(path, sha256=""))
    run = Run(
        Classifier(name, preset, labels),
        preset.crop,
        load,
        fixed_size=True,
        cam_layers=kind.cam_layers,
        attention_layers=kind.attention_layers,
    )
    return own_spec(
        path,
        name=name,
        task="classify",
        labels=labels,
        architecture=kind.name,
        params=sum(parameter.numel() for parameter in network.parameters()),
        run=run,
    )


def preprocessing(found: Description, preset: Preprocessing) -> Preprocessing:
    """What the description says, and where it says nothing, what the preset does."""
    crop = found.size or preset.crop
    return Preprocessing(
        found.resize or round(crop * preset.resize / preset.crop),
        crop,
        found.interpolation or preset.interpolation,
        found.mean or preset.mean,
        found.std or preset.std,
    )


def _load(name: str, kind: Architecture, classes: int, side: int, file: WeightsFile) -> "nn.Module":
    network = kind.build(classes, side)
    fill(network, kind.adapt(plain(load_state(file))), file, kind.name)
    return network.eval()


def _outputs(kind: Architecture, side: int, state: "Mapping[str, Tensor]", path: Path) -> int:
    """How many classes the last layer of a state has; raises DemoError for another network's."""
    classes = _classes(kind, side, state)
    if classes is None:
        raise DemoError("weights_do_not_fit", file=path.name, name=kind.name)
    return classes


def _classes(kind: Architecture, side: int, state: "Mapping[str, Tensor]") -> int | None:
    """The number of classes with which the state has the shapes of the architecture, or None."""
    tensors = kind.build(IMAGENET_CLASSES, side).state_dict()
    # Files of before 2018 do not count the batches; torch fills that in.
    shapes = {k: tuple(t.shape) for k, t in tensors.items() if not k.endswith(_COUNTER)}
    if shapes.keys() != {key for key in state if not key.endswith(_COUNTER)}:
        return None
    differ = {key for key, shape in shapes.items() if tuple(state[key].shape) != shape}
    if not differ:
        last = next(reversed(shapes))
        return shapes[last][0] if shapes[last] else None
    counts = {state[key].shape[:1] for key in differ}
    same_tails = all(
        state[key].ndim == len(shapes[key])
        and shapes[key][0] == IMAGENET_CLASSES
        and tuple(state[key].shape[1:]) == shapes[key][1:]
        for key in differ
    )
    return int(next(iter(counts))[0]) if same_tails and len(counts) == 1 else None


def _fitting(state: "Mapping[str, Tensor]") -> list[tuple[Architecture, int]]:
    """The architectures whose shapes a state has, and its classes; those of one size first."""
    held = sum(tensor.numel() for tensor in state.values())
    near = sorted(architectures.known().values(), key=lambda kind: abs(kind.params - held))
    found = []
    for kind in near[:_NEAREST]:
        classes = _classes(kind, kind.preset.crop, kind.adapt(state))
        if classes is not None:
            found.append((kind, classes))
    return found
