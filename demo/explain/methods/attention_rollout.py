"""Attention roll-out: what the answer of a vision transformer looks at through all layers."""

from collections.abc import Sequence
from contextlib import ExitStack
from math import isqrt
from typing import TYPE_CHECKING

from demo.explain.method import HeatMap, Method
from demo.explain.passes import Passes
from demo.models.spec import ModelSpec

if TYPE_CHECKING:
    from torch import Tensor, nn


Values = tuple[object, ...]
Names = dict[str, object]
"""Arguments of a layer, by place and by name."""


class AttentionRollout(Method):
    """One pass; the attention of the layers is multiplied up (Abnar and Zuidema 2020).

    Half of each layer's attention counts as that of every token to itself, since a residual
    connection goes around it.
    """

    name = "attention-rollout"
    order = 25
    title = "method_attention_rollout"
    paper = "Abnar and Zuidema 2020, arXiv:2005.00928"
    of_class = False

    def suits(self, spec: ModelSpec) -> bool:
        """Whether the model has layers of self-attention."""
        return bool(spec.attention_layers)

    def explain(self, passes: Passes, layers: Sequence[str]) -> HeatMap:
        """The attention of the tokens that answer to each patch."""
        import torch

        names = passes.model.spec.attention_layers

        def rolled_out(network: "nn.Module", inputs: "Tensor") -> HeatMap:
            joint: Tensor | None = None
            for weights in _attention(network, names, inputs):
                mixed = (weights + torch.eye(len(weights), device=weights.device)) / 2
                joint = mixed if joint is None else mixed @ joint
            assert joint is not None
            side = isqrt(len(joint))
            first_patch = len(joint) - side**2
            row = joint[_answering(network, first_patch), first_patch:].mean(0)
            patches: HeatMap = row.float().cpu().numpy()
            return patches.reshape(side, side)

        return passes.run(rolled_out)


METHOD = AttentionRollout()


def _answering(network: "nn.Module", first_patch: int) -> slice:
    """The tokens that the answer is computed from.

    The class token, of a distilled network also the next one, of one without them the patches;
    registers, which stand between, take no part.
    """
    if getattr(network, "global_pool", "token") == "avg":
        return slice(first_patch, None)
    return slice(2 if getattr(network, "dist_token", None) is not None else 1)


def _attention(network: "nn.Module", names: Sequence[str], inputs: "Tensor") -> "list[Tensor]":
    """The weights of the layers for one picture, L×L each, the mean over the heads."""
    import torch
    from torch import nn

    found: list[Tensor] = []
    with torch.no_grad(), ExitStack() as undo:
        for name in names:
            layer = network.get_submodule(name)
            if isinstance(layer, nn.MultiheadAttention):
                _ask_torch(layer, found, undo)
            else:
                _ask_timm(layer, found, undo)
        network(inputs)
    return found


def _ask_torch(layer: "nn.MultiheadAttention", found: "list[Tensor]", undo: ExitStack) -> None:
    """Let torch's layer give its weights, as it does when asked for them."""

    def ask(module: "nn.Module", inputs: Values, named: Names) -> tuple[Values, Names]:
        return inputs, {**named, "need_weights": True}

    def keep(module: "nn.Module", inputs: Values, output: "tuple[Tensor, Tensor]") -> None:
        found.append(output[1][0])

    undo.callback(layer.register_forward_pre_hook(ask, with_kwargs=True).remove)
    undo.callback(layer.register_forward_hook(keep).remove)


def _ask_timm(layer: "nn.Module", found: "list[Tensor]", undo: ExitStack) -> None:
    """Let timm's layer compute its weights step by step; they pass through its dropout."""

    def keep(module: "nn.Module", inputs: Values, output: "Tensor") -> None:
        found.append(output[0].mean(0))

    undo.callback(setattr, layer, "fused_attn", layer.fused_attn)
    layer.fused_attn = False  # type: ignore[assignment]
    undo.callback(layer.get_submodule("attn_drop").register_forward_hook(keep).remove)
