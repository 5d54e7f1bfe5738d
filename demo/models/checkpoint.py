"""Loading weights files safely: no code is run, and nothing is unpacked beyond the file's size."""

import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from demo.errors import DemoError
from demo.models.pickled_calls import pickled_calls
from demo.models.spec import WeightsFile
from demo.system import is_out_of_memory

if TYPE_CHECKING:
    from torch import Tensor, nn


_MAX_SHARED = 4
"""How often the bytes of a file may be claimed: networks share a few of their weights."""

_CONSTRUCTORS = (
    *("builtins.bytearray", "torch.nn.modules.", "clip."),
    *("ultralytics.nn.", "ultralytics.utils.loss.", "ultralytics.utils.tal."),
)
"""Starts of the names that no genuine file calls."""
_BROKEN = (
    *(zipfile.BadZipFile, pickle.UnpicklingError, EOFError, RuntimeError, NotImplementedError),
    *(ValueError, TypeError, AttributeError, IndexError, KeyError),
)
"""Raised by zipfile and pickle for archives and pickles that are broken, encrypted or strange."""


def load_state(file: WeightsFile) -> "dict[str, Tensor]":
    """The tensors of a safetensors file or of a torch file, on the CPU; floats are float32.

    In a torch file the tensors may be the root object, or under the key `model` or `state_dict`.
    The file is read and never mapped, so that it may be overwritten afterwards.

    Raises DemoError for a file that is gone, broken, holds anything else, or would take more memory
    than its size on disk; MemoryError where the memory does not suffice.
    """
    if file.path.suffix == ".safetensors":
        state: Mapping[str, Tensor] = _safetensors(file.path)
    else:
        check_archive(file)
        state = _tensors(_unpickle(file.path), file.path.name)
        check_tensors(state.values(), file)
    return floats(state)


def floats(state: "Mapping[str, Tensor]") -> "dict[str, Tensor]":
    """The same tensors with floats as float32; the layer versions are kept where stated."""
    whole = OrderedDict((k, t.float() if t.is_floating_point() else t) for k, t in state.items())
    # torch keeps the layer versions in this attribute; some layers convert old weights by them.
    versions = getattr(state, "_metadata", None)
    if versions is not None:
        whole._metadata = versions  # type: ignore[attr-defined]
    return whole


def check_archive(file: WeightsFile) -> None:
    """Raise DemoError for a torch file that would take more memory than its size when it is read.

    torch.save never compresses, so no member of a genuine file claims to be larger than the file.
    The format of before 2020 states no sizes; it is accepted only where the file is the official
    one of the catalog.

    Neither does a genuine file call the constructors of layers and networks, which may download,
    read files and allocate, nor bytearray, which allocates: torch's restricted unpickler makes such
    calls.
    """
    name = file.path.name
    try:
        with file.path.open("rb") as opened:
            if not zipfile.is_zipfile(opened):
                if file.official:
                    return
                raise DemoError("weights_corrupt", file=name)
            with zipfile.ZipFile(opened) as archive:
                parts = archive.infolist()
                if sum(part.file_size for part in parts) > os.fstat(opened.fileno()).st_size:
                    raise DemoError("weights_bomb", file=name)
                pickled = [part for part in parts if part.filename.endswith(".pkl")]
                calls = [call for part in pickled for call in pickled_calls(archive.read(part))]
                if any(call.startswith(_CONSTRUCTORS) for call in calls):
                    raise DemoError("weights_unsafe", file=name)
    except _BROKEN:
        raise DemoError("weights_corrupt", file=name) from None
    except OSError:
        raise DemoError("weights_unreadable", file=name) from None


def check_tensors(tensors: "Iterable[Tensor]", file: WeightsFile) -> None:
    """Raise DemoError for tensors of other kinds, and for more of them than the file holds.

    Strides of 0 repeat elements, storages may be made without a file, and one storage may be lent
    to thousands of tensors, each of which becomes a copy in float32.
    """
    import torch

    name, size_bytes = file.path.name, _size_bytes(file)
    storages: dict[int, int] = {}
    claimed = 0
    for tensor in tensors:
        if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_nested:
            raise DemoError("weights_unsafe", file=name)
        on_disk = tensor.device.type != "meta"
        storage = tensor.untyped_storage()
        held = storage.nbytes() if on_disk else 0
        if tensor.numel() * tensor.element_size() > held:
            raise DemoError("weights_bomb", file=name)
        if on_disk:
            storages[storage.data_ptr()] = held
        claimed += tensor.numel() * tensor.element_size()
    if sum(storages.values()) > size_bytes or claimed > _MAX_SHARED * size_bytes:
        raise DemoError("weights_bomb", file=name)


def check_finite(state: "Mapping[str, Tensor]", name: str) -> None:
    """Raise DemoError for a state with NaN or infinity, as a training that diverged leaves it."""
    if not all(bool(t.isfinite().all()) for t in state.values() if t.is_floating_point()):
        raise DemoError("not_finite", name=name)


@contextmanager
def no_allocation() -> Iterator[None]:
    """Let layers that are constructed inside the block have no memory: they get the meta device.

    A pickle may construct a layer of any size. Tensors that are read from a file are not affected.
    """
    import torch

    with torch.device("meta"):
        yield


def fill(
    network: "nn.Module", state: "Mapping[str, Tensor]", file: WeightsFile, model: str
) -> None:
    """Load the tensors into the network, without a copy; it may be on the meta device.

    Raises DemoError where names or shapes are not those of the network.
    """
    try:
        network.load_state_dict(state, assign=True)
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise
        raise DemoError("weights_do_not_fit", file=file.path.name, name=model) from None


def nbytes(network: "nn.Module") -> int:
    """Size of all parameters and buffers, bytes."""
    held = [*network.parameters(), *network.buffers()]
    return sum(tensor.numel() * tensor.element_size() for tensor in held)


def _safetensors(path: Path) -> "dict[str, Tensor]":
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        content = path.read_bytes()
    except OSError:
        raise DemoError("weights_unreadable", file=path.name) from None
    try:
        state: dict[str, Tensor] = load(content)
    except (SafetensorError, KeyError):
        raise DemoError("weights_corrupt", file=path.name) from None
    return state


def _unpickle(path: Path) -> object:
    import torch

    try:
        with no_allocation():
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        key = "weights_unsafe" if "weights_only" in str(error) else "weights_corrupt"
        raise DemoError(key, file=path.name) from None
    except OSError:
        raise DemoError("weights_unreadable", file=path.name) from None
    except (RuntimeError, EOFError, KeyError, ValueError, TypeError, AttributeError) as error:
        if is_out_of_memory(error):
            raise
        raise DemoError("weights_corrupt", file=path.name) from None


def _size_bytes(file: WeightsFile) -> int:
    try:
        return file.path.stat().st_size
    except OSError:
        raise DemoError("weights_unreadable", file=file.path.name) from None


def _tensors(loaded: object, name: str) -> "Mapping[str, Tensor]":
    from torch import Tensor

    for key in ("model", "state_dict"):
        if isinstance(loaded, Mapping) and isinstance(loaded.get(key), Mapping):
            loaded = loaded[key]
    if not isinstance(loaded, Mapping) or not loaded:
        raise DemoError("weights_no_tensors", file=name)
    if not all(isinstance(k, str) and isinstance(v, Tensor) for k, v in loaded.items()):
        raise DemoError("weights_no_tensors", file=name)
    return cast(Mapping[str, Tensor], loaded)
