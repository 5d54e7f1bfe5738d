"""The catalog's look-up order, its digests, downloads, and files that mean harm."""

import hashlib
import http.server
import json
import os
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from demo.errors import DemoError
from demo.inference.catalog import Catalog
from demo.inference.download import Downloader, open_https
from demo.models import imagenet, timm_classifiers
from demo.models.checkpoint import load_state
from demo.models.classifier import Classifier, Preprocessing
from demo.models.coco import SPECS as COCO
from demo.models.spec import ModelSpec, WeightsEntry, WeightsFile
from demo.settings import Settings
from demo.weights import main
from tests.support.preloaded import Preloaded

ROOT = Path(__file__).resolve().parents[2]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def never(file: WeightsFile) -> nn.Module:
    raise AssertionError("nothing is loaded here")


def spec(name: str, entry: WeightsEntry, order: int = 0) -> ModelSpec:
    preset = Preprocessing(8, 8, "bilinear", (0.5,) * 3, (0.5,) * 3)
    return ModelSpec(
        name=name,
        title=name,
        task="classify",
        labels=("a", "b"),
        input_size=8,
        architecture="none",
        licence="none",
        source="here",
        weights=entry,
        family=Classifier(name, preset, ("a", "b")),
        network=never,
        order=order,
    )


@pytest.fixture(autouse=True)
def folders(tmp_path: Path) -> None:
    (tmp_path / "user").mkdir()
    (tmp_path / "cache" / "weights").mkdir(parents=True)


def found(shown: Catalog, name: str) -> Path | None:
    """Where the file of a model is."""
    stamp = shown.find(name)
    return None if stamp is None else stamp.path


def catalog(tmp_path: Path, entry: WeightsEntry, downloader: Downloader | None = None) -> Catalog:
    settings = Settings(weights_dir=tmp_path / "user", cache_dir=tmp_path / "cache")
    return Catalog(settings, [spec("net", entry)], downloader)


class TestAdd:
    def test_an_added_model_is_listed_in_its_place(self, tmp_path: Path) -> None:
        shown = catalog(tmp_path, WeightsEntry("net", (".pth",)))
        (tmp_path / "user" / "own.pth").write_bytes(b"own")
        shown.add(spec("own", WeightsEntry("own", (".pth",)), order=-1))
        assert [one.name for one in shown.specs()] == ["own", "net"]
        assert list(shown.present()) == ["own"]
        with pytest.raises(ValueError, match="own"):
            shown.add(spec("own", WeightsEntry("own", (".pth",))))


class TestLookUp:
    def test_the_users_folder_then_the_cache_then_embedded(self, tmp_path: Path) -> None:
        embedded = tmp_path / "net.safetensors"
        embedded.write_bytes(b"embedded")
        entry = WeightsEntry("net", (".pth",), "net-off.pth", embedded=embedded)
        shown = catalog(tmp_path, entry)
        assert found(shown, "net") == embedded
        cached = tmp_path / "cache" / "weights" / "net-off.pth"
        cached.write_bytes(b"cached")
        assert found(shown, "net") == cached
        official = tmp_path / "user" / "net-off.pth"
        official.write_bytes(b"official name")
        assert found(shown, "net") == official
        own = tmp_path / "user" / "net.pth"
        own.write_bytes(b"own name")
        assert shown.present() == {"net": own}
        assert shown.size_bytes("net") == 8
        assert shown.open("net", print).sha256 == sha256(b"own name")

    def test_a_missing_folder_is_one_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(DemoError) as raised:
            Catalog(Settings(weights_dir=tmp_path / "gone"), [])
        assert raised.value.key == "no_weights_folder"
        assert str(tmp_path) not in str(raised.value)

    def test_an_unknown_name_is_told_some_that_exist(self, tmp_path: Path) -> None:
        with pytest.raises(DemoError, match="net") as raised:
            catalog(tmp_path, WeightsEntry("net", (".pth",))).spec("nett")
        assert raised.value.key == "unknown_model"

    def test_missing_without_a_source_and_missing_while_offline(self, tmp_path: Path) -> None:
        with pytest.raises(DemoError) as raised:
            catalog(tmp_path, WeightsEntry("net", (".pth",))).open("net", print)
        assert raised.value.key == "weights_missing"
        entry = WeightsEntry("net", (".pth",), "n.pth", "https://x.invalid/n.pth", None, 9)
        settings = Settings(cache_dir=tmp_path, offline=True)
        with pytest.raises(DemoError, match="switched downloads off") as raised:
            Catalog(settings, [spec("net", entry)]).open("net", print)
        assert raised.value.key == "weights_offline"


