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
from torch import Tensor

from demo.errors import DemoError
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.inference.batching import Worker
from demo.inference.catalog import Catalog
from demo.inference.engine import Engine
from demo.inference.model_cache import ModelCache
from demo.models.bundled import FOLDER, read
from demo.models.spec import Model, ModelSpec, Prepared, WeightsEntry, WeightsFile
from demo.results import Detections, Image, Scores
from demo.service import examples
from demo.settings import Settings
from demo.system import cores

ROOT = Path(__file__).resolve().parents[2]
CPU = torch.device("cpu")


class Mean:
    """A tiny honest model: the shares of red, green and blue in a picture."""

    def __init__(self, size_bytes: int = 100) -> None:
        self.size_bytes = size_bytes
        self.batches: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.room = 1000

    def preprocess(self, image: Image, size: int) -> Prepared:
        tensor = torch.from_numpy(image).permute(2, 0, 1)[None].float()
        return Prepared(tensor, (0, 0, image.shape[1], image.shape[0]), image, None)

    def forward(self, batch: Tensor) -> Tensor:
        self.gate.wait(10)
        if len(batch) > self.room:
            raise torch.OutOfMemoryError("too much")
        self.batches.append(len(batch))
        return batch.mean(dim=(2, 3))

    def postprocess(self, raw: Tensor, prepared: Prepared) -> Scores:
        shares = raw[0] / raw[0].sum()
        return Scores(shares.numpy(), ("red", "green", "blue"))


class Shelf:
    """A catalog of tiny models in a folder, that counts what is loaded."""

    def __init__(self, folder: Path, **sizes: int) -> None:
        self.loads: list[str] = []
        self.models = {name: Mean(size) for name, size in sizes.items()}
        self.gate = threading.Event()
        self.gate.set()
        for name in sizes:
            (folder / f"{name}.pth").write_bytes(name.encode())
        specs = [self._spec(name) for name in sizes]
        self.catalog = Catalog(Settings(weights_dir=folder, cache_dir=folder / "c"), specs)

    def _spec(self, name: str) -> ModelSpec:
        def load(file: WeightsFile, device: torch.device) -> Model:
            self.gate.wait(10)
            self.loads.append(name)
            if file.path.read_bytes() != name.encode():
                raise DemoError("weights_corrupt", file=file.path.name)
            return self.models[name]

        entry = WeightsEntry(name, (".pth",))
        labels = ("red", "green", "blue")
        return ModelSpec(name, name, "classify", labels, 8, "mean", "none", "here", entry, load)


def photo(name: str) -> Image:
    [path] = [path for path in examples.paths() if path.name == name]
    return decode(path.read_bytes(), Limits()).rgb


def colour(seed: int) -> Image:
    return np.random.default_rng(seed).integers(1, 256, (8, 8, 3), np.uint8)


