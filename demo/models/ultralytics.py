"""Access to ultralytics: imported late, with its side effects on the process undone."""

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from demo.errors import DemoError
from demo.models.checkpoint import (
    check_archive,
    check_tensors,
    floats,
    load_state,
    no_allocation,
)
from demo.models.class_names import class_names
from demo.models.spec import WeightsFile
from demo.system import is_out_of_memory

if TYPE_CHECKING:
    import torch
    from torch import nn


_SAFE = {
    "YOLO_AUTOINSTALL": "false",
    "YOLO_OFFLINE": "true",
    "YOLO_VERBOSE": "false",
    "ULTRALYTICS_SKIP_REQUIREMENTS_CHECKS": "1",
    "ULTRALYTICS_SAFE_LOAD": "true",
}
_lock = threading.Lock()
_building = threading.Lock()


@cache
def _config_home() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="ultralytics-")


def tasks() -> Any:
    """The module `ultralytics.nn.tasks`.

    The first import replaces `PIL.Image.open`, switches OpenCV's threads off and limits the
    threads of child processes; all three are restored. Its settings folder is temporary and
    removed at exit. The environment keeps it from downloading, installing and sending anything.
    """
    with _lock:
        import cv2
        import torch  # noqa: F401 - first: ultralytics limits the threads of one that comes after it
        from PIL import Image

        opener, threads = Image.open, cv2.getNumThreads()
        omp = os.environ.get("OMP_NUM_THREADS")
        os.environ.update(_SAFE)
        if "YOLO_CONFIG_DIR" not in os.environ:
            os.environ["YOLO_CONFIG_DIR"] = _config_home().name
        try:
            from ultralytics.nn import tasks as loaded
        finally:
            Image.open = opener
            cv2.setNumThreads(threads)
            if omp is None:
                os.environ.pop("OMP_NUM_THREADS", None)
        # It reads the environment once, and may have been imported before this was set: building a
        # network would then evaluate texts of its description.
        loaded.SAFE_LOAD = True
        return loaded


@contextmanager
def building() -> Iterator[Any]:
    """`tasks()` for building a network, one at a time.

    A description's activation becomes that of every convolution of the process while its network
    is built, and stays so where that fails: here it is restored.
    """
    modules = tasks()
    with _building:
        activation = modules.Conv.default_act
        try:
            yield modules
        finally:
            modules.Conv.default_act = activation


def build(architecture: str, classes: int, kind: str = "DetectionModel") -> Any:
    """A network of ultralytics' `<architecture>.yaml` with fresh weights; kind: its class."""
    with building() as modules:
        return getattr(modules, kind)(f"{architecture}.yaml", nc=classes, verbose=False)


def undecoded(network: Any, nms_free: bool, head: "Callable[[nn.Module, bool], nn.Module]") -> Any:
    """A network fused, with `head` in place of its own; nms_free: of its one-to-one branch."""
    network = network.eval()
    network.model[-1].end2end = nms_free
    network = network.fuse(verbose=False)
    network.model[-1] = head(network.model[-1], nms_free)
    return network


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """What an ultralytics .pt file holds, as plain data.

    state: the tensors, floats as float32. labels: class names in the order of the outputs. kind:
    name of the network's class, such as `DetectionModel`. yaml: the description of its layers.
    size: side of the pictures that it was trained on, pixels; 0 where the file does not say.
    keypoints: their names, in the order of the outputs; none where the file has none.
    """

    state: "dict[str, torch.Tensor]"
    labels: tuple[str, ...]
    kind: str
    yaml: Mapping[str, object]
    size: int
    keypoints: tuple[str, ...] = ()


def read_checkpoint(file: WeightsFile) -> Checkpoint:
    """Read an ultralytics .pt file, which is a pickled network.

    Ultralytics' restricted loader instantiates known layer classes only, and of the network only
    its tensors and its description are used. Raises DemoError where the file is corrupt or unsafe,
    and MemoryError as `load_state` does.
    """
    check_archive(file)
    name = file.path.name
    try:
        loader = tasks().torch_safe_load
        with no_allocation():
            content, _ = loader(str(file.path), safe_only=True)
        network = content.get("ema") or content["model"]
        state: dict[str, torch.Tensor] = dict(network.state_dict())
        arguments = content.get("train_args") or {}
        found = Checkpoint(
            state,
            class_names(network.names),
            type(network).__name__,
            dict(getattr(network, "yaml", {})),
            _side(arguments.get("imgsz", 0)),
            _keypoint_names(getattr(network, "kpt_names", None)),
        )
    except (TypeError, ModuleNotFoundError) as error:
        if is_out_of_memory(error):
            raise MemoryError from error
        key = "weights_unsafe" if "outside the supported" in str(error) else "weights_corrupt"
        raise DemoError(key, file=name) from None
    except OSError:
        raise DemoError("weights_unreadable", file=name) from None
    except (KeyError, AttributeError, ValueError, RuntimeError, EOFError) as error:
        if is_out_of_memory(error):
            raise
        raise DemoError("weights_corrupt", file=name) from None
    check_tensors(state.values(), file)
    return replace(found, state=floats(state))


def detector_state(
    file: WeightsFile, labels: tuple[str, ...], model: str
) -> "dict[str, torch.Tensor]":
    """The tensors of a detector: a safetensors state, or an ultralytics .pt checkpoint.

    Raises DemoError where the file is corrupt, unsafe, or has other classes than `labels`, and
    MemoryError as `load_state` does.
    """
    if file.path.suffix == ".safetensors":
        return load_state(file)
    checkpoint = read_checkpoint(file)
    if checkpoint.labels != labels:
        raise DemoError("weights_do_not_fit", file=file.path.name, name=model)
    return checkpoint.state


def _keypoint_names(names: object) -> tuple[str, ...]:
    """Of a dict of lists by class id, the first: all classes have equally many keypoints."""
    first = next(iter(names.values()), ()) if isinstance(names, Mapping) else names
    return tuple(map(str, first)) if isinstance(first, list | tuple) else ()


def _side(size: object) -> int:
    """The longest side of `imgsz`, a number or a list of two."""
    sides = size if isinstance(size, list | tuple) else [size]
    return max((side for side in sides if isinstance(side, int)), default=0)
