"""What visitors may have downloaded: the owner's list of models, and the disk for them."""

from pathlib import Path

import httpx
import pytest

from demo.errors import DemoError
from demo.inference.catalog import Catalog
from demo.inference.download import Downloader
from demo.inference.local_engine import LocalEngine
from demo.models import imagenet
from demo.models.spec import ImageRequest
from demo.settings import Settings
from demo.weights import main

MB = 1_000_000


def catalog(folder: Path, **values: object) -> tuple[Catalog, list[str]]:
    """A catalog of the real models, and the addresses that were asked for."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(404)

    settings = Settings(cache_dir=folder, **values)  # type: ignore[arg-type]
    client = httpx.Client(transport=httpx.MockTransport(answer))
    return Catalog(settings, downloader=Downloader(lambda: client)), asked


def key_of(shown: Catalog, name: str) -> str:
    with pytest.raises(DemoError) as raised:
        shown.open(name, print)
    return raised.value.key


def test_only_what_the_owner_lists_is_downloaded(tmp_path: Path) -> None:
    shown, asked = catalog(tmp_path, downloads=("resnet1*", "yolo11n"))
    for name in ("resnet50", "vgg16", "yolo26n", "resnet101.pth"):
        if name in {spec.name for spec in shown.specs()}:
            assert key_of(shown, name) == "download_not_allowed"
    assert asked == []
    assert key_of(shown, "resnet18") == "download_refused"
    assert len(asked) == 1


def test_the_owners_folder_and_the_embedded_files_need_no_permission(tmp_path: Path) -> None:
    shown, asked = catalog(tmp_path, downloads=())
    assert shown.open("photo-101", print).official
    assert key_of(shown, "resnet18") == "download_not_allowed"
    assert asked == []


def test_nothing_is_downloaded_beyond_the_disk_budget(tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "vgg16-397923af.pth").write_bytes(bytes(60 * MB))
    (folder / "abandoned.part").write_bytes(bytes(1 * MB))
    shown, asked = catalog(tmp_path, downloads_mb=100)
    with pytest.raises(DemoError, match="already take 61 of the 100 MB") as raised:
        shown.open("resnet18", print)
    assert raised.value.key == "download_no_room"
    assert asked == []
    (folder / "abandoned.part").unlink()
    (folder / "vgg16-397923af.pth").write_bytes(bytes(50 * MB))
    assert key_of(shown, "resnet18") == "download_refused"


def test_a_spoilt_file_that_would_be_replaced_takes_no_room(tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "resnet18-f37072fd.pth").write_bytes(bytes(60 * MB))
    shown, _ = catalog(tmp_path, downloads_mb=60)
    assert key_of(shown, "resnet18") == "download_refused"


def test_eighty_models_asked_for_in_turn_stay_within_the_budget(tmp_path: Path) -> None:
    """A visitor who asks for every model of the list."""
    folder = tmp_path / "weights"

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(bytes(1000)))

    settings = Settings(cache_dir=tmp_path, downloads_mb=300)
    shown = Catalog(
        settings,
        downloader=Downloader(lambda: httpx.Client(transport=httpx.MockTransport(answer))),
    )
    engine = LocalEngine(settings, shown)
    keys: list[str] = []
    for spec in imagenet.specs():
        with pytest.raises(DemoError) as raised:
            engine.run(spec.name, ImageRequest(None))  # type: ignore[arg-type]
        keys.append(raised.value.key)
        # What arrives has a wrong digest; a file of the stated size takes its place.
        if raised.value.key == "download_wrong":
            assert spec.weights.size_bytes is not None
            folder.mkdir(exist_ok=True)
            with (folder / spec.weights.official).open("wb") as sparse:
                sparse.truncate(spec.weights.size_bytes)
    taken = sum(path.stat().st_size for path in folder.iterdir())
    assert taken <= 300 * MB
    assert keys.count("download_wrong") < 10
    assert keys.count("download_no_room") > 50
    engine.close()


def test_the_owners_own_command_is_not_limited(tmp_path: Path) -> None:
    settings = Settings(cache_dir=tmp_path, offline=True, downloads=(), downloads_mb=1)
    with pytest.raises(DemoError) as raised:
        main(["fetch", "resnet18"], settings)
    assert raised.value.key == "weights_offline"