@pytest.fixture(scope="module")
def engine(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    cache = tmp_path_factory.mktemp("cache")
    weights = shared_data / "weights"
    running = Engine(Settings(weights_dir=weights, cache_dir=cache, offline=True, device="cpu"))
    yield running
    running.close()


class TestRun:
    def test_an_answer_says_how_it_came_about(self, engine: Engine) -> None:
        picture = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
        answer = engine.run("mobilenet_v2", picture)
        assert isinstance(answer.result, Scores)
        assert answer.model == "mobilenet_v2"
        assert len(answer.weights_sha256) == 64
        assert answer.size_wh == (400, 300)
        assert answer.device == engine.device_text()
        assert answer.seen.shape == (224, 224, 3)
        # 400×300 → 309×232, its middle 224² from (42, 4): × 400/309 and × 300/232.
        assert answer.window_xyxy == pytest.approx((54.37, 5.17, 344.34, 294.83), abs=0.7)
        assert answer.timing.preprocess > 0
        assert answer.timing.forward > 0
        assert answer.timing.decode == answer.timing.draw == 0

    def test_eight_threads_answer_as_one(self, engine: Engine) -> None:
        names = ("mobilenet_v2", "squeezenet1_0", "cnn-cifar10")
        pictures = [
            np.random.default_rng(seed).integers(0, 256, (60 + 9 * seed, 80, 3), np.uint8)
            for seed in range(4)
        ]
        asked = [(name, i) for name in names for i in range(len(pictures))] * 4
        alone = {(name, i): engine.run(name, pictures[i]) for name, i in set(asked)}
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda key: engine.run(key[0], pictures[key[1]]), asked))
        for key, answer in zip(asked, answers, strict=True):
            wanted = alone[key]
            assert isinstance(answer.result, Scores)
            assert isinstance(wanted.result, Scores)
            assert answer.model == key[0]
            assert answer.result.probabilities == pytest.approx(
                wanted.result.probabilities, abs=1e-4
            )
            assert answer.window_xyxy == wanted.window_xyxy

    def test_eight_threads_find_the_same_boxes_as_one(self, engine: Engine) -> None:
        pictures = [photo("bus.jpg"), photo("zidane.jpg"), photo("bus.jpg")[:, ::-1].copy()]
        asked = [(name, i) for name in ("yolo11n", "yolo26n-nmsfree") for i in range(3)] * 3
        alone = {(name, i): engine.run(name, pictures[i]) for name, i in set(asked)}
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda key: engine.run(key[0], pictures[key[1]]), asked))
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
    def test_a_wrong_size_is_one_sentence(self, engine: Engine, size: Any, key: str) -> None:
        with pytest.raises(DemoError) as raised:
            engine.run("yolo11n", colour(0), size)
        assert raised.value.key == key

    def test_a_classifier_has_one_size(self, engine: Engine) -> None:
        with pytest.raises(DemoError, match="224") as raised:
            engine.run("mobilenet_v2", colour(0), 320)
        assert raised.value.key == "size_fixed"

    def test_an_unknown_or_missing_model_is_one_sentence(self, engine: Engine) -> None:
        with pytest.raises(DemoError, match="resnet50") as raised:
            engine.run("resnet-50", colour(0))
        assert raised.value.key == "unknown_model"
        with pytest.raises(DemoError, match="resnet50") as raised:
            engine.run("resnet50", colour(0))
        assert raised.value.key == "weights_offline"


class TestCatalog:
    def test_the_rows_are_json_with_the_facts(self, engine: Engine) -> None:
        rows = {row["name"]: row for row in json.loads(json.dumps(engine.models()))}
        row = rows["mobilenet_v2"]
        assert row["available"]
        assert not row["embedded"]
        assert row["published"] == {"metric": "ImageNet top-1", "value": 72.154}
        assert row["size_bytes"] == 14_268_491 == engine.size_bytes("mobilenet_v2")
        assert rows["cnn-cifar10"]["embedded"]
        assert rows["cnn-cifar10"]["measured"]["value"] > 70
        assert not rows["vit_h_14"]["available"]
        assert rows["vit_h_14"]["size_bytes"] == round(2416.643 * 2**20)

    def test_the_default_is_the_best_that_is_here(self, engine: Engine, tmp_path: Path) -> None:
        assert engine.default("classify") == "mobilenet_v2"
        bare = Engine(Settings(cache_dir=tmp_path, offline=True, device="cpu"))
        assert bare.default("classify") == "photo-101"
        assert bare.default("detect") == "yolo-vitrine"
        with pytest.raises(DemoError) as raised:
            bare.default("segment")
        assert raised.value.key == "no_models"
        bare.close()

    def test_status_follows_the_model(self, tmp_path: Path) -> None:
        shelf = Shelf(tmp_path, net=1)
        running = Engine(Settings(device="cpu"), shelf.catalog)
        assert running.status("net").stage == "present"
        shelf.gate.clear()
        with ThreadPoolExecutor(1) as thread:
            asked = thread.submit(running.run, "net", colour(0))
            while running.status("net").stage == "present":
                time.sleep(0.001)
            assert running.status("net").stage == "loading"
            shelf.gate.set()
            asked.result()
        assert running.status("net").stage == "resident"
        assert running.models()[0]["resident"]
        running.close()
        (tmp_path / "net.pth").unlink()
        assert Engine(Settings(device="cpu"), shelf.catalog).status("net").stage == "absent"