class TestDigests:
    def test_sha256sums_beside_the_file_is_believed(self, tmp_path: Path) -> None:
        shown = catalog(tmp_path, WeightsEntry("net", (".pth",)))
        (tmp_path / "user" / "net.pth").write_bytes(b"right")
        sums = tmp_path / "user" / "SHA256SUMS"
        sums.write_text(f"{sha256(b'right')}  net.pth\n{sha256(b'x')}  other.pth\n")
        assert shown.open("net", print).sha256 == sha256(b"right")
        sums.write_text(f"{sha256(b'wrong')} *net.pth\n")
        with pytest.raises(DemoError) as raised:
            shown.open("net", print)
        assert raised.value.key == "weights_wrong_hash"
        assert str(tmp_path) not in str(raised.value)

    def test_a_name_that_carries_a_digest_must_have_it(self, tmp_path: Path) -> None:
        digest = sha256(b"official")[:8]
        entry = WeightsEntry("net", (".pth",), f"net-{digest}.pth", None, digest)
        file = tmp_path / "user" / f"net-{digest}.pth"
        file.write_bytes(b"official")
        assert catalog(tmp_path, entry).open("net", print).official
        file.write_bytes(b"something else")
        with pytest.raises(DemoError) as raised:
            catalog(tmp_path, entry).open("net", print)
        assert raised.value.key == "weights_wrong_hash"

    def test_a_users_own_version_need_not_be_the_official_file(self, tmp_path: Path) -> None:
        entry = WeightsEntry("net", (".pt",), "net.pt", None, sha256(b"official"))
        (tmp_path / "user" / "net.pt").write_bytes(b"own")
        assert not catalog(tmp_path, entry).open("net", print).official

    def test_an_embedded_file_that_changed_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "own.safetensors"
        file.write_bytes(b"changed")
        entry = WeightsEntry("net", (), sha256=sha256(b"shipped"), embedded=file)
        with pytest.raises(DemoError) as raised:
            catalog(tmp_path, entry).open("net", print)
        assert raised.value.key == "weights_wrong_hash"

    def test_the_stand_ins_have_their_sums(self, shared_data: Path) -> None:
        shown = Catalog(Settings(weights_dir=shared_data / "weights", offline=True))
        for name in ("yolo11n", "yolo26n", "mobilenet_v2", "squeezenet1_0"):
            file = shown.open(name, print)
            assert file.sha256 in (shared_data / "weights" / "SHA256SUMS").read_text()
            assert not file.official


CONTENT = os.urandom(3_000_000)


