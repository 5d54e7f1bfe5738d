import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from anyio import create_task_group

from demo.errors import DemoError
from demo.service.upload_budget import UploadBudget
from demo.service.uploads import UploadStore
from tests.support.asgi_client import run

KEEP_S = 600.0


@pytest.fixture
def store() -> Iterator[UploadStore]:
    made = UploadStore(KEEP_S, 1000)
    yield made
    made.close()


def put(store: UploadStore, name: str, size: int, age_s: float = 0) -> Path:
    path = store.folder / name
    path.write_bytes(b"x" * size)
    os.utime(path, (time.time() - age_s,) * 2)
    return path


def refused(budget: UploadBudget, size: int) -> DemoError:
    with pytest.raises(DemoError) as caught:
        run(budget.check(size))
    return caught.value


def test_an_upload_needs_room(store: UploadStore) -> None:
    run(UploadBudget(store, 1000).check(1000))
    put(store, "a", 600)
    budget = UploadBudget(store, 1000)
    run(budget.check(400))
    assert refused(budget, 401).key == "uploads_full"
    assert refused(budget, 1001).key == "upload_over_budget"
    assert "0 MB" in str(refused(budget, 401))


def test_room_is_counted_while_uploads_arrive(store: UploadStore) -> None:
    budget = UploadBudget(store, 1000)
    with budget.reservation() as one, budget.reservation() as two:
        run(one.extend(600))
        assert refused(budget, 500).key == "uploads_full"
        one.take(100)
        written = put(store, "half", 100)
        run(two.extend(400))
        with pytest.raises(DemoError):
            run(two.extend(1))
    # What was not received is free again, and what was removed is after the next measurement.
    run(budget.check(900))
    written.unlink()
    run(budget.check(1000))


def test_files_that_nobody_used_lately_make_room_the_oldest_first(store: UploadStore) -> None:
    oldest, old = put(store, "a", 400, KEEP_S * 0.9), put(store, "b", 300, KEEP_S * 0.3)
    fresh = put(store, "c", 300, KEEP_S * 0.1)
    budget = UploadBudget(store, 1000)
    run(budget.check(300))
    assert (oldest.exists(), old.exists(), fresh.exists()) == (False, True, True)
    run(budget.check(700))
    assert (old.exists(), fresh.exists()) == (False, True)
    assert refused(budget, 701).key == "uploads_full"
    assert fresh.exists()


def test_the_pages_own_examples_take_no_room(store: UploadStore) -> None:
    put(store, "example", 900, KEEP_S)
    store.exempt_present()
    run(UploadBudget(store, 1000).check(1000))
    assert (store.folder / "example").exists()


class SlowStore(UploadStore):
    measured = 0

    def make_room(self, most_bytes: int, clear_bytes: int) -> int:
        self.measured += 1
        time.sleep(0.1)
        return super().make_room(most_bytes, clear_bytes)


def test_a_folder_that_takes_long_to_measure_is_measured_seldom() -> None:
    """Walking ten thousand files each second would hold up every answer."""
    store = SlowStore(KEEP_S, 1000)
    budget = UploadBudget(store, 1000)
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        run(budget.check(1))
        time.sleep(0.05)
    assert store.measured == 1
    store.close()


def test_uploads_that_find_no_room_at_once_measure_the_folder_once() -> None:
    """Each walk of a large folder takes memory: twenty at a time took a quarter of a gigabyte."""
    store = SlowStore(KEEP_S, 1000)
    put(store, "old", 950, KEEP_S * 0.9)
    budget = UploadBudget(store, 1000)

    async def all_at_once() -> None:
        async with create_task_group() as group:
            for _ in range(20):
                group.start_soon(budget.check, 60)

    run(all_at_once())
    assert store.measured == 1
    store.close()


def test_where_there_is_no_room_some_is_made_for_later_uploads_too(store: UploadStore) -> None:
    for number in range(20):
        put(store, f"{number}", 50, KEEP_S * 0.5 + number)
    run(UploadBudget(store, 1000).check(10))
    assert len(list(store.folder.iterdir())) == 17
