"""The owner's folder is followed: files that come, change and go."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.models import get_model

from demo.errors import DemoError
from demo.inference import own_models
from demo.inference.catalog import Catalog
from demo.inference.local_engine import LocalEngine
from demo.models.own.base import read_model
from demo.models.spec import ImageRequest
from demo.settings import Settings
from demo.weights import main
from tests.support.checkpoints import network, save

Put = Callable[[str], Path]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(network("yolo11n", ["one", "two"]), tmp_path_factory.mktemp("made") / "made.pt")


@pytest.fixture
def put(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    monkeypatch.setattr(own_models, "_LOOK_S", 0.0)

    def copy(name: str) -> Path:
        return Path(shutil.copy(checkpoint, tmp_path / name))

    return copy


def catalog_of(folder: Path, model: Path | None = None) -> Catalog:
    settings = Settings(weights_dir=folder, model=model, cache_dir=folder / "cache", offline=True)
    return Catalog(settings)


def own(catalog: Catalog) -> list[str]:
    return [spec.name for spec in catalog.specs() if spec.own]


def test_files_are_models_under_their_names_as_they_come_and_go(put: Put, tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path)
    assert own(catalog) == []
    file = put("best.pt")
    put("best(1).pt")
    put("我的 模型.pt")
    put("yolo11n.pt")  # the catalog's own
    assert own(catalog) == ["best", "best(1)", "我的 模型"]
    assert catalog.present()["best"] == file
    assert catalog.spec("best").labels == ("one", "two")
    file.unlink()
    assert own(catalog) == ["best(1)", "我的 模型"]
    with pytest.raises(DemoError, match="best"):
        catalog.spec("best")


def test_two_files_of_one_stem_are_told_apart(put: Put, tmp_path: Path) -> None:
    put("best.pt")
    put("best.PT")
    put("resnet50.x.pt")
    assert sorted(own(catalog_of(tmp_path))) == ["best.PT", "best.pt", "resnet50.x"]


def test_a_changed_file_is_read_again(put: Put, tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path)
    file = put("best.pt")
    assert catalog.spec("best").labels == ("one", "two")
    save(network("yolo11n", ["three"]), file)
    assert catalog.spec("best").labels == ("three",)


def test_a_changed_description_is_read_again(put: Put, tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path)
    put("best.pt")
    before = catalog.spec("best")
    assert catalog.spec("best") is before
    (tmp_path / "best.toml").write_text("confidence = 0.5\n", "utf-8")
    assert catalog.spec("best").confidence == 0.5
    (tmp_path / "best.toml").write_text("confidence = 5\n", "utf-8")
    assert own(catalog) == []
    assert [one.file for one in catalog.refused()] == ["best.pt"]
    (tmp_path / "best.toml").unlink()
    assert catalog.spec("best").confidence is None


def test_changed_labels_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_models, "_LOOK_S", 0.0)
    catalog = catalog_of(tmp_path)
    torch.manual_seed(0)
    net = get_model("squeezenet1_1", num_classes=2)
    # A described file is the owner's even under the name of a known model.
    torch.save(net.state_dict(), tmp_path / "squeezenet1_1.pth")
    assert own(catalog) == []
    assert catalog.find("squeezenet1_1") is not None
    text = 'architecture = "squeezenet1_1"\nlabels = "names.txt"\n'
    (tmp_path / "squeezenet1_1.toml").write_text(text, "utf-8")
    (tmp_path / "names.txt").write_text("a\nb\n", "utf-8")
    assert own(catalog) == ["squeezenet1_1.pth"]
    assert catalog.find("squeezenet1_1") is None
    assert "squeezenet1_1" not in catalog.present()
    assert catalog.spec("squeezenet1_1.pth").labels == ("a", "b")
    (tmp_path / "names.txt").write_text("a\nc\n", "utf-8")
    assert catalog.spec("squeezenet1_1.pth").labels == ("a", "c")


def test_a_loaded_model_follows_its_description(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("best.pt")
    settings = Settings(weights_dir=tmp_path, cache_dir=tmp_path / "cache", offline=True)
    engine = LocalEngine(settings)
    try:
        request = ImageRequest(np.full((64, 64, 3), 114, np.uint8), 64)
        engine.run("best", request)
        version = engine.weights_version("best")
        assert engine.status("best").state == "resident"
        (tmp_path / "best.toml").write_text("confidence = 0.5\n", "utf-8")
        assert engine.weights_version("best") != version
        assert engine.run("best", request).result.labels == ("one", "two")
        row = next(row for row in engine.models() if row["name"] == "best")
        assert (row["own"], row["available"], row["embedded"]) == (True, True, False)
    finally:
        engine.close()


def test_a_file_far_beyond_the_budget_is_refused_unread(put: Put, tmp_path: Path) -> None:
    put("best.pt")  # 5 MB
    budget = Settings(weights_dir=tmp_path, cache_dir=tmp_path / "c", model_budget_mb=1)
    [refused] = Catalog(budget).refused()
    assert refused.reason.key == "model_too_large"
    assert own(catalog_of(tmp_path)) == ["best"]


def test_half_a_file_is_refused_until_it_is_whole(
    put: Put, checkpoint: Path, tmp_path: Path
) -> None:
    catalog = catalog_of(tmp_path)
    whole = checkpoint.read_bytes()
    (tmp_path / "best.pt").write_bytes(whole[: len(whole) // 2])
    assert own(catalog) == []
    [refused] = catalog.refused()
    assert (refused.file, "best.pt" in str(refused.reason)) == ("best.pt", True)
    (tmp_path / "best.pt").write_bytes(whole)
    assert own(catalog) == ["best"]
    assert catalog.refused() == ()


def test_the_page_opens_with_a_file_from_anywhere(
    put: Put, checkpoint: Path, tmp_path: Path
) -> None:
    first = catalog_of(tmp_path, checkpoint).first()
    assert first is not None
    assert (first.name, first.task) == ("made", "detect")
    broken = tmp_path / "broken.pt"
    torch.save({"a": torch.zeros(1)}, broken)
    with pytest.raises(DemoError, match=r"broken\.pt"):
        catalog_of(tmp_path, broken).first()
    assert catalog_of(tmp_path).first() is None


def test_a_file_is_read_once(put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []

    def counted(path: Path, name: str) -> object:
        reads.append(name)
        return read_model(path, name)

    monkeypatch.setattr("demo.inference.own_models.read_model", counted)
    catalog = catalog_of(tmp_path)
    put("best.pt")
    for _ in range(5):
        catalog.present()
    assert reads == ["best"]


class TestCommandLine:
    def test_check_tells_what_a_file_is_and_why_another_is_refused(
        self, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["check", str(checkpoint)], Settings()) == 0
        out = capsys.readouterr().out
        assert out.startswith("✓ made.pt: detect, yolo11n, 2 classes, 320 pixels, ")
        assert out.endswith("\n  one, two\n")
        broken = tmp_path / "broken.pt"
        broken.write_bytes(b"PK")
        assert main(["check", str(broken), str(checkpoint)], Settings()) == 1
        lines = capsys.readouterr().out.splitlines()
        assert [line[0] for line in lines] == ["✗", "✓", " "]
        assert "broken.pt" in lines[0]

    def test_describe_writes_a_first_description_once(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "birds.pth"
        torch.manual_seed(0)
        net = get_model("squeezenet1_1", num_classes=3)
        torch.save(net.state_dict(), file)
        assert main(["describe", str(file)], Settings()) == 0
        out = capsys.readouterr().out
        assert "architecture: squeezenet1_1\nclasses: 3\n" in out
        assert "check birds.pth" in out
        assert main(["check", str(file)], Settings()) == 0
        assert "class 0, class 1, class 2" in capsys.readouterr().out
        with pytest.raises(DemoError, match=r"birds\.toml exists already"):
            main(["describe", str(file)], Settings())

    def test_describe_says_where_no_description_is_needed(
        self, checkpoint: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["describe", str(checkpoint)], Settings()) == 0
        assert "made.pt needs no description" in capsys.readouterr().out
        assert not checkpoint.with_suffix(".toml").exists()

    def test_describe_names_what_it_cannot_read(self, tmp_path: Path) -> None:
        for name in ("gone.pt", "gone.onnx", "gone.txt"):
            with pytest.raises(DemoError, match=name.replace(".", r"\.")):
                main(["describe", str(tmp_path / name)], Settings())