class Source(http.server.BaseHTTPRequestHandler):
    """A server of weights: whole, cut short, without a length, or none."""

    def do_GET(self) -> None:
        if self.path == "/none":
            self.send_error(404)
            return
        self.send_response(200)
        if self.path != "/endless":
            self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[:1000] if self.path == "/cut" else CONTENT)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def source() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Source)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def failing(raised: Callable[[httpx.Request], Exception]) -> Downloader:
    """A downloader whose requests fail, before they leave the machine."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise raised(request)

    return Downloader(lambda: httpx.Client(transport=httpx.MockTransport(fail)))


def no_network(request: httpx.Request) -> Exception:
    return httpx.ConnectError("no network", request=request)


def unwanted(request: httpx.Request) -> Exception:
    return AssertionError("the user's own file needs no download")


class TestDownload:
    def fetch(self, url: str, target: Path, sha: str | None, size: int) -> list[float]:
        shares: list[float] = []
        Downloader(httpx.Client).fetch(url, target, sha, size, shares.append)
        return shares

    def test_arrives_whole_and_tells_how_far_it_is(self, source: str, tmp_path: Path) -> None:
        target = tmp_path / "deep" / "net.pth"
        shares = self.fetch(source + "/whole", target, sha256(CONTENT)[:8], len(CONTENT))
        assert target.read_bytes() == CONTENT
        assert shares == sorted(shares)
        assert shares[0] < 0.6
        assert shares[-1] == 1.0
        assert list(target.parent.iterdir()) == [target]

    @pytest.mark.parametrize(
        ("path", "sha", "size", "key"),
        [
            ("/whole", "0000", 3_000_000, "download_wrong"),
            ("/whole", None, 100_000, "download_too_big"),
            ("/endless", None, 100_000, "download_too_big"),
            ("/cut", None, 3_000_000, "download_broke"),
            ("/none", None, 3_000_000, "download_refused"),
        ],
    )
    def test_leaves_nothing_behind_when_it_fails(
        self, source: str, tmp_path: Path, path: str, sha: str | None, size: int, key: str
    ) -> None:
        target = tmp_path / "deep" / "net.pth"
        with pytest.raises(DemoError) as raised:
            self.fetch(source + path, target, sha, size)
        assert raised.value.key == key
        assert not target.parent.exists() or not list(target.parent.iterdir())

    def test_gives_up_after_three_seconds_and_remembers(self, tmp_path: Path) -> None:
        calls: list[str] = []
        release = threading.Event()

        def hang(request: httpx.Request) -> Exception:
            calls.append(str(request.url))
            release.wait(20)
            return httpx.ConnectError("too late", request=request)

        downloader = failing(hang)
        start = time.monotonic()
        with pytest.raises(DemoError) as raised:
            downloader.fetch("https://x.invalid/n", tmp_path / "n", None, 9, print)
        assert raised.value.key == "no_network"
        assert time.monotonic() - start < 4
        start = time.monotonic()
        with pytest.raises(DemoError):
            downloader.fetch("https://x.invalid/m", tmp_path / "m", None, 9, print)
        assert time.monotonic() - start < 0.1
        assert calls == ["https://x.invalid/n"]
        release.set()

    def test_only_https_leaves_the_machine(self, source: str) -> None:
        with open_https() as client, pytest.raises(httpx.UnsupportedProtocol, match="not https"):
            client.get(source + "/whole")

    def test_every_source_of_the_catalog_is_its_own(self) -> None:
        hosts = (
            *("https://download.pytorch.org/models/", "https://github.com/ultralytics/assets/"),
            "https://huggingface.co/timm/",
        )
        sources = (imagenet.specs(), timm_classifiers.specs(), COCO)
        urls = [spec.weights.url for specs in sources for spec in specs]
        stated = [url for url in urls if url is not None]
        assert (len(urls), len(stated)) == (80 + 31 + 16, 80 + 31 + 3)
        assert all(url.startswith(hosts) for url in stated)

    def test_a_spoilt_cache_is_fetched_anew(self, source: str, tmp_path: Path) -> None:
        entry = WeightsEntry(
            "net", (".pth",), "n.pth", source + "/whole", sha256(CONTENT), len(CONTENT)
        )
        shown = catalog(tmp_path, entry, Downloader(httpx.Client))
        (tmp_path / "cache" / "weights" / "n.pth").write_bytes(b"half of it")
        assert shown.open("net", lambda share: None).official

    def test_nothing_is_ever_deleted_for_a_wrong_digest(self, tmp_path: Path) -> None:
        entry = WeightsEntry("net", (".pth",), "n.pth", "https://x.invalid/n.pth", "00", 9)
        cached = tmp_path / "cache" / "weights" / "n.pth"
        cached.write_bytes(b"spoilt")
        with pytest.raises(DemoError) as raised:
            catalog(tmp_path, entry, failing(no_network)).open("net", print)
        assert raised.value.key == "no_network"
        settings = Settings(cache_dir=tmp_path / "cache", offline=True)
        with pytest.raises(DemoError) as raised:
            Catalog(settings, [spec("net", entry)]).open("net", print)
        assert raised.value.key == "weights_wrong_hash"
        assert cached.read_bytes() == b"spoilt"

    @pytest.mark.parametrize("offline", [False, True])
    def test_a_users_folder_that_is_also_the_cache_is_the_users(
        self, tmp_path: Path, offline: bool
    ) -> None:
        entry = WeightsEntry("net", (".pth",), "n.pth", "https://x.invalid/n.pth", "00", 9)
        folder = tmp_path / "cache" / "weights"
        (folder / "n.pth").write_bytes(b"own")
        settings = Settings(weights_dir=folder, cache_dir=tmp_path / "cache", offline=offline)
        shown = Catalog(settings, [spec("net", entry)], failing(unwanted))
        assert shown.open("net", print).sha256 == sha256(b"own")
        assert (folder / "n.pth").read_bytes() == b"own"


class Bomb:
    """Pickles into a call that leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.trace),)


