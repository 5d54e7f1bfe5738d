"""File names: label files keep the picture's own stem, downloads get one that is kept."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ultralytics.data.utils import img2label_paths

from demo.errors import DemoError
from demo.export.names import download_stem, file_name, stem

LETTERS = st.characters(codec="utf-8", exclude_characters="/\0")
NAMES = st.text(LETTERS, min_size=1, max_size=80).filter(lambda name: name not in (".", ".."))

OWN = [
    "IMG 0001",
    "IMG-0001",
    "IMG (1)",
    "photo (1)",
    "a&b",
    "街景 1",
    "100%",
    "50%25",
    "a#1",
    "😀",
    "👩‍👧",
    "é",
    "e\u0301",
    "x" * 70,
    "x" * 250,
    "街" * 251,
    "a.b.c",
    ".hidden",
    "trailing ",
    " leading",
    "a.",
    "con",
    "NUL.2024",
    "a:b?",
    "12:30",
    'say "hi" <b>',
    "a\\b",
    "it's $5!{x}",
    "-rf",
    "~a",
    "IMG_1",
    "img_1",
    "two\nlines",
]


@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("folder", ["", "photos/", "/a b/", "../../"])
def test_a_label_file_is_where_trainers_look_for_it(own: str, folder: str) -> None:
    name = file_name(f"{folder}{own}.jpg")
    assert name == f"{own}.jpg"
    assert stem(name) == own
    assert img2label_paths([f"set/images/{name}"]) == [f"set/labels/{stem(name)}.txt"]


@given(NAMES, st.sampled_from(["jpg", "JPG", "jpeg", "png", "tiff", "heic"]))
def test_every_stem_is_kept_letter_for_letter(own: str, extension: str) -> None:
    name = f"{own}.{extension}"
    if not re.search(r"^(.:)?\\|(^|\\)\.\.(\\|$)", own, re.DOTALL):  # no path on Windows
        assert file_name(name) == name
    assert stem(name) == own == Path(name).stem


@given(st.lists(NAMES, unique=True, max_size=20))
def test_no_two_pictures_share_a_label_file(stems: list[str]) -> None:
    assert len({stem(f"{own}.jpg") for own in stems}) == len(stems)


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("C:\\photos\\my cat.JPG", "my cat.JPG"),
        ("\\\\server\\share\\cat.jpg", "cat.jpg"),
        ("..\\..\\boot.jpg", "boot.jpg"),
        ("a\\..\\..\\boot.jpg", "boot.jpg"),
        ("../../etc/passwd", "passwd"),
        ("a\0b\ud800.jpg", "a\ufffdb\ufffd.jpg"),
        ("", "picture"),
        ("photos/", "picture"),
        ("..", "picture"),
        (".", "picture"),
        ("C:\\", "picture"),
    ],
)
def test_only_the_last_part_of_a_path_is_a_name(given_name: str, expected: str) -> None:
    assert file_name(given_name) == expected


@given(st.text(max_size=80))
@example("..\\..\\x.jpg")
@example("C:\\..")
@example("\\..\\")
def test_no_name_leaves_the_folder_that_it_is_put_in(given_name: str) -> None:
    name = file_name(given_name)
    assert name not in ("", ".", "..")
    assert not {"/", "\0"} & set(name)
    assert ".." not in re.split(r"[/\\]", name)
    json.dumps(name).encode()
    name.encode()


@pytest.mark.parametrize("name", ["x" * 252 + ".jpg", "😀" * 126 + ".jpg"])
def test_a_name_that_no_file_system_takes_is_told(name: str) -> None:
    with pytest.raises(DemoError, match="has 256 letters; a file system takes at most 255"):
        file_name(name)


@pytest.mark.parametrize("name", ["x" * 251 + ".jpg", "😀" * 125 + ".jpg", "街" * 251 + ".jpg"])
def test_the_longest_names_are_taken(name: str) -> None:
    assert file_name(name) == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("IMG 0001.jpg", "IMG 0001"),
        ("photo (1).jpg", "photo (1)"),
        ("a&b #1 100%.jpg", "a&b #1 100%"),
        ("手機 2024.heic", "手機 2024"),
        ("a.b.c.png", "a.b.c"),
        ("😀.png", "😀"),
        ("e\u0301.jpg", "e\u0301"),
        ('<img src="x">.png', "_img src=_x__"),
        ("12:30 a\\b.png", "12_30 a_b"),
        ("a\u202egpj.exe", "a_gpj"),
        ("👩‍👧.png", "👩_👧"),
        (".htaccess", "htaccess"),
        (" ~a.png", "a"),
        ("....png", "picture"),
        ("con.jpg", "con-"),
        ("NUL.2024.jpg", "NUL-.2024"),
        ("console.jpg", "console"),
        ("x" * 240 + ".png", "x" * 200),
        ("街" * 80 + ".png", "街" * 66),
    ],
)
def test_downloads_have_names_that_are_kept(name: str, expected: str) -> None:
    assert download_stem(name) == expected


@given(NAMES)
def test_every_system_takes_the_name_of_a_download(name: str) -> None:
    safe = download_stem(name)
    assert safe
    assert len(safe.encode()) <= 200
    assert not re.search(r'["*/:<>?\\|\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]', safe)
    assert safe[0] not in " .~"
    assert not re.match(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", safe, re.IGNORECASE)
    assert download_stem(f"{safe}.jpg") == safe
