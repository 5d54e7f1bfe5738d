import time
from concurrent.futures import ThreadPoolExecutor

from demo.service.answer_cache import AnswerCache


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_least_recently_used_goes_first() -> None:
    cache = AnswerCache(100, 60)
    cache.put("a", "A", 40)
    cache.put("b", "B", 40)
    assert cache.get("a") == "A"
    cache.put("c", "C", 40)
    assert cache.get("b") is None
    assert (cache.get("a"), cache.get("c")) == ("A", "C")
    assert cache.size_bytes == 80


def test_one_beyond_the_budget_is_not_kept() -> None:
    cache = AnswerCache(100, 60)
    cache.put("big", "B", 101)
    assert cache.get("big") is None
    assert cache.size_bytes == 0


def test_one_beyond_the_budget_evicts_nothing_else() -> None:
    cache = AnswerCache(100, 60)
    cache.put("a", "A", 40)
    cache.put("b", "B", 40)
    cache.put("big", "B", 101)
    assert (cache.get("a"), cache.get("b"), cache.get("big")) == ("A", "B", None)
    cache.put("a", "too large now", 101)
    assert cache.get("a") is None
    assert cache.size_bytes == 40


def test_a_new_value_replaces_the_old_ones_size() -> None:
    cache = AnswerCache(100, 60)
    cache.put("a", 1, 90)
    cache.put("a", 2, 50)
    assert cache.size_bytes == 50
    assert cache.get("a") == 2


def test_unused_entries_go_after_their_time() -> None:
    clock = Clock()
    cache = AnswerCache(100, 60, clock)
    cache.put("a", 1, 10)
    cache.put("b", 2, 10)
    clock.now = 50
    assert cache.get("a") == 1
    clock.now = 70
    cache.expire()
    assert cache.get("b") is None
    assert cache.get("a") == 1


def test_each_use_renews_the_time_of_an_entry() -> None:
    clock = Clock()
    cache = AnswerCache(100, 60, clock)
    cache.put("a", 1, 10)
    for clock.now in (50, 100, 150):
        assert cache.get("a") == 1
    clock.now = 211
    assert cache.get("a") is None
    assert cache.size_bytes == 0


def test_threads_share_it_within_the_budget() -> None:
    cache = AnswerCache(1000, 0.001)

    def use(number: int) -> None:
        for i in range(500):
            cache.put((number, i % 7), i, 1 + i % 60)
            cache.get((number, (i + 3) % 7))
            assert cache.size_bytes <= 1000

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(use, range(4)))
    time.sleep(0.01)
    cache.expire()
    assert cache.size_bytes == 0