class TestHarm:
    def refused(self, path: Path) -> str:
        with pytest.raises(DemoError) as raised:
            load_state(WeightsFile(path, "", official=False))
        assert str(path.parent) not in str(raised.value)
        return raised.value.key

    def test_code_in_a_pickle_does_not_run(self, tmp_path: Path) -> None:
        file, trace = tmp_path / "net.pth", tmp_path / "ran"
        torch.save({"weight": Bomb(trace)}, file)
        assert self.refused(file) == "weights_unsafe"
        assert not trace.exists()

    def test_code_in_a_yolo_checkpoint_does_not_run(self, tmp_path: Path) -> None:
        file, trace = tmp_path / "yolo11n.pt", tmp_path / "ran"
        torch.save({"model": Bomb(trace), "ema": None}, file)
        detector = next(s for s in COCO if s.name == "yolo11n")
        with pytest.raises(DemoError) as raised:
            detector.network(WeightsFile(file, ""))
        assert raised.value.key == "weights_unsafe"
        assert not trace.exists()

    def test_a_compressed_archive_is_not_unpacked(self, tmp_path: Path) -> None:
        stored, packed = tmp_path / "stored.pth", tmp_path / "packed.pth"
        torch.save({"weight": torch.zeros(1_000_000)}, stored)
        with zipfile.ZipFile(stored) as old, zipfile.ZipFile(packed, "w", 8) as new:
            for part in old.infolist():
                new.writestr(part.filename, old.read(part))
        assert packed.stat().st_size < 50_000
        assert self.refused(packed) == "weights_bomb"

    def test_a_tensor_that_repeats_one_number_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "net.pth"
        torch.save({"weight": torch.zeros(1).expand(200_000, 200_000)}, file)
        assert file.stat().st_size < 5000
        assert self.refused(file) == "weights_bomb"

    @pytest.mark.parametrize("name", ["net.pth", "net.safetensors", "net.pt"])
    @pytest.mark.parametrize("content", [b"", b"not weights at all", b"PK\x03\x04" + bytes(64)])
    def test_junk_is_one_sentence(self, tmp_path: Path, name: str, content: bytes) -> None:
        file = tmp_path / name
        file.write_bytes(content)
        assert self.refused(file) == "weights_corrupt"

    def test_half_a_file_is_one_sentence(self, tmp_path: Path) -> None:
        for name in ("net.pth", "net.safetensors"):
            file = tmp_path / name
            tensors = {"weight": torch.rand(1000)}
            torch.save(tensors, file) if name.endswith("pth") else save_file(tensors, file)
            file.write_bytes(file.read_bytes()[:2000])
            assert self.refused(file) == "weights_corrupt"

    def test_the_old_form_passes_only_as_the_official_file(self, tmp_path: Path) -> None:
        file = tmp_path / "net.pth"
        weight = torch.arange(5.0)
        torch.save({"weight": weight}, file, _use_new_zipfile_serialization=False)
        assert self.refused(file) == "weights_corrupt"
        assert torch.equal(load_state(WeightsFile(file, "", official=True))["weight"], weight)

    def test_what_is_no_state_dict_is_said(self, tmp_path: Path) -> None:
        file = tmp_path / "net.pth"
        torch.save({"epoch": 3, "weight": torch.zeros(2)}, file)
        assert self.refused(file) == "weights_no_tensors"

    def test_a_training_checkpoint_gives_its_model_as_float32(self, tmp_path: Path) -> None:
        file = tmp_path / "net.pth"
        torch.save({"model": {"weight": torch.arange(3).half()}, "epoch": 3}, file)
        state = load_state(WeightsFile(file, ""))
        assert state["weight"].dtype == torch.float32
        assert state["weight"].tolist() == [0, 1, 2]

    def test_weights_of_another_network_are_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "resnet18.safetensors"
        save_file({"weight": torch.zeros(3)}, file)
        one = next(s for s in imagenet.specs() if s.name == "resnet18")
        with pytest.raises(DemoError, match="resnet18") as raised:
            one.network(WeightsFile(file, ""))
        assert raised.value.key == "weights_do_not_fit"


