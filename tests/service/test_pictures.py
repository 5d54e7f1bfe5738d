"""Uploads are decoded once however many ask."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import pytest

from demo.errors import DemoError
from demo.images.encode import encode_png
from demo.images.limits import Limits
from demo.service.answer_cache import AnswerCache
from demo.service.memory_budget import MemoryBudget
from demo.service.pictures import Pictures
from tests.support.photos import bus

ROOM = MemoryBudget(10**9)


@pytest.fixture
def pictures() -> Iterator[Pictures]:
    """Without a cache: what two callers share was decoded once."""
    made = Pictures(Limits(), AnswerCache(0, 60), 16)
    yield made
    made.close()


def ask(pictures: Pictures, file: Path, callers: int) -> list[object]:
    """The pictures of callers who ask at the same moment, or their errors' keys."""
    start = threading.Barrier(callers)

    def one(_: int) -> object:
        start.wait()
        try:
            with ROOM.claim() as claim:
                return pictures.open(file, claim)[0]
        except DemoError as error:
            return error.key

    with ThreadPoolExecutor(callers) as threads:
        return list(threads.map(one, range(callers)))


def large(folder: Path) -> Path:
    file = folder / "large.png"
    file.write_bytes(encode_png(cv2.resize(bus(), (2000, 2000))))
    return file


def test_eight_callers_share_one_picture(pictures: Pictures, tmp_path: Path) -> None:
    shared = ask(pictures, large(tmp_path), 8)
    assert len({id(picture) for picture in shared}) == 1
    assert not isinstance(shared[0], str)


def test_one_after_the_other_decodes_again_unless_kept(tmp_path: Path, pictures: Pictures) -> None:
    file = large(tmp_path)
    assert ask(pictures, file, 1)[0] is not ask(pictures, file, 1)[0]
    keeping = Pictures(Limits(), AnswerCache(10**8, 60), 4)
    with ROOM.claim() as claim:
        first, took_ms = keeping.open(file, claim)
    with ROOM.claim() as claim:
        assert keeping.open(file, claim) == (first, 0.0)
    assert took_ms > 0
    keeping.close()


def test_other_files_are_other_pictures(pictures: Pictures, tmp_path: Path) -> None:
    one, other = tmp_path / "one.png", tmp_path / "other.png"
    one.write_bytes(encode_png(bus()))
    other.write_bytes(encode_png(255 - bus()))
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda file: ask(pictures, file, 3), (one, other))
    assert first[0] is not second[0]


def test_all_callers_hear_of_damage_and_a_mended_file_is_read(
    pictures: Pictures, tmp_path: Path
) -> None:
    file = tmp_path / "file.png"
    file.write_bytes(encode_png(bus())[:-2000])
    assert set(ask(pictures, file, 6)) <= {"image_truncated", "image_damaged"}
    file.write_bytes(encode_png(bus()))
    assert not isinstance(ask(pictures, file, 1)[0], str)


def test_only_large_pictures_claim_memory(pictures: Pictures, tmp_path: Path) -> None:
    small = tmp_path / "small.png"
    small.write_bytes(encode_png(bus()))
    budget = MemoryBudget(10**9)
    with budget.claim() as claim:
        pictures.open(small, claim)
        assert budget.claimed_bytes == 0
    with budget.claim() as claim:
        pictures.open(large(tmp_path), claim)
        assert budget.claimed_bytes == 2000 * 2000 * 10


def test_a_closed_one_says_that_the_server_stops(pictures: Pictures, tmp_path: Path) -> None:
    pictures.close()
    assert ask(pictures, large(tmp_path), 1) == ["server_stopping"]
