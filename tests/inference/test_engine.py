"""One way in: answers under load, batches, residents, waiting states and refusals."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from demo.backends.base import OutOfMemory, Runner
from demo.backends.torch_runner import set_torch_threads
from demo.errors import DemoError
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.inference.batching import Worker
from demo.inference.catalog import Catalog
from demo.inference.engine import Prediction
from demo.inference.local_engine import LocalEngine
from demo.inference.model_cache import ModelCache
from demo.models.bundled import FOLDER, read
from demo.models.spec import (
    ImageRequest,
    InputView,
    ModelSpec,
    NoiseRequest,
    Outputs,
    Prepared,
    Request,
    WeightsEntry,
    WeightsFile,
)
from demo.results import Detections, GeneratedImages, Image, Scores
from demo.service import examples
from demo.settings import Settings
from demo.system import cores

ROOT = Path(__file__).resolve().parents[2]
Inputs = NDArray[np.float32]


class Mean:
    """A tiny honest model, family and runner in one: the shares of red, green and blue."""

    device = "cpu"
    precision = "float32"
    parallel = True

    def __init__(self, size_bytes: int = 100) -> None:
        self.size_bytes = size_bytes
        self.batches: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.room = 1000

    def preprocess(self, request: Request) -> Prepared:
        assert isinstance(request, ImageRequest)
        image = request.image
        size_wh = (image.shape[1], image.shape[0])
        view = InputView((0, 0, size_wh[0], size_wh[1]), image, size_wh)
        return Prepared(image.transpose(2, 0, 1)[None].astype(np.float32), None, view)

    def run(self, inputs: Inputs) -> Outputs:
        self.gate.wait(10)
        if len(inputs) > self.room:
            raise OutOfMemory
        self.batches.append(len(inputs))
        return (inputs.mean(axis=(2, 3)),)

    def module(self) -> nn.Module:
        return nn.Flatten()

    def postprocess(self, outputs: Outputs, prepared: Prepared) -> Scores:
        shares = outputs[0][0] / outputs[0][0].sum()
        return Scores(shares, ("red", "green", "blue"))


class Shelf:
    """A catalog of tiny models in a folder and the back end that loads them and counts loads."""

    name = "shelf"
    order = 0

    def __init__(self, folder: Path, **sizes: int) -> None:
        self.loads: list[str] = []
        self.models = {name: Mean(size) for name, size in sizes.items()}
        self.gate = threading.Event()
        self.gate.set()
        for name in sizes:
            (folder / f"{name}.pth").write_bytes(name.encode())
        specs = [self._spec(name) for name in sizes]
        self.catalog = Catalog(Settings(weights_dir=folder, cache_dir=folder / "c"), specs)

    def supports(self, spec: ModelSpec, device: str) -> bool:
        return spec.name in self.models

    def load(self, spec: ModelSpec, file: WeightsFile) -> Mean:
        self.gate.wait(10)
        self.loads.append(spec.name)
        if file.path.read_bytes() != spec.name.encode():
            raise DemoError("weights_corrupt", file=file.path.name)
        return self.models[spec.name]

    def set_threads(self, count: int) -> None:
        set_torch_threads(count)

    def cache(self, budget_bytes: int) -> ModelCache:
        return ModelCache(self.catalog, [self], "cpu", budget_bytes)

    def engine(self) -> LocalEngine:
        return LocalEngine(Settings(device="cpu"), self.catalog, [self])

    def _spec(self, name: str) -> ModelSpec:
        labels = ("red", "green", "blue")
        return ModelSpec(
            name=name,
            title=name,
            task="classify",
            labels=labels,
            input_size=8,
            architecture="mean",
            licence="none",
            source="here",
            weights=WeightsEntry(name, (".pth",)),
            family=self.models[name],
            network=lambda file: nn.Flatten(),
        )


def photo(name: str) -> Image:
    [path] = [path for path in examples.paths() if path.name == name]
    return decode(path.read_bytes(), Limits()).rgb


def ones(side: int, value: float = 1.0) -> Inputs:
    return np.full((1, 3, side, side), value, np.float32)


def worker_of(max_batch: int, threads: int = 2, lanes: int = 0) -> Worker:
    return Worker(max_batch, lambda: None, threads, set_torch_threads, lanes=lanes)


def ask_one(engine: LocalEngine, name: str, image: Image) -> Prediction:
    return engine.run(name, ImageRequest(image))


def colour(seed: int) -> Image:
    return np.random.default_rng(seed).integers(1, 256, (8, 8, 3), np.uint8)


@pytest.fixture(scope="module")
def engine(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    cache = tmp_path_factory.mktemp("cache")
    weights = shared_data / "weights"
    running = LocalEngine(
        Settings(weights_dir=weights, cache_dir=cache, offline=True, device="cpu")
    )
    yield running
    running.close()


class TestRun:
    def test_an_answer_says_how_it_came_about(self, engine: LocalEngine) -> None:
        picture = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
        answer = ask_one(engine, "mobilenet_v2", picture)
        assert isinstance(answer.result, Scores)
        assert answer.model == "mobilenet_v2"
        assert len(answer.weights_sha256) == 64
        assert answer.backend == "torch-cpu"
        assert answer.view is not None
        assert answer.view.size_wh == (400, 300)
        assert answer.device == engine.device_text()
        assert answer.view.image.shape == (224, 224, 3)
        # 400×300 → 309×232, its middle 224² from (42, 4): × 400/309 and × 300/232.
        assert answer.view.window_xyxy == pytest.approx((54.37, 5.17, 344.34, 294.83), abs=0.7)
        assert answer.timing.preprocess > 0
        assert answer.timing.forward > 0
        assert answer.timing.decode == answer.timing.draw == 0

    def test_eight_threads_answer_as_one(self, engine: LocalEngine) -> None:
        names = ("mobilenet_v2", "squeezenet1_0", "cnn-cifar10")
        pictures = [
            np.random.default_rng(seed).integers(0, 256, (60 + 9 * seed, 80, 3), np.uint8)
            for seed in range(4)
        ]
        asked = [(name, i) for name in names for i in range(len(pictures))] * 4
        alone = {(name, i): ask_one(engine, name, pictures[i]) for name, i in set(asked)}
        with ThreadPoolExecutor(8) as threads:
            answers = list(
                threads.map(lambda key: ask_one(engine, key[0], pictures[key[1]]), asked)
            )
        for key, answer in zip(asked, answers, strict=True):
            wanted = alone[key]
            assert isinstance(answer.result, Scores)
            assert isinstance(wanted.result, Scores)
            assert answer.model == key[0]
            assert answer.result.probabilities == pytest.approx(
                wanted.result.probabilities, abs=1e-4
            )
            assert answer.view is not None
            assert wanted.view is not None
            assert answer.view.window_xyxy == wanted.view.window_xyxy

    def test_eight_threads_find_the_same_boxes_as_one(self, engine: LocalEngine) -> None:
        pictures = [photo("bus.jpg"), photo("zidane.jpg"), photo("bus.jpg")[:, ::-1].copy()]
        asked = [(name, i) for name in ("yolo11n", "yolo26n-nmsfree") for i in range(3)] * 3
        alone = {(name, i): ask_one(engine, name, pictures[i]) for name, i in set(asked)}
        with ThreadPoolExecutor(8) as threads:
            answers = list(
                threads.map(lambda key: ask_one(engine, key[0], pictures[key[1]]), asked)
            )
        for key, answer in zip(asked, answers, strict=True):
            found, wanted = answer.result, alone[key].result
            assert isinstance(found, Detections)
            assert isinstance(wanted, Detections)
            found, wanted = found.select(0.25), wanted.select(0.25)
            assert found.class_ids.tolist() == wanted.class_ids.tolist()
            assert found.scores == pytest.approx(wanted.scores, abs=1e-3)
            assert found.xyxy == pytest.approx(wanted.xyxy, abs=0.5)

    @pytest.mark.parametrize(
        ("size", "key"),
        [
            (float("nan"), "out_of_range"),
            ("640", "not_a_number"),
            (True, "not_a_number"),
            (640.5, "not_whole"),
            (650, "size_not_multiple"),
            (32, "out_of_range"),
            (1312, "out_of_range"),
        ],
    )
    def test_a_wrong_size_is_one_sentence(self, engine: LocalEngine, size: Any, key: str) -> None:
        with pytest.raises(DemoError) as raised:
            engine.run("yolo11n", ImageRequest(colour(0), size))
        assert raised.value.key == key

    def test_a_classifier_has_one_size(self, engine: LocalEngine) -> None:
        with pytest.raises(DemoError, match="224") as raised:
            engine.run("mobilenet_v2", ImageRequest(colour(0), 320))
        assert raised.value.key == "size_fixed"

    def test_an_unknown_or_missing_model_is_one_sentence(self, engine: LocalEngine) -> None:
        with pytest.raises(DemoError, match="resnet50") as raised:
            ask_one(engine, "resnet-50", colour(0))
        assert raised.value.key == "unknown_model"
        with pytest.raises(DemoError, match="resnet50") as raised:
            ask_one(engine, "resnet50", colour(0))
        assert raised.value.key == "weights_offline"


class TestCatalog:
    def test_the_rows_are_json_with_the_facts(self, engine: LocalEngine) -> None:
        rows = {row["name"]: row for row in json.loads(json.dumps(engine.models()))}
        row = rows["mobilenet_v2"]
        assert row["available"]
        assert not row["embedded"]
        assert row["published"] == {
            "dataset": "ImageNet",
            "metric": "top-1",
            "value": 72.154,
        }
        assert row["size_bytes"] == 14_268_491 == engine.size_bytes("mobilenet_v2")
        assert rows["cnn-cifar10"]["embedded"]
        assert rows["efficientnet_lite0"]["packaged"]
        assert not rows["efficientnet_lite0"]["embedded"]
        assert rows["cnn-cifar10"]["measured"]["value"] > 70
        assert not rows["vit_h_14"]["available"]
        assert rows["vit_h_14"]["size_bytes"] == round(2416.643 * 2**20)

    def test_the_default_is_the_best_that_is_here(
        self, engine: LocalEngine, tmp_path: Path
    ) -> None:
        assert engine.default("classify") == "efficientnet_lite0"
        bare = LocalEngine(Settings(cache_dir=tmp_path, offline=True, device="cpu"))
        assert bare.default("classify") == "efficientnet_lite0"
        assert bare.default("detect") == "yolo-vitrine"
        with pytest.raises(DemoError) as raised:
            bare.default("segment")
        assert raised.value.key == "no_models"
        bare.close()

    def test_status_follows_the_model(self, tmp_path: Path) -> None:
        shelf = Shelf(tmp_path, net=1)
        running = shelf.engine()
        assert running.status("net").state == "present"
        shelf.gate.clear()
        with ThreadPoolExecutor(1) as thread:
            asked = thread.submit(ask_one, running, "net", colour(0))
            while running.status("net").state == "present":
                time.sleep(0.001)
            assert running.status("net").state == "loading"
            assert running.models()[0]["backend"] is None
            shelf.gate.set()
            asked.result()
        assert running.status("net").state == "resident"
        [row] = running.models()
        assert (row["resident"], row["backend"]) == (True, "shelf")
        running.close()
        (tmp_path / "net.pth").unlink()
        assert shelf.engine().status("net").state == "absent"


class TestResident:
    def test_loads_once_however_many_ask(self, tmp_path: Path) -> None:
        shelf = Shelf(tmp_path, net=1)
        resident = shelf.cache(1000)
        shelf.gate.clear()

        def ask(_: int) -> Runner:
            with resident.lease("net") as loaded:
                return loaded.runner

        with ThreadPoolExecutor(8) as threads:
            asked = [threads.submit(ask, i) for i in range(8)]
            shelf.gate.set()
            assert {one.result() for one in asked} == {shelf.models["net"]}
        assert shelf.loads == ["net"]

    def test_the_least_recently_used_goes_but_never_one_in_use(self, tmp_path: Path) -> None:
        shelf = Shelf(tmp_path, a=400, b=400, c=400)
        resident = shelf.cache(1000)

        def stages() -> str:
            return "".join(n for n in "abc" if resident.status(n).state == "resident")

        for name in "aba":
            with resident.lease(name):
                pass
        assert stages() == "ab"
        with resident.lease("c"):
            pass
        assert stages() == "ac"
        with resident.lease("a"), resident.lease("c"), resident.lease("b"):
            assert stages() == "abc"
            assert resident.shrink(0) == 1200
        assert len(stages()) == 2
        assert resident.shrink(0) == 0

    def test_a_failed_load_is_told_to_all_and_tried_again(self, tmp_path: Path) -> None:
        shelf = Shelf(tmp_path, net=1)
        resident = shelf.cache(1000)
        (tmp_path / "net.pth").write_bytes(b"junk")
        for _ in range(2):
            with pytest.raises(DemoError) as raised, resident.lease("net"):
                pass
            assert raised.value.key == "weights_corrupt"
        (tmp_path / "net.pth").write_bytes(b"net")
        with resident.lease("net") as loaded:
            assert loaded.runner is shelf.models["net"]


class TestWorker:
    def ask(self, worker: Worker, model: Mean, count: int, side: int = 8) -> list[Inputs]:
        """`count` requests that wait together behind one that is held up."""
        blocker = Mean()
        blocker.gate.clear()
        with ThreadPoolExecutor(count + 1) as threads:
            first = threads.submit(worker.run, "first", blocker, ones(2))
            tensors = [ones(side, float(i)) for i in range(count)]
            asked = [threads.submit(worker.run, "net", model, t) for t in tensors]
            while len(worker._waiting) < count:
                time.sleep(0.001)
            blocker.gate.set()
            first.result()
            return [one.result()[0][0] for one in asked]

    def test_what_waits_together_runs_together(self) -> None:
        model, worker = Mean(), worker_of(4, 2)
        raws = self.ask(worker, model, 6)
        assert sorted(model.batches) == [2, 4]
        assert [raw[0, 0].item() for raw in raws] == [0, 1, 2, 3, 4, 5]
        worker.close()

    def test_one_alone_waits_for_nobody(self) -> None:
        model, worker = Mean(), worker_of(4, 2)
        for _ in range(3):
            worker.run("net", model, ones(8))
        assert model.batches == [1, 1, 1]
        worker.close()

    def test_other_shapes_and_models_run_apart(self) -> None:
        worker, model, other = worker_of(8, 2), Mean(), Mean()
        with ThreadPoolExecutor(4) as threads:
            sides = [(model, 4), (model, 6), (other, 4), (other, 6)]
            asked = [threads.submit(worker.run, "n", net, ones(side)) for net, side in sides]
            assert all(one.result()[0][0].tolist() == [[1, 1, 1]] for one in asked)
        assert model.batches == other.batches == [1, 1]
        worker.close()

    def test_films_run_side_by_side_and_stand_back(self) -> None:
        class Slow(Mean):
            at_it, most, order = 0, 0, ""

            def run(self, inputs: Inputs) -> Outputs:
                with lock:
                    self.at_it += 1
                    self.most = max(self.most, self.at_it)
                    self.order += "film " if inputs.shape[-1] == 8 else "photo "
                    assert inputs.shape[-1] == 8 or self.at_it == 1
                    threads.add(torch.get_num_threads())
                time.sleep(0.02)
                with lock:
                    self.at_it -= 1
                return super().run(inputs)

        lock, threads = threading.Lock(), set[int]()
        model, worker = Slow(), worker_of(4, 3, 3)
        with ThreadPoolExecutor(10) as pool:
            film = ones(8)
            asked = [pool.submit(worker.run, "n", model, film, bulk=True) for _ in range(9)]
            while not model.at_it:
                time.sleep(0.001)
            raw, _ = worker.run("n", model, ones(4, 2.0))
            assert all(one.result()[0][0].tolist() == [[1, 1, 1]] for one in asked)
        assert raw[0].tolist() == [[2, 2, 2]]
        assert model.most == 3
        assert threads == {1, 3}
        assert model.order.split().index("photo") <= 6
        worker.close()

    def test_a_network_for_one_thread_is_called_by_one_at_a_time(self) -> None:
        class Single(Mean):
            parallel = False
            at_it, most = 0, 0

            def run(self, inputs: Inputs) -> Outputs:
                with lock:
                    self.at_it += 1
                    self.most = max(self.most, self.at_it)
                time.sleep(0.01)
                with lock:
                    self.at_it -= 1
                return super().run(inputs)

        lock = threading.Lock()
        model, worker = Single(), worker_of(1, 2, 2)
        with ThreadPoolExecutor(8) as pool:
            asked = [
                pool.submit(worker.run, "n", model, ones(8), bulk=film)
                for film in (True, False) * 8
            ]
            assert all(one.result()[0][0].tolist() == [[1, 1, 1]] for one in asked)
        assert model.most == 1
        worker.close()

    def test_a_crowd_of_photos_does_not_stop_a_film(self) -> None:
        model, worker = Mean(), worker_of(1, 2, 2)
        photo, over = ones(4), threading.Event()

        def visit() -> None:
            while not over.is_set():
                worker.run("n", model, photo)

        with ThreadPoolExecutor(3) as pool:
            crowd = [pool.submit(visit) for _ in range(3)]
            film = ones(8)
            raws = [worker.run("n", model, film, bulk=True)[0][0].tolist() for _ in range(20)]
            still = [not one.done() for one in crowd]
            over.set()
            for one in crowd:
                one.result()
        assert raws == [[[1, 1, 1]]] * 20
        assert still == [True] * 3
        worker.close()

    def test_other_threads_keep_one_thread_of_torch(self) -> None:
        worker = worker_of(1, 2)
        with ThreadPoolExecutor(1) as fresh:
            assert fresh.submit(torch.get_num_threads).result() == 1
        assert torch.get_num_threads() == 1
        worker.close()

    def test_out_of_memory_frees_and_halves(self) -> None:
        freed: list[str] = []
        model, worker = Mean(), Worker(8, lambda: freed.append("freed"), 2, set_torch_threads)
        model.room = 2
        raws = self.ask(worker, model, 4)
        assert model.batches == [2, 2]
        assert freed == ["freed"]
        assert [raw[0, 0].item() for raw in raws] == [0, 1, 2, 3]
        worker.close()

    def test_no_room_for_one_is_one_sentence(self) -> None:
        model, worker = Mean(), worker_of(8, 2)
        model.room = 0
        with pytest.raises(DemoError) as raised:
            worker.run("net", model, ones(8))
        assert raised.value.key == "out_of_memory"
        model.room = 1
        assert worker.run("net", model, ones(8))[0][0].tolist() == [[1, 1, 1]]
        worker.close()


def test_a_stopped_engine_refuses_in_one_sentence(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, net=1)
    running = shelf.engine()
    ask_one(running, "net", colour(0))
    shelf.models["net"].gate.clear()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(ask_one, running, "net", colour(1))
        time.sleep(0.05)
        waiting = threads.submit(running.run, "net", ImageRequest(colour(2)[:4]))
        while len(running._worker._waiting) < 1:
            time.sleep(0.001)
        closing = threading.Thread(target=running.close)
        closing.start()
        with pytest.raises(DemoError) as raised:
            waiting.result(10)
        assert raised.value.key == "server_stopping"
        shelf.models["net"].gate.set()
        closing.join(10)
        assert isinstance(first.result(10).result, Scores)
    with pytest.raises(DemoError) as raised:
        ask_one(running, "net", colour(3))
    assert raised.value.key == "server_stopping"


def test_a_bug_in_one_model_reaches_its_own_caller_only(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, good=1, bad=1)
    running = shelf.engine()

    def broken(inputs: Inputs) -> Outputs:
        raise ZeroDivisionError

    shelf.models["bad"].run = broken  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        ask_one(running, "bad", colour(0))
    assert isinstance(ask_one(running, "good", colour(0)).result, Scores)
    running.close()


def test_cuda_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        assert LocalEngine(Settings(device="cuda", cache_dir=tmp_path)).device_text()
        return
    with pytest.raises(DemoError) as raised:
        LocalEngine(Settings(device="cuda", cache_dir=tmp_path))
    assert raised.value.key == "no_cuda"


def test_cores_are_at_least_one_and_at_most_the_machines() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)


def test_an_engine_starts_without_the_heavy_libraries_and_without_a_network() -> None:
    program = """