class TestCommandLine:
    def test_list_tells_what_is_here_and_what_brings_the_rest(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "resnet50-11ad3fa6.pth").write_bytes(b"12345678" * 100_000)
        assert main(["list"], Settings(weights_dir=tmp_path, cache_dir=tmp_path)) == 0
        lines = {line.split()[1]: line for line in capsys.readouterr().out.splitlines()}
        assert lines["resnet50"].startswith("here")
        assert "0.8 MB" in lines["resnet50"]
        assert lines["vgg16"].startswith("missing")
        assert lines["vgg16"].endswith("python -m demo.weights fetch vgg16")
        assert "71.6 %" in lines["vgg16"]

    def test_fetch_offline_is_one_sentence_and_exit_2(
        self, preloaded: Preloaded, tmp_path: Path
    ) -> None:
        environ = {**os.environ, "VITRINE_OFFLINE": "1", "VITRINE_CACHE": str(tmp_path)}
        done = preloaded.run(["-m", "demo.weights", "fetch", "resnet18"], ROOT, environ)
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1
        assert "resnet18" in done.stderr

    def test_fetch_brings_it(
        self, source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        entry = WeightsEntry("net", (".pth",), "n.pth", source + "/whole", None, len(CONTENT))
        shown = catalog(tmp_path, entry, Downloader(httpx.Client))
        assert main(["fetch", "net"], Settings(), shown) == 0
        assert sha256(CONTENT) in capsys.readouterr().out
        assert found(shown, "net") == tmp_path / "cache" / "weights" / "n.pth"

    def test_anything_else_says_how(self) -> None:
        with pytest.raises(DemoError) as raised:
            main(["install"], Settings())
        assert raised.value.key == "weights_usage"


def test_the_imagenet_facts_are_those_of_the_installed_torchvision() -> None:
    fresh = json.loads(json.dumps(imagenet.snapshot()))
    assert fresh == json.loads(imagenet.SNAPSHOT.read_text("utf-8"))


def test_a_spec_that_changes_its_entry_keeps_its_names() -> None:
    entry = WeightsEntry("net", (".safetensors", ".pt"), "net.pt")
    assert entry.names == ("net.safetensors", "net.pt")
    assert replace(entry, official="n-1.pth").names == ("net.safetensors", "net.pt", "n-1.pth")
