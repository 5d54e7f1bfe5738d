"""The back end of the CPU: packed convolutions, the plain module, and memory that runs out."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from demo.backends.base import OutOfMemory, all_backends, choose
from demo.backends.torch_cpu import BACKEND
from demo.backends.torch_runner import TorchRunner
from demo.inference.catalog import Catalog
from demo.models.networks.packed_conv import PackedConv
from demo.models.spec import ModelSpec
from demo.settings import Settings


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return Catalog(Settings(cache_dir=tmp_path_factory.mktemp("cache"), offline=True))


def load(catalog: Catalog, name: str) -> tuple[ModelSpec, TorchRunner]:
    spec = catalog.spec(name)
    return spec, BACKEND.load(spec, catalog.open(name, print))


def packed_layers(network: nn.Module) -> int:
    return sum(isinstance(layer, PackedConv) for layer in network.modules())


def test_a_detector_is_packed_and_its_module_is_not(catalog: Catalog) -> None:
    spec, runner = load(catalog, "yolo-vitrine")
    assert packed_layers(runner._network) > 50
    plain = runner.module()
    assert packed_layers(plain) == 0
    inputs = np.random.default_rng(0).random((1, 3, 320, 320), np.float32)
    with torch.inference_mode():
        wanted = plain(torch.from_numpy(inputs)).numpy()
    [output] = runner.run(inputs)
    assert output == pytest.approx(wanted, abs=1e-3)
    assert spec.packs_convolutions
    assert runner.size_bytes == sum(
        t.numel() * t.element_size() for t in [*plain.parameters(), *plain.buffers()]
    )


def test_the_plain_module_has_gradients(catalog: Catalog) -> None:
    _, runner = load(catalog, "cnn-cifar10")
    x = torch.rand(1, 3, 32, 32, requires_grad=True)
    runner.module()(x).max().backward()
    assert x.grad is not None
    assert float(x.grad.abs().sum()) > 0


def test_any_memory_layout_gives_the_same_numbers(catalog: Catalog) -> None:
    _, runner = load(catalog, "cnn-cifar10")
    channels_last = np.random.default_rng(1).random((2, 32, 32, 3), np.float32)
    inputs = channels_last.transpose(0, 3, 1, 2)
    [strided], [dense] = runner.run(inputs), runner.run(np.ascontiguousarray(inputs))
    assert strided == pytest.approx(dense, abs=1e-5)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (torch.OutOfMemoryError("no room"), OutOfMemory),
        (MemoryError(), OutOfMemory),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), OutOfMemory),
        (RuntimeError("shapes do not match"), RuntimeError),
    ],
)
def test_only_exhausted_memory_is_out_of_memory(
    catalog: Catalog, error: Exception, raised: type[Exception]
) -> None:
    class Broken(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise error

    _, runner = load(catalog, "cnn-cifar10")
    runner._network = Broken()
    with pytest.raises(raised):
        runner.run(np.zeros((1, 3, 32, 32), np.float32))


def test_each_device_has_its_back_end(catalog: Catalog, tmp_path: Path) -> None:
    spec = catalog.spec("photo-101")
    for device in ("cpu", "cuda"):
        assert choose(spec, device, all_backends()).name == f"torch-{device}"
    with pytest.raises(LookupError, match="photo-101"):
        choose(spec, "abacus", all_backends())
