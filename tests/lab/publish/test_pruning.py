"""Pruning removes what does least, and what it removes is measured on pictures."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from demo.errors import DemoError
from demo.lab.evaluation.networks import load_classifier
from demo.lab.kinds.base import find_kind
from demo.lab.options import PublishOptions
from demo.lab.publish.pruned_classifier import PRUNED, Block, prune_classifier, pruned_state
from demo.lab.publish.pruning import effects, patch_moments, strongest, without_channels
from demo.lab.recipe import ClassifierRecipe, find_recipe
from demo.lab.training.weights_file import half_state
from demo.models.networks.classifiers import (
    NETWORKS,
    ConvNorm,
    Mirrored,
    photo_101,
    photo_101_pruned,
)

WEIGHTS = Path(__file__).parents[3] / "weights"
INNER = 384


def network() -> nn.Module:
    """`photo-101` with random weights and random statistics of its norms."""
    torch.manual_seed(0)
    made = photo_101().eval()
    for module in made.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
            module.weight.data.uniform_(0.5, 1.5)
    return made


def convolution(layer: nn.Module) -> nn.Conv2d:
    assert isinstance(layer, ConvNorm)
    assert isinstance(layer[0], nn.Conv2d)
    return layer[0]


def pictures(count: int, seed: int) -> Tensor:
    return torch.randn(count, 3, 64, 64, generator=torch.Generator().manual_seed(seed))


def test_dead_channels_are_the_ones_removed_and_the_logits_stay() -> None:
    whole = network()
    block = Block.last_of(whole)
    dead = torch.randperm(INNER, generator=torch.Generator().manual_seed(1))[: INNER - 336]
    with torch.no_grad():
        convolution(block.second).weight[:, dead] = 0
    slim = photo_101_pruned()
    slim.network.load_state_dict(pruned_state(whole, 336, iter([pictures(4, 0)])))
    inputs = pictures(3, 1)
    with torch.inference_mode():
        torch.testing.assert_close(slim.eval()(inputs), Mirrored(whole).eval()(inputs))


def test_the_norm_takes_over_what_a_constant_channel_brought() -> None:
    torch.manual_seed(2)
    layer = ConvNorm(6, 5, nn.Identity()).eval()
    constant = torch.rand(2)

    def reads(seed: int) -> Tensor:
        x = torch.randn(4, 6, 8, 8, generator=torch.Generator().manual_seed(seed))
        x[:, 4:] = constant[:, None, None]
        return x

    moments = patch_moments(layer, convolution(layer), [reads(0)])
    state = {f"b.1.{name}": tensor for name, tensor in layer.state_dict().items()}
    first = ConvNorm(3, 6, nn.GELU())
    state |= {f"b.0.{name}": tensor for name, tensor in first.state_dict().items()}
    pruned = without_channels(state, "b", torch.arange(4), moments)
    slim = ConvNorm(4, 5, nn.Identity()).eval()
    slim.load_state_dict({k[4:]: v for k, v in pruned.items() if k.startswith("b.1.")})
    with torch.inference_mode():
        inside = (slice(None), slice(None), slice(1, -1), slice(1, -1))
        gap = (layer(reads(1)) - slim(reads(1)[:, :4]))[inside]
    # Inside, where no border is read, what was removed is one constant for each output channel:
    # the mean over all positions stands for it up to the border's share.
    assert gap.std(dim=(0, 2, 3)).max() < 1e-5
    assert pruned["b.0.0.weight"].shape == (4, 3, 3, 3)


def test_an_effect_is_the_variance_that_a_channel_brings() -> None:
    torch.manual_seed(3)
    layer = ConvNorm(3, 4, nn.Identity()).eval()
    inputs = torch.randn(20, 3, 6, 6)
    found = effects(layer, patch_moments(layer, convolution(layer), [inputs[:7], inputs[7:]]))
    for channel in range(3):
        kernels = convolution(layer).weight.detach()[:, [channel]]
        alone = F.conv2d(inputs[:, [channel]], kernels, padding=1)
        scaled = alone / (1 + 1e-5) ** 0.5
        expected = scaled.double().var(dim=(0, 2, 3), correction=0).sum()
        assert found[channel] == pytest.approx(float(expected), rel=1e-4)
    assert strongest(torch.tensor([3.0, 1.0, 2.0, 4.0]), 2).tolist() == [0, 3]


def test_the_pruned_network_is_under_ten_mebibytes_and_loads_strictly(tmp_path: Path) -> None:
    file = tmp_path / "net.safetensors"
    slim = photo_101_pruned()
    slim.network.load_state_dict(pruned_state(network(), 336, iter([pictures(2, 0)])))
    save_file(half_state(slim.state_dict()), file)
    assert file.stat().st_size < 10 * 2**20
    assert load_classifier(file, "photo-101-pruned")(pictures(1, 0)).shape == (1, 100)
    with pytest.raises(RuntimeError, match="Missing key"):
        load_classifier(file, "photo-101")


def test_every_smaller_form_has_fewer_channels_than_what_it_is_made_of() -> None:
    for whole, slim in PRUNED.items():
        before, after = (Block.last_of(NETWORKS[name]()).channels for name in (whole, slim))
        assert after < before


def test_what_has_no_smaller_form_is_refused(tmp_path: Path) -> None:
    recipe = find_recipe("cnn3-cifar10")
    assert isinstance(recipe, ClassifierRecipe)
    (tmp_path / "cnn3-cifar10.json").write_bytes((WEIGHTS / "cnn3-cifar10.json").read_bytes())
    options = PublishOptions(tmp_path, tmp_path, None, tmp_path)
    with pytest.raises(DemoError, match="photo-101"):
        next(prune_classifier(recipe, options))


def test_a_kind_without_pruning_says_so(tmp_path: Path) -> None:
    recipe = find_recipe("dcgan-cifar10")
    options = PublishOptions(tmp_path, tmp_path, None, tmp_path)
    with pytest.raises(DemoError, match="dcgan-cifar10"):
        find_kind(recipe.kind).prune(recipe, options)
