"""ZIPs from strangers: nothing leaves the folder, nothing grows, one sentence each."""

import io
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path

import pytest

from demo.batch.limits import BatchLimits, BatchRefused
from demo.batch.pictures import Gathered, Source, gather
from demo.images.limits import Limits
from tests.conftest import ROOT
from tests.support.batches import noise, picture, with_flag, zipped, zipped_raw


@pytest.fixture
def work(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


def open_zip(path: Path, work: Path, limits: BatchLimits | None = None) -> Gathered:
    return gather([Source.of(path)], work, limits or BatchLimits())


def names(found: Gathered) -> list[str]:
    return [one.name for one in found.pictures]


def only_reason(found: Gathered) -> str:
    assert not found.pictures
    [left] = found.left_out
    return left.error.key


def test_pictures_are_unpacked_under_numbers_in_the_order_of_their_names(
    tmp_path: Path, work: Path
) -> None:
    files = {"b.png": picture(2), "a/1.png": picture(1), "a/": b"", "x/.hidden.png": picture()}
    found = open_zip(zipped(tmp_path / "in.zip", files), work)
    assert names(found) == ["a/1.png", "b.png"]
    assert [one.path.read_bytes() for one in found.pictures] == [picture(1), picture(2)]
    assert sorted(path.name for path in work.iterdir()) == ["000001", "000002"]
    assert not found.left_out


def test_no_name_writes_outside_of_the_folder(tmp_path: Path, work: Path) -> None:
    evil = ["../evil.png", "/tmp/evil.png", "a/../../evil.png", "..\\evil.png", "C:\\evil.png"]
    path = zipped(tmp_path / "in.zip", {name: picture(i) for i, name in enumerate(evil)})
    before = set(tmp_path.rglob("*"))
    found = open_zip(path, work)
    assert len(found.pictures) == len(evil)
    assert all(one.path.parent == work for one in found.pictures)
    assert {one for one in tmp_path.rglob("*") if one.parent != work} == before
    assert not any(".." in one.name or one.name.startswith("/") for one in found.pictures)
    assert not Path("/tmp/evil.png").exists()


def test_links_are_passed_over(tmp_path: Path, work: Path) -> None:
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("real.png", picture())
    found = open_zip(path, work)
    assert names(found) == ["real.png"]
    assert not found.left_out


def test_what_is_no_picture_is_not_unpacked(tmp_path: Path, work: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.png", picture())
    files = {"notes.txt": b"hello", "inner.zip": inner.getvalue(), "a.png": picture()}
    found = open_zip(zipped(tmp_path / "in.zip", files), work)
    assert names(found) == ["a.png"]
    keys = {left.name: left.error.key for left in found.left_out}
    assert keys == {"notes.txt": "image_unknown", "inner.zip": "batch_nested"}
    assert len(list(work.iterdir())) == 1


def test_a_bomb_is_refused_by_what_it_announces(tmp_path: Path, work: Path) -> None:
    """300 MB of zeros behind the head of a PNG, 300 kB packed; each file is within its limit."""
    large = picture() + bytes(15_000_000)
    path = zipped(tmp_path / "in.zip", {f"{i}.png": large for i in range(20)})
    assert path.stat().st_size < 400_000
    with pytest.raises(BatchRefused) as caught:
        open_zip(path, work, BatchLimits(total_mb=50))
    assert caught.value.key == "batch_too_heavy"
    assert sum(file.stat().st_size for file in work.iterdir()) <= 50_000_000


def test_one_huge_file_is_left_out_before_it_is_unpacked(tmp_path: Path, work: Path) -> None:
    path = zipped(tmp_path / "in.zip", {"bomb.png": picture() + bytes(60_000_000)})
    assert only_reason(open_zip(path, work)) == "image_too_heavy"
    assert not list(work.iterdir())


def test_a_bomb_that_lies_about_its_size_does_not_grow(tmp_path: Path, work: Path) -> None:
    """It says 1,000 bytes and holds 30 MB: what comes out is what is counted."""
    content = picture() + bytes(30_000_000)
    path = zipped(tmp_path / "in.zip", {"bomb.png": content})
    data = bytearray(path.read_bytes())
    real = struct.pack("<I", len(content))
    path.write_bytes(data.replace(real, struct.pack("<I", 1000)))
    assert only_reason(open_zip(path, work)) == "batch_zip_entry_damaged"
    assert not list(work.iterdir())


def test_an_encrypted_archive_is_refused_with_a_sentence(tmp_path: Path, work: Path) -> None:
    path = with_flag(zipped(tmp_path / "in.zip", {"a.png": picture()}), 0x1)
    found = open_zip(path, work)
    assert only_reason(found) == "batch_zip_encrypted"
    assert "password" in str(found.left_out[0].error)


@pytest.mark.parametrize("share", [0.2, 0.9, 0.99])
def test_a_truncated_archive_is_one_sentence(tmp_path: Path, work: Path, share: float) -> None:
    path = zipped(tmp_path / "in.zip", {f"{i}.png": picture(i) for i in range(20)})
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    found = open_zip(path, work)
    assert only_reason(found) == "batch_zip_damaged"
    assert found.left_out[0].name == "in.zip"


def test_a_damaged_entry_does_not_stop_the_rest(tmp_path: Path, work: Path) -> None:
    good, bad = picture(1), noise(1, (64, 64))
    path = zipped(tmp_path / "in.zip", {"1.png": good, "2.jpg": bad, "3.png": good}, 0)
    data = path.read_bytes()
    path.write_bytes(data.replace(bad, bad[:1000] + b"XXXX" + bad[1004:]))
    found = open_zip(path, work)
    assert names(found) == ["1.png", "3.png"]
    assert [left.error.key for left in found.left_out] == ["batch_zip_entry_damaged"]
    assert len(list(work.iterdir())) == 2


def test_other_methods_of_packing_are_named(tmp_path: Path, work: Path) -> None:
    path = zipped(tmp_path / "in.zip", {"a.png": picture()}, zipfile.ZIP_LZMA)
    assert only_reason(open_zip(path, work)) == "batch_zip_method"


def test_an_archive_of_100_000_entries_is_refused_at_once(tmp_path: Path, work: Path) -> None:
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(100_000):
            archive.writestr(f"{i}.txt", b"")
    start = time.monotonic()
    with pytest.raises(BatchRefused, match=r"more than 10000 files"):
        open_zip(path, work)
    assert time.monotonic() - start < 1


def test_an_archive_of_20_000_entries_is_refused_too(tmp_path: Path, work: Path) -> None:
    """Whose list is short enough to be read."""
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(20_000):
            archive.writestr(f"{i}.txt", b"")
    with pytest.raises(BatchRefused, match=r"more than 10000 files"):
        open_zip(path, work)


def test_the_limit_of_pictures_holds_inside_of_archives(tmp_path: Path, work: Path) -> None:
    path = zipped(tmp_path / "in.zip", {f"{i}.png": picture(i) for i in range(6)})
    with pytest.raises(BatchRefused) as caught:
        open_zip(path, work, BatchLimits(pictures=5))
    assert caught.value.key == "batch_too_many"


NAMES = {
    "utf-8": "图片/猫 😺.png",
    "gbk": "测试图片/猫.png",
    "cp437": "Bär, Größe é.png",
}


@pytest.mark.parametrize("encoding", NAMES)
def test_names_of_several_encodings_are_read(tmp_path: Path, work: Path, encoding: str) -> None:
    name = NAMES[encoding]
    path = zipped_raw(tmp_path / "in.zip", {name.encode(encoding): picture()})
    assert names(open_zip(path, work)) == [name]


def test_names_that_say_that_they_are_utf_8_are_read(tmp_path: Path, work: Path) -> None:
    path = zipped(tmp_path / "in.zip", {"猫.png": picture()})
    assert names(open_zip(path, work)) == ["猫.png"]


def test_names_that_differ_by_capitals_become_unique(tmp_path: Path, work: Path) -> None:
    path = zipped(tmp_path / "in.zip", {"a.png": picture(1), "A.png": picture(2)})
    found = open_zip(path, work)
    assert names(found) == ["A.png", "a (2).png"]
    assert [one.path.read_bytes() for one in found.pictures] == [picture(2), picture(1)]


def test_one_name_twice_in_an_archive_is_two_pictures(tmp_path: Path, work: Path) -> None:
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", picture(1))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.png", picture(2))
    found = open_zip(path, work)
    assert names(found) == ["a.png", "a (2).png"]
    assert {one.path.read_bytes() for one in found.pictures} == {picture(1), picture(2)}


def test_an_empty_archive_has_no_pictures(tmp_path: Path, work: Path) -> None:
    assert open_zip(zipped(tmp_path / "in.zip", {}), work) == Gathered((), ())


def test_every_archive_with_one_changed_byte_is_read_or_refused(tmp_path: Path, work: Path) -> None:
    """200 changes of any byte: never another error than the sentences."""
    path = zipped(tmp_path / "in.zip", {"a.png": picture(1), "b/ä.png": picture(2)})
    data = path.read_bytes()
    outcomes = set()
    for seed in range(200):
        changed = bytearray(data)
        changed[zlib.crc32(b"%d" % seed) % len(data)] ^= 1 << seed % 8
        path.write_bytes(changed)
        room = work / str(seed)
        room.mkdir()
        found = open_zip(path, room)
        outcomes.add((len(found.pictures), *(left.error.key for left in found.left_out)))
    assert (2,) in outcomes
    assert len(outcomes) >= 4


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory as of Linux")
def test_a_directory_of_a_hundred_megabytes_takes_no_memory(tmp_path: Path, work: Path) -> None:
    """Forged: two million entries that zipfile would make objects of, over a gigabyte."""
    head = struct.pack("<4s6H3I5H2I", b"PK\1\2", *[20] * 2, *[0] * 4, *[0] * 3, 4, *[0] * 6)
    entry = head + b"a.pn"
    count = 2_000_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, len(entry) * count, 4, 0)
    path = tmp_path / "in.zip"
    with path.open("wb") as file:
        file.write(b"PK\3\4")
        for _ in range(200):
            file.write(entry * (count // 200))
        file.write(end)
    program = (
        "import sys; from pathlib import Path\n"
        "from demo.batch.limits import BatchLimits, BatchRefused\n"
        "from demo.batch.pictures import Source, gather\n"
        "from tests.support.watch_memory import Peak\n"
        "peak = Peak()\n"
        "try:\n    gather([Source.of(Path(sys.argv[1]))], Path(sys.argv[2]), BatchLimits())\n"
        "except BatchRefused as error:\n    print(error.key)\n"
        "print(peak.grown_mb())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, path, work],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    key, grown_mb = ran.stdout.split()
    assert key == "batch_too_many_files"
    assert float(grown_mb) < 20


def test_limits_of_one_picture_hold_for_what_comes_out(tmp_path: Path, work: Path) -> None:
    path = zipped(tmp_path / "in.zip", {"a.jpg": noise(0, (300, 200)), "b.png": picture()})
    limits = BatchLimits(picture=Limits(max_file_mb=0.01))
    found = open_zip(path, work, limits)
    assert names(found) == ["b.png"]
    assert [left.error.key for left in found.left_out] == ["image_too_heavy"]
