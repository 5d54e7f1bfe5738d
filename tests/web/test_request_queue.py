import pytest

from demo.web.request_queue import PendingMessages


def test_a_session_may_be_dropped_twice() -> None:
    messages = PendingMessages(2)
    messages["a"] = 1
    for _ in range(2):
        del messages["a"]
    assert "a" not in messages
    assert messages.pop("a", None) is None


def test_the_oldest_session_goes_where_there_is_no_room() -> None:
    messages = PendingMessages(2)
    for session in "abc":
        messages[session] = 1
    assert list(messages) == ["b", "c"]
    with pytest.raises(KeyError):
        messages["a"]
