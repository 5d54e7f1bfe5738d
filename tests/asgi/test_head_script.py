from typing import Any

from starlette.responses import HTMLResponse, JSONResponse

from demo.asgi.head_script import HeadScript
from demo.asgi.source_archive import Source, archive
from tests.support.asgi_client import run


def get(app: Any, path: str = "/") -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    run(app(scope, receive, send))
    return sent


def test_the_script_stands_before_every_other() -> None:
    page = HTMLResponse("<html><head><script>late()</script></head></html>")
    start, body = get(HeadScript(page, "<script>early()</script>"))
    assert body["body"].index(b"early") < body["body"].index(b"late")
    assert not [name for name, _ in start["headers"] if name == b"content-length"]


def test_other_answers_pass_untouched() -> None:
    start, body = get(HeadScript(JSONResponse({"a": "<head>"}), "<script></script>"))
    assert body["body"] == b'{"a":"<head>"}'
    assert dict(start["headers"])[b"content-length"] == b"14"


def test_the_source_holds_the_program_and_its_licence() -> None:
    start, body = get(Source(JSONResponse({})), "/source.zip")
    assert start["status"] == 200
    assert body["body"] == archive()
    for name in (b"vitrine/app.py", b"vitrine/LICENSE", b"vitrine/demo/source.py"):
        assert name in body["body"]
    assert b"runs/" not in body["body"]
