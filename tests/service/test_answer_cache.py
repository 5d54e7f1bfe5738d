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
