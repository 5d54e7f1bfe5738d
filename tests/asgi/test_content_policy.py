import re

from starlette.responses import HTMLResponse, JSONResponse

from demo.asgi.content_policy import ContentPolicy
from tests.support.asgi_client import exchange

PAGE = HTMLResponse('<head><script>a()</script><script type="module" src="b.js"></script></head>')


def policy_of(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    text = dict(headers)[b"content-security-policy"].decode()
    return dict(part.strip().split(" ", 1) for part in text.split(";"))


def test_each_script_of_the_page_has_the_nonce_of_its_answer() -> None:
    nonces = set()
    for _ in range(2):
        start, body = exchange(ContentPolicy(PAGE))
        (nonce,) = re.findall(r"'nonce-(\S+)'", policy_of(start["headers"])["script-src"])
        assert body["body"].count(f'<script nonce="{nonce}"'.encode()) == 2
        assert body["body"].count(b"<script") == 2
        nonces.add(nonce)
    assert len(nonces) == 2


def test_the_policy_is_as_strict_as_gradio_allows() -> None:
    policy = policy_of(exchange(ContentPolicy(PAGE))[0]["headers"])
    assert "'unsafe-inline'" not in policy["script-src"]
    assert policy["object-src"] == "'none'"
    assert policy["base-uri"] == policy["form-action"] == policy["default-src"] == "'self'"
    assert not [text for name, text in policy.items() if name != "frame-ancestors" if "//" in text]


def test_the_hub_and_named_sites_may_show_the_page_in_a_frame() -> None:
    start = exchange(ContentPolicy(PAGE, ["https://blog.example"]))[0]
    assert policy_of(start["headers"])["frame-ancestors"].split() == [
        "'self'",
        "https://huggingface.co",
        "https://*.huggingface.co",
        "https://*.hf.space",
        "https://blog.example",
    ]


def test_other_answers_pass_untouched() -> None:
    start, body = exchange(ContentPolicy(JSONResponse({"a": "<script"})))
    assert body["body"] == b'{"a":"<script"}'
    assert b"content-security-policy" not in dict(start["headers"])
