"""A build that leaks fails the suite: every check says what leaks in it."""

import re
from collections.abc import Iterable

import pytest

from tests.hostile.checks import CHECKS, LIMITED
from tests.hostile.target import Target

LEAKS = {
    "foreign_values": "opened .*secret",
    "traversals": ": 200",
    "playlists": "opened .*secret",
    "hostile_weights": "the code of a bare pickle ran",
    "garbage": "started .*true",
    "wrong_values": "blank",
    "wrong_calls": "blank",
    "odd_uploads": "a long boundary: 500",
    "languages": "zh-TW, no picture",
    "closed_routes": "monitoring: 200",
    "hosts": "evil.example may upload",
    "origins": "upload from http://evil.example: 200",
    "headers": "no frame-ancestors",
    "bombs": "bombs took",
    "large_pictures": "eight at once took",
    "bodies": "bodies took",
    "sessions": "MB a session",
    "leavers": "the place was not free after",
    "unheard_jobs": "another visitor's film took",
    "camera_sockets": "another visitor's camera",
    "slow_requests": "slow uploads",
    "aborted_uploads": "files of",
    "disk_budget": "MB after upload",
    "overflow": "requests may wait",
    "rate": "are all answered",
}
"""Name of a check → the finding that has to be among its findings, an expression."""


class TestDefault:
    @pytest.mark.parametrize("name", CHECKS)
    def test_a_leak_is_found(self, leaking: Target, name: str) -> None:
        assert_found(name, CHECKS[name](leaking))
        if name == "leavers":
            leaking.restart()


class TestLimited:
    @pytest.mark.parametrize("name", LIMITED)
    def test_a_missing_limit_is_found(self, unlimited: Target, name: str) -> None:
        assert_found(name, LIMITED[name](unlimited))


def assert_found(name: str, findings: Iterable[str]) -> None:
    others = []
    for finding in findings:
        if re.search(LEAKS[name], finding):
            return
        others.append(finding)
    pytest.fail(f"{LEAKS[name]!r} is not among {others[:20]}")
