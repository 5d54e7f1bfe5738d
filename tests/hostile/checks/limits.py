"""Limits that an owner sets: requests of an address, disk for uploads."""

import contextlib
import statistics
import time
from uuid import uuid4

import httpx

from tests.hostile import films
from tests.hostile.checks.requests import refused
from tests.hostile.target import Target
from tests.hostile.visitor import Visitor, refusal, sentence_faults

RATE = 30
QUEUE = 4
UPLOADS_MB = 20
PROXY = "127.0.0.8"
"""An address of the loopback that the server takes for a proxy, so that visitors come from afar."""
_QUICK_S = 0.2


def rate(target: Target) -> list[str]:
    """More requests from one address than VITRINE_RATE a minute: 429, and when to come again."""
    found = []
    proxy = httpx.HTTPTransport(local_address=PROXY)
    visitor = {"x-forwarded-for": "203.0.113.7"}
    with httpx.Client(base_url=target.url, timeout=30, transport=proxy, headers=visitor) as http:
        answers = [http.get(path) for path in ("/config", *["/theme.css"] * (RATE + 60))]
        limited = [answer for answer in answers if answer.status_code == 429]
        if not limited:
            return [f"{len(answers)} requests within a moment are all answered"]
        if answers[0].status_code != 200:
            found.append(f"the first request: {answers[0].status_code}")
        found += sentence_faults(refusal(limited[0]))
        if not limited[0].headers.get("retry-after", "").isdecimal():
            found.append("nobody is told when to come again")
    if target.ping_s() > 1:
        found.append("this machine's own requests are limited too")
    return found


def overflow(target: Target) -> list[str]:
    """More requests than may wait: the rest is refused at once, in one sentence."""
    found: list[str] = []
    seconds = []
    with Visitor(target) as visitor:
        photo = visitor.upload(films.photo(1600, 1200))
        for seed in range(QUEUE + 30):
            visitor.session = uuid4().hex
            answer = visitor.join("augment", [photo, [{"name": "perspective"}], 16, seed])
            if answer.status_code != 200:
                seconds.append(answer.elapsed.total_seconds())
                found += refused("overflow", answer.status_code, refusal(answer))
        # What is left ends before the next check begins.
        end = time.monotonic() + 60
        while visitor.call("models").data is None and time.monotonic() < end:
            time.sleep(0.3)
    if not seconds:
        return [f"{QUEUE + 30} requests may wait"]
    usual = statistics.median(seconds)
    return [*found, *([f"a refusal takes {usual:.1f} s"] if usual > _QUICK_S else [])]


def disk_budget(target: Target) -> list[str]:
    """Uploads beyond the disk budget: refused in one sentence, and never stored."""
    found = []
    with httpx.Client(base_url=target.url, timeout=30) as http:
        for index in range(12):
            # A connection that ends without an answer is no reason to stop.
            with contextlib.suppress(httpx.TransportError):
                files = {"files": (f"{index}.mp4", index.to_bytes(4, "big") * 2_000_000)}
                answer = http.post("/gradio_api/upload", files=files)
                if answer.status_code not in (200, 413, 429, 503, 507):
                    found.append(f"upload {index}: {answer.status_code}")
                if answer.status_code != 200:
                    found += sentence_faults(refusal(answer))
            stored = target.stored_mb()
            if stored > UPLOADS_MB + 5:
                found.append(f"{stored:.0f} MB after upload {index}")
    return found
