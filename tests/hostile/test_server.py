"""Attacks on a server of its own: no check finds anything, and the server goes on."""

import re

import pytest

from tests.hostile import films
from tests.hostile.checks import CHECKS, LIMITED
from tests.hostile.target import Target
from tests.hostile.visitor import Visitor


@pytest.mark.parametrize("name", CHECKS)
def test_nothing_is_found(application: Target, name: str) -> None:
    assert list(CHECKS[name](application)) == []
    assert_answers(application)


@pytest.mark.parametrize("name", LIMITED)
def test_nothing_is_found_with_low_limits(limited: Target, name: str) -> None:
    assert list(LIMITED[name](limited)) == []
    assert_answers(limited)


def assert_answers(target: Target) -> None:
    """The next visitor gets an answer, and no error was printed meanwhile."""
    with Visitor(target) as visitor:
        outcome = visitor.call("classify", visitor.upload(films.photo()), "cnn-cifar10", 1)
    assert outcome.data is not None, outcome
    assert not re.search("Traceback|ERROR", target.output()), target.output()[-3000:]