class TestResident:
    def test_loads_once_however_many_ask(self, tmp_path: Path) -> None:
        shelf = Shelf(tmp_path, net=1)
        resident = ModelCache(shelf.catalog, CPU, 1000)
        shelf.gate.clear()

        def ask(_: int) -> Model:
            with resident.lease("net") as loaded:
                return loaded.model

        with ThreadPoolExecutor(8) as threads:
            asked = [threads.submit(ask, i) for i in range(8)]
            shelf.gate.set()
            assert {one.result() for one in asked} == {shelf.models["net"]}
        assert shelf.loads == ["net"]

    def test_the_least_recently_used_goes_but_never_one_in_use(self, tmp_path: Path) -> None:
        shelf = Shelf(tmp_path, a=400, b=400, c=400)
        resident = ModelCache(shelf.catalog, CPU, 1000)

        def stages() -> str:
            return "".join(n for n in "abc" if resident.status(n).stage == "resident")

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
        resident = ModelCache(shelf.catalog, CPU, 1000)
        (tmp_path / "net.pth").write_bytes(b"junk")
        for _ in range(2):
            with pytest.raises(DemoError) as raised, resident.lease("net"):
                pass
            assert raised.value.key == "weights_corrupt"
        (tmp_path / "net.pth").write_bytes(b"net")
        with resident.lease("net") as loaded:
            assert loaded.model is shelf.models["net"]