import sys
def forbid(event, args):
    if event in ("socket.getaddrinfo", "socket.connect"):
        raise SystemExit(f"{event} {args}")
sys.addaudithook(forbid)
from demo.inference.engine import Prediction
from demo.inference.local_engine import LocalEngine
from demo.settings import Settings
engine = LocalEngine(Settings(device="cpu"))
assert len(engine.models()) > 80
assert not {"torchvision", "ultralytics"} & set(sys.modules)
engine.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_bundled_model_answers(tmp_path: Path) -> None:
    running = LocalEngine(Settings(cache_dir=tmp_path, offline=True, device="cpu"))
    for spec in read(FOLDER):
        request = ImageRequest(np.full((90, 120, 3), 200, np.uint8))
        if spec.task == "generate":
            with pytest.raises(DemoError, match="takes none"):
                running.run(spec.name, request)
            answer = running.run(spec.name, NoiseRequest(seed=3, count=2))
            assert isinstance(answer.result, GeneratedImages)
            assert answer.result.images.shape == (2, 32, 32, 3)
            continue
        with pytest.raises(DemoError, match="a picture"):
            running.run(spec.name, NoiseRequest(seed=3))
        answer = running.run(spec.name, request)
        assert answer.result.labels == spec.labels
    running.close()


def test_many_requests_are_answered_in_their_order(tmp_path: Path) -> None:
    running = Shelf(tmp_path, net=1).engine()
    pictures = [colour(seed) for seed in range(9)]
    answers = running.run_many("net", [ImageRequest(picture) for picture in pictures])
    for picture, answer in zip(pictures, answers, strict=True):
        alone = ask_one(running, "net", picture).result
        assert isinstance(answer.result, Scores)
        assert isinstance(alone, Scores)
        assert answer.result.probabilities == pytest.approx(alone.probabilities, abs=1e-6)
    assert running.run_many("net", []) == []
    running.close()


def test_an_exclusive_model_has_gradients_and_runs_alone(tmp_path: Path) -> None:
    running = LocalEngine(Settings(cache_dir=tmp_path, offline=True, device="cpu"))
    for name in ("cnn-cifar10", "yolo-vitrine"):
        spec = running.spec(name)
        inputs = spec.family.preprocess(ImageRequest(photo("bus.jpg"))).inputs

        def gradient(network: nn.Module, inputs: Inputs = inputs) -> float:
            x = torch.from_numpy(inputs).requires_grad_(True)
            network(x).max().backward()
            assert x.grad is not None
            return float(x.grad.abs().sum())

        with running.exclusive(name) as model:
            assert model.spec.name == name
            assert model.run(gradient) > 0
        # The network that answers is another one, so that its answers stay as they were.
        again = running.run(name, ImageRequest(photo("bus.jpg")))
        assert again.result.labels == spec.labels
    running.close()
