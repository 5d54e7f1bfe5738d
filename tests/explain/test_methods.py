"""Maps equal captum's own, hit the patch that decides, and cost what they say."""

import time

import cv2
import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients as CaptumGradients
from captum.attr import LayerGradCam
from captum.attr import Occlusion as CaptumOcclusion
from numpy.typing import NDArray
from torch import nn

from demo.explain import methods
from demo.explain.baselines import even
from demo.explain.explanation import methods_for
from demo.explain.methods.integrated_gradients import IntegratedGradients
from demo.explain.methods.layer_cam import LayerCam
from demo.explain.methods.occlusion import Occlusion
from demo.explain.passes import Passes
from demo.models.networks.classifiers import Mirrored
from demo.models.target import Target
from tests.explain.conftest import SIDE, Textured, passes_of, small_network, spec_of, textured


@pytest.fixture
def pictures() -> list[Textured]:
    generator = np.random.default_rng(7)
    return [textured(generator) for _ in range(40)]


def passes(network: nn.Module, one: Textured, class_id: int | None = None) -> Passes:
    target = Target(one.class_id if class_id is None else class_id)
    return passes_of(spec_of(network), network, one.image, target)


@pytest.mark.parametrize("class_id", [0, 1, 2])
def test_maps_equal_captums_own(
    trained: nn.Module, pictures: list[Textured], class_id: int
) -> None:
    asked = passes(trained, pictures[0], class_id)
    inputs = torch.from_numpy(asked.inputs)
    baseline = torch.from_numpy(even(asked.inputs))

    cam = LayerGradCam(trained, trained.get_submodule("8"))
    theirs = cam.attribute(inputs, class_id, relu_attributions=True)[0, 0].detach().numpy()
    ours = methods.find("grad-cam").explain(asked, ["8"])
    assert theirs.max() > 0 or class_id != pictures[0].class_id
    np.testing.assert_allclose(ours, theirs, atol=1e-4)

    way = CaptumGradients(trained).attribute(
        inputs, baseline, class_id, n_steps=32, method="riemann_middle"
    )
    attributions = IntegratedGradients().attributions(asked)
    assert np.abs(attributions).max() > 1e-3
    np.testing.assert_allclose(attributions, way[0].detach().numpy(), atol=1e-4)

    window = CaptumOcclusion(trained).attribute(inputs, (3, 16, 16), (3, 8, 8), baseline, class_id)
    losses = Occlusion().losses(asked)
    np.testing.assert_allclose(losses, window[0, 0].detach().numpy(), atol=1e-4)


def test_integrated_gradients_add_up_to_the_change_of_the_logit(
    trained: nn.Module, pictures: list[Textured]
) -> None:
    """Completeness, Sundararajan et al. 2017."""
    asked = passes(trained, pictures[0])
    ends = [asked.with_inputs(x).outputs()[0][0] for x in (asked.inputs, even(asked.inputs))]
    change = (ends[0] - ends[1])[pictures[0].class_id]
    total = IntegratedGradients(steps=256).attributions(asked).sum()
    assert total == pytest.approx(change, rel=0.05)


def test_layer_cam_weighs_each_cell_by_its_positive_gradient(
    trained: nn.Module, pictures: list[Textured]
) -> None:
    asked = passes(trained, pictures[1])
    layer = trained.get_submodule("8")
    kept: list[torch.Tensor] = []
    hook = layer.register_forward_hook(lambda _, __, out: kept.append(out))
    logit = trained(torch.from_numpy(asked.inputs))[0, pictures[1].class_id]
    hook.remove()
    [slope] = torch.autograd.grad(logit, kept[0])
    expected = (slope.relu() * kept[0]).sum(1)[0].relu().detach().numpy()
    np.testing.assert_allclose(LayerCam().of_layer(asked, "8"), expected, atol=1e-4)


