"""What is shown of a network's layers, against the network itself."""

import numpy as np
import pytest
import torch
from torch import nn

from demo.errors import DemoError
from demo.layers.arithmetic import arithmetic, recomputed, softmax
from demo.layers.cell import Cell
from demo.layers.receptive_field import Window, receptive_field
from demo.layers.trace import Trace, trace
from demo.models.networks.classifiers import NETWORKS, Mirrored

SIDES = {"photo-101": 64, "photo-101-pruned": 64}
SAMPLED = 200


def settled(name: str) -> nn.Module:
    """A network with random weights and norms that are no identities."""
    torch.manual_seed(0)
    network = NETWORKS[name]().eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            for tensor, (low, high) in (
                (module.running_mean, (-0.5, 0.5)),
                (module.running_var, (0.5, 2)),
                (module.weight.data, (0.5, 2)),
                (module.bias.data, (-0.5, 0.5)),
            ):
                assert tensor is not None
                tensor.uniform_(low, high)
    return network


def traced(name: str) -> tuple[nn.Module, Trace]:
    network, side = settled(name), SIDES.get(name, 32)
    pixels = np.random.default_rng(1).standard_normal((1, 3, side, side), np.float32)
    return network, trace(network, pixels)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_cells_recomputed_from_what_is_shown_are_the_networks(name: str) -> None:
    network, found = traced(name)
    with torch.inference_mode():
        logits = network(torch.from_numpy(found.pixels[None])).numpy()[0]
    assert np.array_equal(found.logits, logits)
    rng = np.random.default_rng(2)
    for layer in found.layers:
        shape = (*layer.output.shape, 1, 1)[:3]
        for _ in range(SAMPLED):
            cell = Cell(*(int(rng.integers(side)) for side in shape))
            shown = arithmetic(layer, cell)
            own = layer.output.reshape(shape)[cell]
            assert shown.value == own
            assert recomputed(shown, layer) == pytest.approx(own, abs=1e-4, rel=1e-4), layer.name
            if shown.patch is not None and shown.patch.kernel is not None:
                part = (shown.patch.values * shown.patch.kernel).sum()
                assert part == pytest.approx(shown.patch.sums[shown.patch.channel], abs=1e-6)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_all_parameters_are_in_a_layer(name: str) -> None:
    network, found = traced(name)
    counted = sum(layer.parameters for layer in found.layers)
    assert counted == sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "photo-101-pruned"])
def test_the_receptive_field_is_where_the_gradient_is(name: str) -> None:
    """Of one cell in the middle of each layer that has rows: no pixel outside changes it."""
    network, found = traced(name)
    if isinstance(network, Mirrored):
        network = network.network  # of one pass
    modules = dict(network.named_modules())
    for number, layer in enumerate(found.layers):
        if layer.output.ndim < 3 or not isinstance(layer.module, nn.Conv2d | nn.MaxPool2d):
            continue
        row, column = layer.output.shape[1] // 2, layer.output.shape[2] // 3
        window = receptive_field(found, number, row, column)
        pixels = torch.from_numpy(found.pixels[None]).requires_grad_()
        kept: list[torch.Tensor] = []
        module = modules[layer.name.removeprefix("network.")]
        hook = module.register_forward_hook(lambda _m, _i, out, kept=kept: kept.append(out))
        network(pixels)
        hook.remove()
        kept[0][0, :, row, column].square().sum().backward()  # type: ignore[no-untyped-call]
        assert pixels.grad is not None
        rows, columns = (pixels.grad[0] != 0).any(0).nonzero().T.numpy()
        seen = Window(rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
        assert window.joined(seen) == window, layer.name
        # A pooled maximum hides the others; elsewhere the rule is exact.
        if not any(isinstance(one.module, nn.MaxPool2d | nn.ReLU) for one in found.layers):
            assert seen == window, layer.name


def test_by_hand() -> None:
    """y = Σ x·w + b at the corner of a picture of 2 × 2, with one ring of padding."""
    conv = nn.Conv2d(1, 1, 3, padding=1)
    conv.weight.data = torch.arange(9.0).reshape(1, 1, 3, 3)
    conv.bias = nn.Parameter(torch.tensor([0.5]))
    found = trace(nn.Sequential(conv).eval(), np.array([[[[1, 2], [3, 4]]]], np.float32))
    shown = arithmetic(found.layers[0], Cell(0))
    assert shown.value == 1 * 4 + 2 * 5 + 3 * 7 + 4 * 8 + 0.5
    assert shown.patch is not None
    assert shown.patch.padding.tolist() == [[True] * 3, [True, False, False], [True, False, False]]
    assert receptive_field(found, 0, 0, 0) == Window(0, 0, 2, 2)


def test_softmax() -> None:
    logits = np.array([1000.0, 1001.0, 900.0], np.float32)
    assert softmax(logits) == pytest.approx([0.26894, 0.73106, 0], abs=1e-5)


@pytest.mark.parametrize("cell", [Cell(32), Cell(0, 32), Cell(0, 0, -1)])
def test_a_cell_outside_is_an_error(cell: Cell) -> None:
    _, found = traced("cnn-cifar10")
    with pytest.raises(DemoError, match="32 × 32 × 32"):
        arithmetic(found.layers[0], cell)


def test_an_unknown_layer_is_an_error() -> None:
    with pytest.raises(ValueError, match="Softmax"):
        trace(nn.Sequential(nn.Softmax(1)), np.zeros((1, 3, 4, 4), np.float32))


def test_a_computation_between_layers_is_an_error() -> None:
    class Doubled(nn.Sequential):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self[1](2 * self[0](x))  # type: ignore[no-any-return]

    with pytest.raises(ValueError, match="output of none"):
        trace(Doubled(nn.ReLU(), nn.ReLU()), np.zeros((1, 3, 4, 4), np.float32))
