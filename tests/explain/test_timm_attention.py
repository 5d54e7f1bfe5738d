"""Attention roll-out of timm's vision transformers, against the arithmetic by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import timm
import torch
from torch import Tensor

from demo.explain.explanation import methods_for
from demo.explain.methods.attention_rollout import METHOD
from demo.explain.passes import Passes
from demo.models import timm_classifiers
from demo.models.own import architectures
from demo.models.target import Target
from tests.explain.conftest import SIDE, passes_of, spec_of

SPECS = {spec.name: spec for spec in timm_classifiers.specs()}
CHOSEN = ("vit_tiny_patch16_224", "deit_tiny_patch16_224", "deit3_small_patch16_224")
OTHERS: dict[str, dict[str, Any]] = {
    "deit_tiny_distilled_patch16_224": {},
    "vit_wee_patch16_reg1_gap_256": {},
    "vit_tiny_patch16_224": {"reg_tokens": 4},
}
"""A distillation token; the mean of the patches, and a register; a class token and registers."""


def made(name: str, **options: Any) -> Any:
    """A small picture, and few classes; weights spread so that attention differs by place."""
    torch.manual_seed(2)
    network = timm.create_model(name, img_size=SIDE, num_classes=4, **options).eval()
    for layer in network.modules():
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.normal_(layer.weight, 0, 0.15)
    return network


def passes(network: Any) -> Passes:
    names = tuple(f"blocks.{number}.attn" for number in range(len(network.blocks)))
    spec = replace(spec_of(network, ()), attention_layers=names)
    image = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    return passes_of(spec, network, image, Target(1))


def attention(layer: Any, tokens: Tensor) -> Tensor:
    """softmax(q·kᵀ/√d), the mean over the heads, from the projections alone."""
    count, width = tokens.shape
    query, key, _ = layer.qkv(tokens).reshape(count, 3, layer.num_heads, -1).permute(1, 2, 0, 3)
    query, key = layer.q_norm(query), layer.k_norm(key)
    weights: Tensor = (query @ key.transpose(1, 2) / (width // layer.num_heads) ** 0.5).softmax(2)
    return weights.mean(0)


@torch.no_grad()
def product_of(network: Any, inputs: Tensor) -> Tensor:
    """Half of the attention and half of the identity, multiplied up."""
    seen: list[Tensor] = []
    hooks = [
        block.attn.register_forward_pre_hook(lambda _, given: seen.append(given[0][0]))
        for block in network.blocks
    ]
    network(inputs)
    for hook in hooks:
        hook.remove()
    product = torch.eye(len(seen[0]))
    for block, tokens in zip(network.blocks, seen, strict=True):
        product = (attention(block.attn, tokens) + torch.eye(len(product))) / 2 @ product
    return product


CASES = [*((name, {}) for name in CHOSEN), *OTHERS.items()]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_the_map_is_the_product_of_the_attentions(name: str, options: dict[str, Any]) -> None:
    network = made(name, **options)
    request = passes(network)
    product = product_of(network, torch.from_numpy(request.inputs))
    prefix, side = network.num_prefix_tokens, SIDE // 16
    assert len(product) == prefix + side**2
    if name == "vit_wee_patch16_reg1_gap_256":
        rows = product[prefix:]
    elif "distilled" in name:
        rows = product[:2]
    else:
        rows = product[:1]
    heat = METHOD.explain(request, ())
    expected = rows[:, prefix:].mean(0).reshape(side, side).numpy()
    assert np.ptp(expected) > 1e-3 * expected.max()
    np.testing.assert_allclose(heat, expected, atol=1e-6)


def test_the_network_is_left_as_it_was() -> None:
    network = made(CHOSEN[0])
    network.blocks[1].attn.fused_attn = False
    request = passes(network)
    [before] = request.outputs()
    METHOD.explain(request, ())
    fused = [block.attn.fused_attn for block in network.blocks]
    assert fused == [number != 1 for number in range(len(fused))]
    assert not any(block.attn.attn_drop._forward_hooks for block in network.blocks)
    np.testing.assert_array_equal(request.outputs()[0], before)


@pytest.mark.parametrize("name", CHOSEN)
def test_it_is_offered_for_timms_plain_transformers(name: str) -> None:
    assert METHOD in methods_for(SPECS[name])
    with torch.device("meta"):
        network = timm.create_model(name)
    assert SPECS[name].attention_layers == tuple(
        name for name, one in network.named_modules() if name.endswith(".attn")
    )
    kind = architectures.find(name)
    assert kind is not None
    assert kind.attention_layers == SPECS[name].attention_layers


def test_it_is_not_offered_where_tokens_are_mixed_otherwise() -> None:
    offered = {name for name, spec in SPECS.items() if spec.attention_layers}
    assert offered == set(CHOSEN)
    for name in ("swin_tiny_patch4_window7_224", "vit_relpos_small_patch16_224"):
        kind = architectures.find(name)
        assert kind is not None
        assert kind.attention_layers == ()
