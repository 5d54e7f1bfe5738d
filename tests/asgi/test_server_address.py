"""gradio's variables are read as the program's own: blanks go, empty is unset, wrong is told."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from demo.asgi.server_address import ServerAddress
from demo.errors import DemoError

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
def test_an_empty_variable_is_not_set(blank: str) -> None:
    names = ("GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "GRADIO_ROOT_PATH")
    read = ServerAddress.from_env(dict.fromkeys(names, blank))
    assert read == ServerAddress.from_env({}) == ServerAddress("127.0.0.1", 7860, "")


def test_blanks_around_a_value_are_no_part_of_it() -> None:
    environ = {
        "GRADIO_SERVER_NAME": " 0.0.0.0\n",
        "GRADIO_SERVER_PORT": " 7861 ",
        "GRADIO_ROOT_PATH": " /vitrine/ ",
    }
    assert ServerAddress.from_env(environ) == ServerAddress("0.0.0.0", 7861, "/vitrine")


@pytest.mark.parametrize(
    ("text", "root_path"),
    [
        ("/", ""),
        ("/a/b/", "/a/b"),
        ("https://example.org", "https://example.org"),
        ("https://example.org:8443/vitrine/", "https://example.org:8443/vitrine"),
        ("HTTP://[::1]/x", "HTTP://[::1]/x"),
    ],
)
def test_a_root_path_is_a_path_or_an_address(text: str, root_path: str) -> None:
    assert ServerAddress.from_env({"GRADIO_ROOT_PATH": text}).root_path == root_path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("GRADIO_ROOT_PATH", "vitrine"),
        ("GRADIO_ROOT_PATH", "/a b"),
        ("GRADIO_ROOT_PATH", "/a?b"),
        ("GRADIO_ROOT_PATH", "/a#b"),
        ("GRADIO_ROOT_PATH", "//a"),
        ("GRADIO_ROOT_PATH", "ftp://example.org"),
        ("GRADIO_ROOT_PATH", "https://"),
        ("GRADIO_SERVER_PORT", "0"),
        ("GRADIO_SERVER_PORT", "65536"),
        ("GRADIO_SERVER_PORT", "-1"),
        ("GRADIO_SERVER_PORT", "7_860"),
        ("GRADIO_SERVER_PORT", "７８６０"),
        ("GRADIO_SERVER_PORT", "7860.0"),
    ],
)
def test_a_wrong_value_is_one_sentence_with_the_name_and_the_value(name: str, text: str) -> None:
    with pytest.raises(DemoError) as caught:
        ServerAddress.from_env({name: text})
    assert name in str(caught.value)
    assert repr(text) in str(caught.value)


@given(TEXTS, TEXTS, TEXTS)
@example("[::1]", "9" * 5000, "https://" + "/" * 5000)
def test_any_text_is_an_address_or_a_short_sentence(host: str, port: str, root: str) -> None:
    environ = {
        "GRADIO_SERVER_NAME": host,
        "GRADIO_SERVER_PORT": port,
        "GRADIO_ROOT_PATH": root,
    }
    read, told = None, ""
    try:
        read = ServerAddress.from_env(environ)
    except DemoError as error:
        told = str(error)
    assert len(told) < 250
    if read is not None:
        assert 0 < read.port < 65536
        assert not read.root_path.endswith("/")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:7860"),
        ("localhost", "http://localhost:7860"),
        ("::1", "http://[::1]:7860"),
        ("[::1]", "http://[::1]:7860"),
    ],
)
def test_the_address_of_the_page_can_be_opened(host: str, url: str) -> None:
    assert ServerAddress.from_env({"GRADIO_SERVER_NAME": host}).url == url
