"""Models from ONNX files, against ultralytics' own answers for the same file; hostile files."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from demo.backends.base import all_backends, choose
from demo.backends.onnx_cpu import OnnxCpu, OnnxRunner
from demo.errors import DemoError
from demo.models.own import onnx_trial
from demo.models.own.base import draft, read_model
from demo.models.spec import WeightsFile
from demo.results import Detections, Scores
from tests.models.test_models import Model, photo, predict
from tests.models.test_own import THREE, assert_same_boxes, clear_confidence
from tests.models.test_own_states import describe, made
from tests.models.test_segmenters import assert_same_masks
from tests.support.checkpoints import network, save
from tests.support.exports import export, export_network
from tests.support.levels import assert_same_levels

pytestmark = pytest.mark.filterwarnings("ignore")
"""The exporters of torch and ultralytics warn of each other's versions."""


def loaded(file: Path) -> Model:
    spec = read_model(file, "own")
    backend = choose(spec, "cpu", all_backends())
    assert backend.name == "onnx-cpu"
    return Model(spec, backend.load(spec, WeightsFile(file, "")))


@pytest.mark.parametrize("architecture", ["yolov5n", "yolov8n", "yolo11n", "yolo26n"])
@pytest.mark.parametrize("dynamic", [False, True])
def test_a_detector_answers_as_ultralytics_predict(
    architecture: str, dynamic: bool, tmp_path: Path
) -> None:
    checkpoint = save(network(architecture, THREE), tmp_path / "best.pt")
    file = export(checkpoint, imgsz=320, dynamic=dynamic)
    model = loaded(file)
    assert (model.spec.task, model.spec.labels, model.spec.input_size) == ("detect", THREE, 320)
    assert model.spec.fixed_size is not dynamic
    image = photo("bus.jpg")
    prepared = model.preprocess(image)
    assert prepared.inputs.shape == (1, 3, 320, 256 if dynamic else 320)
    found = model.ask(image)
    assert isinstance(found, Detections)
    confidence = clear_confidence(found)
    [result] = predict(file, image, 320, confidence, nms_free=False, iou=1.0)
    assert_same_boxes(found.select(confidence), result)


@pytest.mark.parametrize("options", [{}, {"dynamic": True}, {"imgsz": (320, 256)}])
def test_suppression_inside_of_the_file(options: dict[str, Any], tmp_path: Path) -> None:
    checkpoint = save(network("yolo11n", THREE), tmp_path / "best.pt")
    options = {"imgsz": 320, **options}
    file = export(checkpoint, nms=True, conf=0.05, iou=0.9, **options)
    model = loaded(file)
    assert (model.spec.needs_nms, model.spec.input_size) == (False, 320)
    found = model.ask(photo("bus.jpg"))
    assert isinstance(found, Detections)
    [result] = predict(file, photo("bus.jpg"), 320, 0.05, nms_free=False)
    assert_same_boxes(found, result)


def test_a_transformer_answers_as_ultralytics_predict(tmp_path: Path) -> None:
    checkpoint = save(network("yolov8n-rtdetr", THREE), tmp_path / "best.pt")
    file = export(checkpoint, imgsz=320)
    model = loaded(file)
    found = model.ask(photo("bus.jpg"))
    assert isinstance(found, Detections)
    [result] = predict(file, photo("bus.jpg"), 320, 0.01, nms_free=False)
    assert_same_boxes(found, result)


def test_a_classifier_answers_as_ultralytics_predict(tmp_path: Path) -> None:
    names = [f"class {i}" for i in range(1000)]
    file = export(save(network("yolo11n-cls", names), tmp_path / "best.pt", 224), imgsz=224)
    model = loaded(file)
    assert (model.spec.task, model.spec.input_size) == ("classify", 224)
    found = model.ask(photo("bus.jpg"))
    assert isinstance(found, Scores)
    [result] = predict(file, photo("bus.jpg"), 224, 0.25, nms_free=False)
    assert found.probabilities == pytest.approx(result.probs.data.numpy(), abs=0.03)
    assert found.top(1)[0][0] == f"class {result.probs.top1}"


def test_other_tasks_are_refused_by_name(tmp_path: Path) -> None:
    checkpoint = save(network("yolo11n", THREE), tmp_path / "best.pt")
    made = onnx.load(export(checkpoint, imgsz=320, simplify=False))
    for entry in made.metadata_props:
        entry.value = "pose" if entry.key == "task" else entry.value
    onnx.save(made, tmp_path / "pose.onnx")
    assert refusal(tmp_path / "pose.onnx").fields["kind"] == "pose"


def test_a_segmenter_without_prototypes_is_refused(tmp_path: Path) -> None:
    checkpoint = save(network("yolo11n", THREE), tmp_path / "best.pt")
    made = onnx.load(export(checkpoint, imgsz=320, simplify=False))
    for entry in made.metadata_props:
        entry.value = "segment" if entry.key == "task" else entry.value
    onnx.save(made, tmp_path / "seg.onnx")
    assert refusal(tmp_path / "seg.onnx").key == "own_onnx_outputs"


