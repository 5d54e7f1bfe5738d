"""Names in a batch are those of their owner, and yet safe and unique."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.batch.names import UniqueNames, is_hidden, safe_name, split_extension


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [
        ("cat.jpg", "cat.jpg"),
        ("a/b/cat.jpg", "a/b/cat.jpg"),
        ("猫/图 1.jpg", "猫/图 1.jpg"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\Users\\me\\cat.jpg", "Users/me/cat.jpg"),
        ("c:cat.jpg", "cat.jpg"),
        ("Photo: 1.jpg", "Photo: 1.jpg"),
        ("a/./b//../cat.jpg", "a/b/cat.jpg"),
        ("a\nb\x1b[31m.jpg", "a_b_[31m.jpg"),
        ("gpj.\u202etac", "gpj._tac"),
        ("half\ud800.jpg", "half_.jpg"),
        ("..", "picture"),
        ("", "picture"),
    ],
)
def test_a_name_leads_nowhere_and_has_no_control_characters(given_name: str, safe: str) -> None:
    assert safe_name(given_name) == safe


@given(st.text(max_size=400))
def test_no_name_leaves_its_folder(text: str) -> None:
    parts = safe_name(text).split("/")
    assert 1 <= len(parts) <= 8
    assert not {"", ".", ".."} & set(parts)
    assert max(map(len, parts)) <= 120
    assert not {unicodedata.category(letter) for part in parts for letter in part} & {"Cc", "Cf"}
    assert "\\" not in "".join(parts)


def test_a_long_name_keeps_its_extension() -> None:
    assert safe_name("x" * 300 + ".jpeg") == "x" * 115 + ".jpeg"


def test_names_are_unique_also_where_capitals_and_accents_are_not_told_apart() -> None:
    names = UniqueNames()
    taken = [
        names.take(*split_extension(name))
        for name in (
            "a.jpg",
            "A.JPG",
            "a.jpg",
            "a (2).jpg",
            "x.y/z",
            "x.y/Z",
            "é.png",
            "e\u0301.png",
        )
    ]
    assert taken[:4] == ["a.jpg", "A (2).JPG", "a (3).jpg", "a (2) (2).jpg"]
    assert taken[4:6] == ["x.y/z", "x.y/Z (2)"]
    assert taken[6:] == ["é.png", "e\u0301 (2).png"]


@pytest.mark.parametrize(
    "path", [".git/a.jpg", "a/.hidden.jpg", "__MACOSX/._a.jpg", "b/Thumbs.db", "desktop.ini"]
)
def test_files_of_systems_are_hidden(path: str) -> None:
    assert is_hidden(path)


@pytest.mark.parametrize("path", ["a.jpg", "../a.jpg", "./a.jpg", "thumbs/a.jpg"])
def test_files_of_people_are_not(path: str) -> None:
    assert not is_hidden(path)