@pytest.mark.parametrize("place", range(3))
def test_grad_cam_plus_plus_is_the_formula_of_its_paper(
    trained: nn.Module, pictures: list[Textured], place: int
) -> None:
    """Equations 10, 13 and 19 of Chattopadhay et al. 2018, place by place, in float64."""
    one = pictures[place]
    asked = passes(trained, one)
    kept: list[torch.Tensor] = []
    hook = trained.get_submodule("8").register_forward_hook(lambda _, __, out: kept.append(out))
    logit = trained(torch.from_numpy(asked.inputs))[0, one.class_id]
    hook.remove()
    [slope] = torch.autograd.grad(logit, kept[0])
    maps, slopes = kept[0][0].detach().double().numpy(), slope[0].double().numpy()
    score = np.exp(float(logit.detach()))
    expected = np.zeros(maps.shape[1:])
    for channel, slants in zip(maps, slopes, strict=True):
        weight = 0.0
        for (i, j), slant in np.ndenumerate(slants):
            second, third = score * slant**2, score * slant**3
            below = 2 * second + channel.sum() * third
            alpha = second / below if below else 0.0
            weight += alpha * max(score * slants[i, j], 0)
        expected += weight * channel
    expected = expected.clip(0)
    heat = methods.find("grad-cam-plus-plus").explain(asked, ["8"])
    assert expected.max() > 0
    np.testing.assert_allclose(heat / heat.max(), expected / expected.max(), atol=1e-4)


def at(heat: NDArray[np.float32]) -> tuple[int, int]:
    """The pixel x, y of the input at which a map is highest."""
    large = cv2.resize(heat, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    y, x = np.unravel_index(int(large.argmax()), large.shape)
    return int(x), int(y)


def test_the_patch_that_decides_is_hit(trained: nn.Module, pictures: list[Textured]) -> None:
    hits = dict.fromkeys(("layer-cam", "grad-cam", "grad-cam-plus-plus", "occlusion"), 0)
    for one in pictures:
        for name in hits:
            x, y = at(methods.find(name).explain(passes(trained, one), ["8"]))
            hits[name] += all(
                low - 2 <= value < low + 18 for value, low in zip((x, y), one.xy, strict=True)
            )
    assert hits["layer-cam"] >= 38, hits
    assert min(hits.values()) >= 36, hits


def test_a_mirrored_network_is_explained_in_both_directions(
    trained: nn.Module, pictures: list[Textured]
) -> None:
    """The map of a picture's mirror image is the mirror image of its map."""
    network, one = Mirrored(trained).eval(), pictures[2]
    spec = spec_of(trained)
    flipped = np.ascontiguousarray(one.image[:, ::-1])
    heat, mirrored = (
        LayerCam().explain(passes_of(spec, network, image, Target(one.class_id)), ["network.8"])
        for image in (one.image, flipped)
    )
    np.testing.assert_allclose(mirrored[:, ::-1], heat, atol=1e-4)
    assert np.ptp(heat) > 0


def test_the_quick_methods_keep_to_their_passes(
    trained: nn.Module, pictures: list[Textured]
) -> None:
    for method in methods_for(spec_of(trained)):
        asked = passes(trained, pictures[0])
        before = asked.progress.done
        method.quick().explain(asked, ["8"])
        assert 0 < asked.progress.done - before <= 12, method.name


def test_grad_cam_costs_at_most_three_passes() -> None:
    """Of a network that is large enough to be timed; the best of several is compared."""
    torch.manual_seed(1)
    network = small_network().eval()
    image = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    asked = passes_of(spec_of(network), network, image, Target(0))
    method = methods.find("grad-cam")

    def best_ms(work: object) -> float:
        assert callable(work)
        times = []
        for _ in range(15):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
        return 1000 * min(times)

    large = asked.with_inputs(np.repeat(np.repeat(asked.inputs, 6, 2), 6, 3))
    assert best_ms(lambda: method.explain(large, ["8"])) <= 3 * best_ms(large.outputs)
