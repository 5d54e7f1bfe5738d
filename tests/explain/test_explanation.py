"""Explanations through an engine: sentences for bad input, and others' answers meanwhile."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from demo.errors import DemoError
from demo.explain.explanation import CHECK_PASSES, asked, check, explain, methods_for
from demo.explain.passes import Progress, StoppedError
from demo.explain.placement import on_upload
from demo.geometry.letterbox import Letterbox
from demo.inference.local_engine import LocalEngine
from demo.models.spec import ImageRequest, InputView, Prepared
from demo.models.target import Target
from tests.explain.conftest import textured

EVERY = ["layer-cam", "grad-cam", "grad-cam-plus-plus", "integrated-gradients", "occlusion"]


@pytest.mark.parametrize("method", EVERY)
def test_a_map_and_its_check(running: LocalEngine, method: str) -> None:
    one = textured(np.random.default_rng(3))
    question = asked(running.spec("patches"), method, Target(one.class_id))
    found = explain(running, "patches", ImageRequest(one.image), question)
    assert found.heat.dtype == np.float32
    assert found.heat.min() >= 0
    assert np.ptp(found.heat) > 0
    assert found.score > 0.5
    count = Progress()
    checks = check(running, "patches", found, count)
    assert checks.passes == count.done <= CHECK_PASSES
    assert checks.similarity is not None
    assert -1 <= checks.similarity <= 1


@pytest.mark.parametrize(
    ("model", "method", "class_id", "layer", "key"),
    [
        ("patches", "crystal-ball", 0, "", "explain_no_method"),
        ("patches", ["layer-cam"], 0, "", "explain_no_method"),
        ("patches", "layer-cam", 4, "", "explain_no_class"),
        ("patches", "layer-cam", -1, "", "explain_no_class"),
        ("patches", "layer-cam", 0, "9", "explain_no_layer"),
        ("patches", "occlusion", 0, "../x", "explain_no_layer"),
        ("blind", "grad-cam", 0, "", "explain_no_maps"),
        ("patches", "attention-rollout", 0, "", "explain_no_maps"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    running: LocalEngine, model: str, method: object, class_id: int, layer: str, key: str
) -> None:
    with pytest.raises(DemoError) as raised:
        asked(running.spec(model), method, Target(class_id), layer)
    assert raised.value.key == key


def test_the_methods_of_a_model_are_those_that_suit_it(running: LocalEngine) -> None:
    names = {
        model: [one.name for one in methods_for(running.spec(model))]
        for model in ("patches", "blind")
    }
    assert names["patches"] == EVERY
    assert names["blind"] == ["integrated-gradients", "occlusion"]
    # Without a name it is the first of them.
    for model, some in names.items():
        assert asked(running.spec(model), "", Target(0)).method.name == some[0]
    assert methods_for(replace(running.spec("patches"), runtime="onnx")) == []


def test_a_model_without_gradients_is_refused(running: LocalEngine) -> None:
    graph = replace(running.spec("patches"), runtime="onnx")
    with pytest.raises(DemoError) as raised:
        asked(graph, "occlusion", Target(0))
    assert raised.value.key == "explain_no_gradients"


def test_the_network_is_loaded_once_for_a_block(running: LocalEngine) -> None:
    with running.exclusive("patches") as model:
        first = model.run(lambda network: network)
        assert model.run(lambda network: network) is first


def test_memory_that_runs_out_in_a_pass_is_one_sentence(running: LocalEngine) -> None:
    def starve(network: nn.Module) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    def fail(network: nn.Module) -> None:
        raise RuntimeError("size mismatch")

    with running.exclusive("patches") as model:
        with pytest.raises(DemoError) as raised:
            model.run(starve)
        assert raised.value.key == "out_of_memory"
        with pytest.raises(RuntimeError, match="size mismatch"):
            model.run(fail)


def test_another_visitor_waits_for_one_pass_at_most(running: LocalEngine) -> None:
    """Work of ten slow passes; an answer that comes in between waits for the one that runs."""
    picture = textured(np.random.default_rng(0)).image
    running.run("patches", ImageRequest(picture))
    pass_s, begun, waits = 0.3, threading.Event(), []

    def slow(network: nn.Module) -> None:
        begun.set()
        time.sleep(pass_s)

    def explained() -> None:
        with running.exclusive("patches") as model:
            for _ in range(10):
                model.run(slow)

    worker = threading.Thread(target=explained)
    worker.start()
    assert begun.wait(20)
    for _ in range(4):
        start = time.perf_counter()
        running.run("patches", ImageRequest(picture))
        waits.append(time.perf_counter() - start)
    worker.join()
    # All ten would take 3 s.
    assert max(waits) < 3 * pass_s, waits


def test_a_stopped_check_ends_before_its_next_pass(running: LocalEngine) -> None:
    one = textured(np.random.default_rng(1))
    question = asked(running.spec("patches"), "occlusion", Target(one.class_id))
    request, progress = ImageRequest(one.image), Progress()
    found = explain(running, "patches", request, question)
    with ThreadPoolExecutor(1) as thread, running.exclusive("patches") as other:
        entered, going = threading.Event(), threading.Event()

        def hold(network: nn.Module) -> None:
            entered.set()
            assert going.wait(20)

        # While another piece of work holds the device, the check waits for its first pass.
        holder = threading.Thread(target=other.run, args=(hold,))
        holder.start()
        assert entered.wait(20)
        checking = thread.submit(check, running, "patches", found, progress)
        time.sleep(0.1)
        progress.stop()
        going.set()
        with pytest.raises(StoppedError):
            checking.result(20)
        holder.join()
    assert progress.done <= 1
    with pytest.raises(StoppedError):
        explain(running, "patches", request, question, progress)
    # It frees the network, and the next one goes on.
    assert check(running, "patches", found, Progress()).passes <= CHECK_PASSES


def test_explaining_leaves_the_answering_network_as_it_was(running: LocalEngine) -> None:
    one = textured(np.random.default_rng(5))
    before = running.run("patches", ImageRequest(one.image)).result
    question = asked(running.spec("patches"), "layer-cam", Target(0))
    found = explain(running, "patches", ImageRequest(one.image), question)
    check(running, "patches", found, Progress())
    after = running.run("patches", ImageRequest(one.image)).result
    np.testing.assert_array_equal(before.probabilities, after.probabilities)  # type: ignore[attr-defined]
    assert torch.is_grad_enabled()


def test_a_map_lies_where_the_network_saw_it() -> None:
    """A letterbox of 200 × 100 in 64 × 64: the map's right half is the upload's right half."""
    geometry = Letterbox.fill((200, 100), (64, 64))
    view = InputView((0, 0, 200, 100), np.zeros((64, 64, 3), np.uint8), (200, 100))
    prepared = Prepared(np.zeros((1, 3, 64, 64), np.float32), geometry, view)
    heat = np.zeros((64, 64), np.float32)
    heat[:, 32:] = 1
    placed = on_upload(heat, prepared, (200, 100))
    assert placed.shape == (100, 200)
    assert placed[:, 104:].min() > 0.99
    assert placed[:, :96].max() < 0.01


def test_nothing_is_drawn_outside_of_a_crop() -> None:
    view = InputView((50, 0, 150, 100), np.zeros((10, 10, 3), np.uint8), (200, 100))
    prepared = Prepared(np.zeros((1, 3, 10, 10), np.float32), None, view)
    placed = on_upload(np.ones((5, 5), np.float32), prepared, (100, 50))
    assert placed[:, 25:75].min() == 1
    assert placed[:, :25].max() == placed[:, 75:].max() == 0