@pytest.mark.parametrize("options", [{}, {"dynamic": True}, {"nms": True, "conf": 0.2}])
def test_a_segmenter_answers_as_ultralytics_predict(
    options: dict[str, Any], tmp_path: Path
) -> None:
    checkpoint = save(network("yolo11n-seg", THREE), tmp_path / "best.pt")
    file = export(checkpoint, imgsz=320, simplify=False, **options)
    model = loaded(file)
    assert (model.spec.task, model.spec.labels, model.spec.input_size) == ("segment", THREE, 320)
    assert model.spec.needs_nms is ("nms" not in options)
    found = model.ask(photo("bus.jpg"))
    assert isinstance(found, Detections)
    confidence = 0.45 if "nms" in options else clear_confidence(found)
    more = {"iou": 0.7 if "nms" in options else 1.0, "retina_masks": True}
    [result] = predict(file, photo("bus.jpg"), 320, confidence, nms_free=False, **more)
    assert_same_masks(found.select(confidence).with_pixels(), result)


@pytest.mark.parametrize("softmax", [False, True])
@pytest.mark.parametrize("dynamic", [False, True])
def test_a_classifier_with_a_description(softmax: bool, dynamic: bool, tmp_path: Path) -> None:
    from torchvision.transforms import functional

    plain = made("shufflenet_v2_x0_5", 3)
    whole = nn.Sequential(plain, nn.Softmax(1)).eval() if softmax else plain
    file = export_network(whole, tmp_path / "net.onnx", 128, dynamic)
    describe(file, labels=list(THREE), size=128, resize=140, mean=[0.5] * 3, std=[0.25] * 3)
    model = loaded(file)
    assert (model.spec.labels, model.spec.input_size) == (THREE, 128)
    image = photo("bus.jpg")
    pixels = torch.from_numpy(image).permute(2, 0, 1)
    small = functional.center_crop(functional.resize(pixels, [140], antialias=True), [128])
    inputs = (small[None] / 255 - 0.5) / 0.25
    prepared = model.preprocess(image)
    assert_same_levels(prepared.inputs[0], inputs[0].numpy(), [0.25] * 3)
    with torch.inference_mode():
        wanted = plain(torch.from_numpy(prepared.inputs))[0].softmax(0)
    assert np.ptp(wanted.numpy()) > 0.05
    answer = model.ask(image)
    assert isinstance(answer, Scores)
    assert answer.probabilities == pytest.approx(wanted.numpy(), abs=1e-4)


def test_a_draft_is_a_description_that_works(tmp_path: Path) -> None:
    file = export_network(made("shufflenet_v2_x0_5", 4), tmp_path / "net.onnx", 96)
    file.with_suffix(".toml").write_text(draft(file).text, "utf-8")
    spec = read_model(file, "own")
    assert (spec.task, len(spec.labels), spec.input_size) == ("classify", 4, 96)


def test_the_threads_are_those_of_the_engine(tmp_path: Path) -> None:
    file = export_network(made("squeezenet1_1", 2), tmp_path / "net.onnx", 64)
    describe(file, labels=["a", "b"])
    spec, backend = read_model(file, "own"), OnnxCpu()
    backend.set_threads(2)
    runner = backend.load(spec, WeightsFile(file, ""))
    assert isinstance(runner, OnnxRunner)
    both = runner.run(np.random.default_rng(0).random((2, 3, 64, 64), np.float32))[0]
    assert both.shape == (2, 2)
    session: Any = runner._session
    assert session._session.get_session_options().intra_op_num_threads == 2


def test_a_graph_has_no_gradients(tmp_path: Path) -> None:
    file = export_network(made("squeezenet1_1", 2), tmp_path / "net.onnx", 64)
    model = loaded(describe(file, labels=["a", "b"]))
    with pytest.raises(DemoError, match="no gradients"):
        model.runner.module()


def refusal(file: Path) -> DemoError:
    with pytest.raises(DemoError) as caught:
        read_model(file, "own")
    assert file.name in str(caught.value) or file.stem in str(caught.value)
    return caught.value


