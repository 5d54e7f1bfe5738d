"""Attention roll-out of torchvision's vision transformers, against the arithmetic by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.models import VisionTransformer

from demo.errors import DemoError
from demo.explain.explanation import asked, methods_for
from demo.explain.methods.attention_rollout import METHOD
from demo.explain.passes import Passes
from demo.models import imagenet
from demo.models.spec import ModelSpec
from demo.models.target import Target
from tests.explain.conftest import SIDE, passes_of, spec_of

DEPTH, HEADS, WIDTH, PATCH = 3, 4, 32, 8


@pytest.fixture(scope="module")
def network() -> nn.Module:
    torch.manual_seed(3)
    made = VisionTransformer(SIDE, PATCH, DEPTH, HEADS, WIDTH, 64, num_classes=4)
    for parameter in made.parameters():
        nn.init.normal_(parameter, 0, 0.2)
    network: nn.Module = made.eval()
    return network


def spec(network: nn.Module) -> ModelSpec:
    names = imagenet.attention_layers("vit_b_16")[:DEPTH]
    return replace(spec_of(network, ()), attention_layers=names)


def passes(network: nn.Module) -> Passes:
    image = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    return passes_of(spec(network), network, image, Target(1))


def attention(layer: nn.MultiheadAttention, tokens: Tensor) -> Tensor:
    """softmax(q·kᵀ/√d), the mean over the heads, from the projections alone."""
    projected = tokens @ layer.in_proj_weight.T + layer.in_proj_bias
    query, key, _ = projected.reshape(len(tokens), 3, HEADS, WIDTH // HEADS).permute(1, 2, 0, 3)
    weights: Tensor = (query @ key.transpose(1, 2) / (WIDTH // HEADS) ** 0.5).softmax(2)
    return weights.mean(0)


@torch.no_grad()
def test_the_map_is_the_product_of_the_attentions(network: VisionTransformer) -> None:
    request = passes(network)
    tokens = network._process_input(torch.from_numpy(request.inputs))
    tokens = torch.cat([network.class_token, tokens], 1) + network.encoder.pos_embedding
    product = torch.eye(tokens.shape[1])
    for block in network.encoder.layers:
        weights = attention(block.self_attention, block.ln_1(tokens)[0])
        product = (0.5 * weights + 0.5 * torch.eye(len(weights))) @ product
        tokens = block(tokens)
    expected = product[0, 1:].reshape(SIDE // PATCH, SIDE // PATCH).numpy()
    heat = METHOD.explain(request, ())
    assert np.ptp(expected) > 1e-4
    np.testing.assert_allclose(heat, expected, atol=1e-6)


def test_it_takes_one_pass_and_changes_no_answer(network: nn.Module) -> None:
    request = passes(network)
    before, counted = request.outputs(), request.progress.done
    METHOD.explain(request, ())
    assert request.progress.done == counted + 1
    np.testing.assert_array_equal(request.outputs()[0], before[0])


def test_it_is_offered_for_vision_transformers_only(network: nn.Module) -> None:
    names = [one.name for one in methods_for(spec(network))]
    assert names == ["attention-rollout", "integrated-gradients", "occlusion"]
    assert METHOD not in methods_for(spec_of(network))
    with pytest.raises(DemoError) as raised:
        asked(spec(network), "layer-cam", Target(0))
    assert raised.value.key == "explain_no_maps"
    assert "attention-rollout" in str(raised.value.fields["some"])


@pytest.mark.parametrize("name", ["vit_b_16", "vit_b_32", "vit_h_14", "vit_l_16", "vit_l_32"])
def test_the_layers_of_torchvisions_transformers(name: str) -> None:
    """Their names are all layers of attention of the network, first to last."""
    spec = next(one for one in imagenet.specs() if one.name == name)
    made = imagenet.build(name, spec.input_size, 10)
    layers = [name for name, one in made.named_modules() if isinstance(one, nn.MultiheadAttention)]
    assert list(spec.attention_layers) == layers
    assert len(layers) >= 12
