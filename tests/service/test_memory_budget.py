"""Claims on memory wait in order."""

import threading
import time

import pytest

from demo.service.memory_budget import MemoryBudget


def waiting(budget: MemoryBudget, size_bytes: int, done: list[int]) -> threading.Thread:
    """A thread that claims bytes, notes them in `done` and gives them back."""

    def work() -> None:
        with budget.claim() as claim:
            claim.take(size_bytes)
            done.append(size_bytes)

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.05)
    return thread


def test_claims_fit_beside_each_other_up_to_the_limit() -> None:
    budget = MemoryBudget(100)
    with budget.claim() as one, budget.claim() as other:
        one.take(60)
        other.take(40)
        assert budget.claimed_bytes == 100
    assert budget.claimed_bytes == 0


def test_a_claim_waits_until_it_fits() -> None:
    budget, done = MemoryBudget(100), list[int]()
    with budget.claim() as first:
        first.take(60)
        thread = waiting(budget, 50, done)
        assert not done
        first.shrink(50)
        thread.join(5)
        assert done == [50]


def test_a_small_claim_does_not_overtake_a_large_one() -> None:
    budget, done = MemoryBudget(100), list[int]()
    with budget.claim() as first:
        first.take(50)
        threads = [waiting(budget, 80, done), waiting(budget, 10, done)]
        assert not done
    for thread in threads:
        thread.join(5)
    assert done == [80, 10]


def test_a_claim_above_the_limit_is_served_alone() -> None:
    budget, done = MemoryBudget(100), list[int]()
    with budget.claim() as first:
        first.take(1)
        thread = waiting(budget, 500, done)
        assert not done
    thread.join(5)
    assert done == [500]
    assert budget.claimed_bytes == 0


def test_an_error_gives_everything_back() -> None:
    budget = MemoryBudget(100)

    def fail() -> None:
        with budget.claim() as claim:
            claim.take(90)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert budget.claimed_bytes == 0


def test_a_claim_is_taken_once_and_only_shrinks() -> None:
    budget = MemoryBudget(100)
    with budget.claim() as claim:
        claim.take(40)
        claim.shrink(70)
        assert budget.claimed_bytes == 40
        with pytest.raises(ValueError, match="expected an empty claim, it holds 40 bytes"):
            claim.take(1)
