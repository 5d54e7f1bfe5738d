"""Requests of foreign pages: names of hosts, origins, headers of answers."""

import re

from tests.hostile import wire
from tests.hostile.target import Target

_FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1.evil.example:{port}",
    "[::2]:{port}",
]
_FOREIGN_ORIGINS = ["http://evil.example", "https://evil.example:{port}", "null", "file://"]
_REFERRER = r"no-referrer|same-origin|strict-origin.*"
_OWN_HOSTS = ["127.0.0.1:{port}", "localhost:{port}", "[::1]:{port}"]


def hosts(target: Target) -> list[str]:
    """Names of other hosts: neither page nor upload nor socket, and the own ones all work."""
    found = []
    for name in _FOREIGN_HOSTS:
        host = name.format(port=target.port)
        for path in ("/", "/config", "/gradio_api/heartbeat/x", "/source.zip"):
            if not 400 <= wire.get(target.port, path, {"host": host}).status < 500:
                found.append(f"{host}{path} is served")
        if not 400 <= _upload(target, {"host": host, "origin": f"http://{host}"}) < 500:
            found.append(f"{host} may upload")
        if _socket(target, {"Host": host, "Origin": f"http://{host}"}):
            found.append(f"{host} may open a socket")
    for name in _OWN_HOSTS:
        host = name.format(port=target.port)
        if wire.get(target.port, "/", {"host": host}).status != 200:
            found.append(f"{host} is refused")
        if not _socket(target, {"Host": host, "Origin": f"http://{host}"}):
            found.append(f"{host} may not open a socket")
    return found


def origins(target: Target) -> list[str]:
    """Pages of other hosts: nothing is stored for them, and no answer is theirs to read."""
    found = []
    before = target.stored()
    for name in _FOREIGN_ORIGINS:
        origin = name.format(port=target.port)
        for more in ({}, {"sec-fetch-site": "cross-site"}):
            headers = {"origin": origin, **more}
            if not 400 <= (status := _upload(target, headers)) < 500:
                found.append(f"upload from {origin}: {status}")
            answer = wire.get(target.port, "/config", headers)
            if origin in answer.headers.get("access-control-allow-origin", "-"):
                found.append(f"{origin} may read answers")
        if _socket(target, {"Origin": origin}):
            found.append(f"{origin} may open a socket")
    if not 400 <= (status := _upload(target, {"sec-fetch-site": "cross-site"})) < 500:
        found.append(f"upload from another site: {status}")
    stored = target.stored() - before
    found += [f"{path.name} was stored" for path in stored if path.name == "evil.txt"]
    own = f"http://127.0.0.1:{target.port}"
    for headers in ({}, {"origin": own, "sec-fetch-site": "same-origin"}):
        if _upload(target, headers) != 200:
            found.append(f"an upload with {headers} is refused")
    return found


def headers(target: Target) -> list[str]:
    """Headers that keep a browser from running, guessing or framing what it should not."""
    found = []
    for path in ("/", "/config", "/theme.css", "/source.zip", "/no-such-page", "/gradio_api/info"):
        given = wire.get(target.port, path).headers
        if given.get("x-content-type-options") != "nosniff":
            found.append(f"{path}: may be guessed")
        if not re.fullmatch(_REFERRER, given.get("referrer-policy", "")):
            found.append(f"{path}: tells its address to others")
    policy = wire.get(target.port, "/").headers.get("content-security-policy", "")
    if not re.search(r"frame-ancestors[^;]* https://huggingface\.co\b", policy):
        found.append(f"no frame-ancestors that allow the Hub alone: {policy}")
    for directive in ("default-src", "object-src", "base-uri", "script-src", "connect-src"):
        if directive not in policy:
            found.append(f"the page has no {directive}")
    if re.search(r"(?:script|connect|default)-src[^;]*(?:\*|https?:)(?:\s|;|$)", policy):
        found.append(f"the page may ask anybody: {policy}")
    return found


def _upload(target: Target, headers: dict[str, str]) -> int:
    part = b'--x\r\ncontent-disposition: form-data; name="files"; filename="evil.txt"\r\n\r\n'
    body = part + b"1\r\n--x--\r\n"
    form = {"content-type": "multipart/form-data; boundary=x", "content-length": str(len(body))}
    return wire.post(target.port, "/gradio_api/upload", [body], {**form, **headers}).status


def _socket(target: Target, headers: dict[str, str]) -> bool:
    handshake = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    return wire.get(target.port, "/live", handshake | headers).status == 101
