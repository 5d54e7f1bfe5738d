"""Files, folders and ZIPs become a list of named pictures within limits."""

import os
from pathlib import Path

import pytest

from demo.batch.limits import BatchLimits, BatchRefused
from demo.batch.pictures import Gathered, Source, gather
from demo.images.limits import Limits
from demo.settings import Settings
from tests.support.batches import folder, noise, picture, zipped


@pytest.fixture
def work(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


def names(found: Gathered) -> list[str]:
    return [one.name for one in found.pictures]


def reasons(found: Gathered) -> dict[str, str]:
    return {left.name: left.error.key for left in found.left_out}


def test_a_folder_is_read_with_all_folders_in_it_and_sorted(tmp_path: Path, work: Path) -> None:
    files = [
        "b.png",
        "a/2.png",
        "a/10.png",
        ".git/x.png",
        "__MACOSX/a.png",
        "Thumbs.db",
        "a/.y.png",
    ]
    pictures = folder(tmp_path / "in", {name: picture() for name in files})
    found = gather([Source.of(pictures)], work, BatchLimits())
    assert names(found) == ["a/10.png", "a/2.png", "b.png"]
    assert not found.left_out
    assert found.pictures[0].path == pictures / "a/10.png"
    assert found.pictures[0].size_bytes == len(picture())
    assert not list(work.iterdir())


def test_sources_keep_their_order_and_equal_names_are_told_apart(
    tmp_path: Path, work: Path
) -> None:
    first = folder(tmp_path / "1", {"a.png": picture(1), "A.PNG": picture(2)})
    second = zipped(tmp_path / "2.zip", {"a.png": picture(3)})
    sources = [Source(first / "a.png", "a.png"), Source.of(second), Source.of(first)]
    found = gather(sources, work, BatchLimits())
    assert names(found) == ["a.png", "a (2).png", "A (3).PNG", "a (4).png"]
    contents = [one.path.read_bytes() for one in found.pictures]
    assert contents == [picture(1), picture(3), picture(2), picture(1)]


def test_an_upload_keeps_the_name_that_its_owner_gave_it(tmp_path: Path, work: Path) -> None:
    file = folder(tmp_path, {"0a1b2c": picture()}) / "0a1b2c"
    found = gather([Source(file, "C:\\photos\\猫.png")], work, BatchLimits())
    assert names(found) == ["photos/猫.png"]


def test_what_is_no_picture_is_left_out_and_does_not_stop_the_rest(
    tmp_path: Path, work: Path
) -> None:
    files = {
        "a.txt": b"hello",
        "b.pdf": b"%PDF-1.7",
        "c.png": picture(),
        "d.jpg": b"",
        "e.rar": b"Rar!\x1a\x07\x01\x00",
        "f.7z": b"7z\xbc\xaf\x27\x1c",
        "g.tar": b"\0" * 257 + b"ustar",
        "h.mp4": b"\0\0\0\x18ftypmp42",
        "i.zip": b"PK\x03\x04 and no more",
    }
    found = gather([Source.of(folder(tmp_path / "in", files))], work, BatchLimits())
    assert names(found) == ["c.png"]
    assert reasons(found) == {
        "a.txt": "image_unknown",
        "b.pdf": "image_other_kind",
        "d.jpg": "image_empty",
        "e.rar": "batch_other_archive",
        "f.7z": "batch_other_archive",
        "g.tar": "batch_other_archive",
        "h.mp4": "image_other_kind",
        "i.zip": "image_other_kind",
    }
    kinds = [left.error.fields.get("kind") for left in found.left_out]
    assert kinds == [None, "PDF", None, "RAR", "7z", "tar", "MP4 / QuickTime", "ZIP"]


def test_a_file_that_is_gone_or_no_file_is_left_out(tmp_path: Path, work: Path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    sources = [Source.of(tmp_path / "gone.png"), Source.of(pipe)]
    found = gather(sources, work, BatchLimits())
    assert reasons(found) == {"gone.png": "batch_unreadable", "pipe.png": "batch_unreadable"}


def test_one_picture_too_many_names_limit_and_setting(tmp_path: Path, work: Path) -> None:
    pictures = folder(tmp_path / "in", {f"{i}.png": picture() for i in range(4)})
    assert len(gather([Source.of(pictures)], work, BatchLimits(pictures=4)).pictures) == 4
    with pytest.raises(BatchRefused) as caught:
        gather([Source.of(pictures)], work, BatchLimits(pictures=3))
    assert "more than 3 pictures" in str(caught.value)
    assert "VITRINE_BATCH_PICTURES" in str(caught.value)


def test_too_many_bytes_name_limit_and_setting(tmp_path: Path, work: Path) -> None:
    pictures = folder(tmp_path / "in", {f"{i}.jpg": noise(i, (200, 100)) for i in range(4)})
    total = sum(path.stat().st_size for path in pictures.iterdir()) / 1e6
    assert gather([Source.of(pictures)], work, BatchLimits(total_mb=total)).pictures
    with pytest.raises(BatchRefused) as caught:
        gather([Source.of(pictures)], work, BatchLimits(total_mb=total - 0.001))
    assert "VITRINE_BATCH_MB" in str(caught.value)


def test_a_picture_beyond_the_limit_of_one_is_left_out(tmp_path: Path, work: Path) -> None:
    files = {"large.jpg": noise(0, (300, 200)), "small.png": picture()}
    limits = BatchLimits(picture=Limits(max_file_mb=0.01))
    found = gather([Source.of(folder(tmp_path / "in", files))], work, limits)
    assert names(found) == ["small.png"]
    assert reasons(found) == {"large.jpg": "image_too_heavy"}


def test_a_folder_of_very_many_files_is_refused(
    tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.batch.pictures.MAX_FILES", 5)
    files = folder(tmp_path / "in", {f"{i}.txt": b"x" for i in range(6)})
    with pytest.raises(BatchRefused, match="more than 5 files"):
        gather([Source.of(files)], work, BatchLimits())


def test_the_limits_are_those_of_the_settings() -> None:
    settings = Settings.from_env({"VITRINE_BATCH_PICTURES": "7", "VITRINE_BATCH_MB": "1.5"})
    assert BatchLimits.of(settings) == BatchLimits(7, 1.5)
    assert BatchLimits.of(Settings()) == BatchLimits()
