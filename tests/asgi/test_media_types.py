"""Which form of an answer a request gets by its header Accept."""

import pytest
from starlette.requests import Request

from demo.asgi.api.media_types import wanted_format
from demo.errors import DemoError

OFFERED = {"json": "application/json", "jpeg": "image/jpeg", "csv": "text/csv"}


def request(accept: list[str], query: bytes = b"") -> Request:
    headers = [(b"accept", value.encode()) for value in accept]
    return Request({"type": "http", "headers": headers, "query_string": query})


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        ([], "json"),
        ([""], "json"),
        (["*/*"], "json"),
        (["image/jpeg"], "jpeg"),
        (["IMAGE/*"], "jpeg"),
        (["text/csv; header=present"], "csv"),
        (["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], "json"),
        (["application/json;q=0.1, text/csv;q=0.2"], "csv"),
        (["application/json;q=0", "*/*"], "jpeg"),
        (["image/jpeg ; q=0.5", "text/csv;q=.6"], "csv"),
        (["image/jpeg;q=x, text/csv;q=0.001"], "csv"),
    ],
)
def test_the_one_that_accept_likes_best(accept: list[str], name: str) -> None:
    assert wanted_format(request(accept), OFFERED) == name


def test_a_stated_format_goes_before_accept() -> None:
    assert wanted_format(request(["image/jpeg"], b"format=csv"), OFFERED) == "csv"


@pytest.mark.parametrize("accept", ["video/mp4", "image/png,text/*;q=0", "nothing", "*/*;q=0"])
def test_none_of_them_is_refused_with_what_there_is(accept: str) -> None:
    with pytest.raises(DemoError, match="application/json, image/jpeg, text/csv"):
        wanted_format(request([accept]), OFFERED)
