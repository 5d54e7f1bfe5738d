"""Attention roll-out: what the class token of a vision transformer looks at through all layers."""

from collections.abc import Sequence
from contextlib import ExitStack
from math import isqrt

import torch
from torch import Tensor, nn

from demo.explain.method import HeatMap, Method
from demo.explain.passes import Passes
from demo.models.spec import ModelSpec

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
    title = "Attention roll-out"
    paper = "Abnar and Zuidema 2020, arXiv:2005.00928"
    of_class = False

    def suits(self, spec: ModelSpec) -> bool:
        """Whether the model has layers of self-attention."""
        return bool(spec.attention_layers)

    def explain(self, passes: Passes, layers: Sequence[str]) -> HeatMap:
        """The attention of the class token to each patch."""
        names = passes.model.spec.attention_layers

        def rolled_out(network: nn.Module, inputs: Tensor) -> HeatMap:
            joint: Tensor | None = None
            for weights in _attention(network, names, inputs):
                mixed = (weights + torch.eye(len(weights), device=weights.device)) / 2
                joint = mixed if joint is None else mixed @ joint
            assert joint is not None
            patches: HeatMap = joint[0, 1:].float().cpu().numpy()
            side = isqrt(len(patches))
            return patches.reshape(side, side)

        return passes.run(rolled_out)


METHOD = AttentionRollout()


@torch.no_grad()
def _attention(network: nn.Module, names: Sequence[str], inputs: Tensor) -> list[Tensor]:
    """The weights of the layers for one picture, L×L each, the mean over the heads."""
    found: list[Tensor] = []

    def ask(module: nn.Module, inputs: Values, named: Names) -> tuple[Values, Names]:
        return inputs, {**named, "need_weights": True}

    def keep(module: nn.Module, inputs: Values, output: tuple[Tensor, Tensor]) -> None:
        found.append(output[1][0])

    with ExitStack() as hooks:
        for name in names:
            layer = network.get_submodule(name)
            hooks.callback(layer.register_forward_pre_hook(ask, with_kwargs=True).remove)
            hooks.callback(layer.register_forward_hook(keep).remove)
        network(inputs)
    return found