def graph(*nodes: Any, inputs: Any = None, tensors: Any = ()) -> onnx.ModelProto:
    """A graph that makes y of 1×2 from x of 1×3×32×32."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 32, 32])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    made = helper.make_graph(list(nodes), "g", inputs or [x], [y], list(tensors))
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    return model


def plain() -> onnx.ModelProto:
    return graph(helper.make_node("ReduceMean", ["x"], ["y"], axes=[2, 3], keepdims=0))


def external() -> onnx.ModelProto:
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [1], [1.0])
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../etc/passwd"
    return graph(helper.make_node("Add", ["x", "w"], ["y"]), tensors=[tensor])


def hidden() -> onnx.ModelProto:
    """A tensor outside of the file, inside of a branch."""
    inner = external().graph
    inner.ClearField("input")
    yes = helper.make_tensor("c", TensorProto.BOOL, [1], [True])
    node = helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)
    return graph(node, tensors=[yes])


def custom() -> onnx.ModelProto:
    model = graph(helper.make_node("Steal", ["x"], ["y"], domain="evil.ops"))
    model.opset_import.append(helper.make_opsetid("evil.ops", 1))
    return model


def huge() -> onnx.ModelProto:
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [1], [1.0])
    tensor.dims[:] = [1 << 20, 1 << 20]
    return graph(helper.make_node("Add", ["x", "w"], ["y"]), tensors=[tensor])


def swelling() -> onnx.ModelProto:
    shape = helper.make_tensor("s", TensorProto.INT64, [2], [1 << 20, 1 << 18])
    fill = helper.make_node("ConstantOfShape", ["s"], ["big"])
    first = helper.make_node("ReduceMean", ["x"], ["m"], axes=[0, 1, 2, 3], keepdims=0)
    return graph(fill, first, helper.make_node("Add", ["big", "m"], ["y"]), tensors=[shape])


def two_inputs() -> onnx.ModelProto:
    pair = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 3, 32, 32]) for n in "xz"]
    return graph(helper.make_node("Add", ["x", "z"], ["y"]), inputs=pair)


def wide() -> onnx.ModelProto:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 1 << 30, 1 << 30])
    return graph(helper.make_node("Relu", ["x"], ["y"]), inputs=[x])


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (external, "own_onnx_external"),
        (hidden, "own_onnx_external"),
        (custom, "own_onnx_operators"),
        (huge, "weights_bomb"),
        (swelling, "own_onnx_broken"),
        (two_inputs, "own_onnx_input"),
        (wide, "own_onnx_input"),
        (lambda: graph(helper.make_node("NoSuch", ["x"], ["y"])), "own_onnx_broken"),
        (lambda: graph(helper.make_node("Relu", ["gone"], ["y"])), "own_onnx_broken"),
        (plain, "own_labels"),
    ],
)
def test_a_hostile_or_strange_graph_is_refused(
    make: Callable[[], onnx.ModelProto], key: str, tmp_path: Path
) -> None:
    file = tmp_path / "net.onnx"
    file.write_bytes(make().SerializeToString())
    describe(file, labels=["a"])
    assert refusal(file).key == key


def test_a_graph_that_never_ends_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_trial, "_LONGEST_S", 3)
    on = helper.make_tensor_value_info("on", TensorProto.BOOL, [])
    i = helper.make_tensor_value_info("i", TensorProto.INT64, [])
    v = helper.make_tensor_value_info("v", TensorProto.FLOAT, None)
    w = helper.make_tensor_value_info("w", TensorProto.FLOAT, None)
    keep = helper.make_tensor_value_info("keep", TensorProto.BOOL, [])
    body = helper.make_graph(
        [helper.make_node("Sin", ["v"], ["w"]), helper.make_node("Identity", ["on"], ["keep"])],
        "body",
        [i, on, v],
        [keep, w],
    )
    count = helper.make_tensor("n", TensorProto.INT64, [], [1 << 62])
    true = helper.make_tensor("c", TensorProto.BOOL, [], [True])
    node = helper.make_node("Loop", ["n", "c", "x"], ["y"], body=body)
    file = tmp_path / "net.onnx"
    file.write_bytes(graph(node, tensors=[count, true]).SerializeToString())
    describe(file, labels=["a"])
    assert refusal(file).key == "own_onnx_slow"


@pytest.mark.parametrize("keep", [0, 1, 7, 0.3, 0.9, 0.999])
def test_a_part_of_a_file_is_refused(keep: float, tmp_path: Path) -> None:
    whole = export_network(made("squeezenet1_1", 2), tmp_path / "net.onnx", 64).read_bytes()
    file = describe(tmp_path / "part.onnx", labels=["a", "b"])
    file.write_bytes(whole[: keep if isinstance(keep, int) else int(len(whole) * keep)])
    assert refusal(file).key in ("own_onnx_broken", "weights_bomb")


def test_garbage_is_refused(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    file = describe(tmp_path / "net.onnx", labels=["a"])
    for size in (1, 10, 1000, 100_000):
        file.write_bytes(random.bytes(size))
        assert refusal(file).key in ("own_onnx_broken", "own_onnx_external", "weights_bomb")


def test_two_gigabytes_of_zeros_are_refused_unread(tmp_path: Path) -> None:
    file = describe(tmp_path / "net.onnx", labels=["a"])
    with file.open("wb") as opened:
        opened.truncate(2**31 - 1)
    tracemalloc.start()
    assert refusal(file).key == "own_onnx_broken"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000
    with file.open("ab") as opened:
        opened.truncate(2**31)
    assert refusal(file).key == "own_onnx_external"


def test_a_graph_alone_is_refused_with_the_way_out(tmp_path: Path) -> None:
    file = export_network(made("squeezenet1_1", 2), tmp_path / "net.onnx", 64)
    assert "python -m demo.weights describe net.onnx" in str(refusal(file))


def test_without_onnxruntime_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.models.own.onnx_file.find_spec", lambda name: None)
    (tmp_path / "net.onnx").write_bytes(b"")
    assert "pip install onnxruntime" in str(refusal(tmp_path / "net.onnx"))
