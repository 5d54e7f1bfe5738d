import time
from concurrent.futures import ThreadPoolExecutor

from demo.service.answer_cache import AnswerCache


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_least_recently_used_goes_first() -> None:
    recent = AnswerCache(100, 60)
    recent.put("a", "A", 40)
    recent.put("b", "B", 40)
    assert recent.get("a") == "A"
    recent.put("c", "C", 40)
    assert recent.get("b") is None
    assert (recent.get("a"), recent.get("c")) == ("A", "C")
    assert recent.size_bytes == 80


def test_one_beyond_the_budget_is_not_kept() -> None:
    recent = AnswerCache(100, 60)
    recent.put("big", "B", 101)
    assert recent.get("big") is None
    assert recent.size_bytes == 0


def test_one_beyond_the_budget_evicts_nothing_else() -> None:
    recent = AnswerCache(100, 60)
    recent.put("a", "A", 40)
    recent.put("b", "B", 40)
    recent.put("big", "B", 101)
    assert (recent.get("a"), recent.get("b"), recent.get("big")) == ("A", "B", None)
    recent.put("a", "too large now", 101)
    assert recent.get("a") is None
    assert recent.size_bytes == 40


def test_a_new_value_replaces_the_old_ones_size() -> None:
    recent = AnswerCache(100, 60)
    recent.put("a", 1, 90)
    recent.put("a", 2, 50)
    assert recent.size_bytes == 50
    assert recent.get("a") == 2


def test_unused_entries_go_after_their_time() -> None:
    clock = Clock()
    recent = AnswerCache(100, 60, clock)
    recent.put("a", 1, 10)
    recent.put("b", 2, 10)
    clock.now = 50
    assert recent.get("a") == 1
    clock.now = 70
    recent.expire()
    assert recent.get("b") is None
    assert recent.get("a") == 1


def test_each_use_renews_the_time_of_an_entry() -> None:
    clock = Clock()
    recent = AnswerCache(100, 60, clock)
    recent.put("a", 1, 10)
    for clock.now in (50, 100, 150):
        assert recent.get("a") == 1
    clock.now = 211
    assert recent.get("a") is None
    assert recent.size_bytes == 0


def test_threads_share_it_within_the_budget() -> None:
    recent = AnswerCache(1000, 0.001)

    def use(number: int) -> None:
        for i in range(500):
            recent.put((number, i % 7), i, 1 + i % 60)
            recent.get((number, (i + 3) % 7))
            assert recent.size_bytes <= 1000

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(use, range(4)))
    time.sleep(0.01)
    recent.expire()
    assert recent.size_bytes == 0
