import gradio as gr
import pytest
from starlette.requests import Request

from demo.web.request import base_url


def request(root_path: str, **headers: str) -> gr.Request:
    pairs = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    scope = {"type": "http", "path": "/", "headers": pairs, "root_path": root_path}
    return gr.Request(Request(scope))


@pytest.mark.parametrize(
    ("root_path", "url"),
    [
        ("", "https://example.org:8443"),
        ("/vitrine", "https://example.org:8443/vitrine"),
        ("https://example.net/demo/", "https://example.net/demo"),
    ],
)
def test_the_address_of_the_page_has_the_prefix_of_its_proxy(root_path: str, url: str) -> None:
    visit = request(root_path, host="example.org:8443", x_forwarded_proto="https,http")
    assert base_url(visit) == url


def test_without_a_request_it_is_the_default_address() -> None:
    assert base_url(None) == "http://127.0.0.1:7860"