class TestWorker:
    def ask(self, worker: Worker, model: Mean, count: int, side: int = 8) -> list[Tensor]:
        """`count` requests that wait together behind one that is held up."""
        blocker = Mean()
        blocker.gate.clear()
        with ThreadPoolExecutor(count + 1) as threads:
            first = threads.submit(worker.run, "first", blocker, torch.ones(1, 3, 2, 2))
            tensors = [torch.full((1, 3, side, side), float(i)) for i in range(count)]
            asked = [threads.submit(worker.run, "net", model, t) for t in tensors]
            while len(worker._waiting) < count:
                time.sleep(0.001)
            blocker.gate.set()
            first.result()
            return [one.result()[0] for one in asked]

    def test_what_waits_together_runs_together(self) -> None:
        model, worker = Mean(), Worker(4, lambda: None, 2)
        raws = self.ask(worker, model, 6)
        assert sorted(model.batches) == [2, 4]
        assert [raw[0, 0].item() for raw in raws] == [0, 1, 2, 3, 4, 5]
        worker.close()

    def test_one_alone_waits_for_nobody(self) -> None:
        model, worker = Mean(), Worker(4, lambda: None, 2)
        for _ in range(3):
            worker.run("net", model, torch.ones(1, 3, 8, 8))
        assert model.batches == [1, 1, 1]
        worker.close()

    def test_other_shapes_and_models_run_apart(self) -> None:
        worker, model, other = Worker(8, lambda: None, 2), Mean(), Mean()
        with ThreadPoolExecutor(4) as threads:
            sides = [(model, 4), (model, 6), (other, 4), (other, 6)]
            asked = [
                threads.submit(worker.run, "n", net, torch.ones(1, 3, side, side))
                for net, side in sides
            ]
            assert all(one.result()[0].tolist() == [[1, 1, 1]] for one in asked)
        assert model.batches == other.batches == [1, 1]
        worker.close()

    def test_films_run_side_by_side_and_stand_back(self) -> None:
        class Slow(Mean):
            at_it, most, order = 0, 0, ""

            def forward(self, batch: Tensor) -> Tensor:
                with lock:
                    self.at_it += 1
                    self.most = max(self.most, self.at_it)
                    self.order += "film " if batch.shape[-1] == 8 else "photo "
                    assert batch.shape[-1] == 8 or self.at_it == 1
                    threads.add(torch.get_num_threads())
                time.sleep(0.02)
                with lock:
                    self.at_it -= 1
                return super().forward(batch)

        lock, threads = threading.Lock(), set[int]()
        model, worker = Slow(), Worker(4, lambda: None, 3, lanes=3)
        with ThreadPoolExecutor(10) as pool:
            film = torch.ones(1, 3, 8, 8)
            asked = [pool.submit(worker.run, "n", model, film, bulk=True) for _ in range(9)]
            while not model.at_it:
                time.sleep(0.001)
            raw, _ = worker.run("n", model, torch.full((1, 3, 4, 4), 2.0))
            assert all(one.result()[0].tolist() == [[1, 1, 1]] for one in asked)
        assert raw.tolist() == [[2, 2, 2]]
        assert model.most == 3
        assert threads == {1, 3}
        assert model.order.split().index("photo") <= 6
        worker.close()

    def test_a_crowd_of_photos_does_not_stop_a_film(self) -> None:
        model, worker = Mean(), Worker(1, lambda: None, 2, lanes=2)
        photo, over = torch.ones(1, 3, 4, 4), threading.Event()

        def visit() -> None:
            while not over.is_set():
                worker.run("n", model, photo)

        with ThreadPoolExecutor(3) as pool:
            crowd = [pool.submit(visit) for _ in range(3)]
            film = torch.ones(1, 3, 8, 8)
            raws = [worker.run("n", model, film, bulk=True)[0].tolist() for _ in range(20)]
            still = [not one.done() for one in crowd]
            over.set()
            for one in crowd:
                one.result()
        assert raws == [[[1, 1, 1]]] * 20
        assert still == [True] * 3
        worker.close()

    def test_other_threads_keep_one_thread_of_torch(self) -> None:
        worker = Worker(1, lambda: None, 2)
        with ThreadPoolExecutor(1) as fresh:
            assert fresh.submit(torch.get_num_threads).result() == 1
        assert torch.get_num_threads() == 1
        worker.close()

    def test_out_of_memory_frees_and_halves(self) -> None:
        freed: list[str] = []
        model, worker = Mean(), Worker(8, lambda: freed.append("freed"), 2)
        model.room = 2
        raws = self.ask(worker, model, 4)
        assert model.batches == [2, 2]
        assert freed == ["freed"]
        assert [raw[0, 0].item() for raw in raws] == [0, 1, 2, 3]
        worker.close()

    def test_no_room_for_one_is_one_sentence(self) -> None:
        model, worker = Mean(), Worker(8, lambda: None, 2)
        model.room = 0
        with pytest.raises(DemoError) as raised:
            worker.run("net", model, torch.ones(1, 3, 8, 8))
        assert raised.value.key == "out_of_memory"
        model.room = 1
        assert worker.run("net", model, torch.ones(1, 3, 8, 8))[0].tolist() == [[1, 1, 1]]
        worker.close()


def test_a_bug_in_one_model_reaches_its_own_caller_only(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, good=1, bad=1)
    running = Engine(Settings(device="cpu"), shelf.catalog)

    def broken(batch: Tensor) -> Tensor:
        raise ZeroDivisionError

    shelf.models["bad"].forward = broken  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        running.run("bad", colour(0))
    assert isinstance(running.run("good", colour(0)).result, Scores)
    running.close()


def test_cuda_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        assert Engine(Settings(device="cuda", cache_dir=tmp_path)).device_text()
        return
    with pytest.raises(DemoError) as raised:
        Engine(Settings(device="cuda", cache_dir=tmp_path))
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
from demo.inference.engine import Engine
from demo.settings import Settings
engine = Engine(Settings(device="cpu"))
assert len(engine.models()) > 80
assert not {"torchvision", "ultralytics"} & set(sys.modules)
engine.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_embedded_model_answers(tmp_path: Path) -> None:
    running = Engine(Settings(cache_dir=tmp_path, offline=True, device="cpu"))
    for spec in read(FOLDER):
        if spec.task == "generate":
            with pytest.raises(DemoError, match="takes none"):
                running.run(spec.name, np.full((90, 120, 3), 200, np.uint8))
            continue
        answer = running.run(spec.name, np.full((90, 120, 3), 200, np.uint8))
        assert answer.result.labels == spec.labels
        assert answer.weights_sha256 == spec.weights.sha256
    running.close()
