"""Decoded uploads: each is decoded once however many ask, and kept for a moment."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from demo.errors import DemoError
from demo.images.decode import Picture, decode
from demo.images.limits import Limits
from demo.service.answer_cache import AnswerCache
from demo.service.memory_budget import Claim
from demo.service.own_mapping import in_own_mapping
from demo.system import cores, trim

_LARGE_PIXELS = 2_000_000
_DECODING_BYTES = 10
"""Bytes a pixel that decoding takes at most, but for CMYK in several scans: 12."""

Decoded = tuple[Picture, float]
"""A picture and the milliseconds that its decoding took."""


class Pictures:
    """Opens uploads in threads of its own."""

    def __init__(self, limits: Limits, cache: AnswerCache, threads: int) -> None:
        """Start without threads.

        Args:
            limits: of a picture.
            cache: where pictures are kept.
            threads: how many pictures may be under way at once.
        """
        self._limits = limits
        self._cache = cache
        self._threads = ThreadPoolExecutor(threads, "decode")
        # More decoders than cores gain nothing.
        self._decoding = threading.BoundedSemaphore(max(2, cores()))
        self._lock = threading.Lock()
        self._under_way: dict[Path, Future[Decoded]] = {}

    def open(self, file: Path, claim: Claim) -> Decoded:
        """The decoded file and the milliseconds of decoding now, 0 where it was kept.

        Args:
            file: an upload.
            claim: on memory, empty. It holds what decoding a large picture takes once one was
                decoded for this caller, and nothing where another caller has had it decoded.

        Raises DemoError for a broken file, one beyond the limits, and once the service is closed.
        """
        with self._lock:
            kept: Picture | None = self._cache.get(("picture", file))
            if kept is not None:
                return kept, 0.0
            under_way = self._under_way.get(file)
            if under_way is None:
                under_way = self._submit(file, claim)
        return under_way.result()

    def close(self) -> None:
        """Cancel what waits."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _submit(self, file: Path, claim: Claim) -> Future[Decoded]:
        try:
            future = self._threads.submit(self._decode, file, claim)
        except RuntimeError:
            raise DemoError("server_stopping") from None
        self._under_way[file] = future
        future.add_done_callback(lambda _: self._under_way.pop(file, None))
        return future

    def _decode(self, file: Path, claim: Claim) -> Decoded:
        picture, elapsed_ms = self.decode(file, claim)
        picture = replace(picture, rgb=in_own_mapping(picture.rgb))
        self._cache.put(("picture", file), picture, picture.rgb.nbytes)
        return picture, elapsed_ms

    def decode(self, file: Path | bytes, claim: Claim) -> Decoded:
        """The decoded file and the milliseconds that it took; it is not kept.

        Args:
            file: any file, or its content.
            claim: as of `open`.

        Raises DemoError for a broken file and one beyond the limits, OSError for one that cannot
        be read.
        """
        if isinstance(file, Path):
            self._limits.check_file(file.stat().st_size)  # a video may be larger than memory
            file = file.read_bytes()
        waited_s = 0.0
        with ExitStack() as stack:

            def wait(size_wh: tuple[int, int]) -> None:
                """Wait for memory, then for a core."""
                nonlocal waited_s
                start, pixels = time.perf_counter(), size_wh[0] * size_wh[1]
                if pixels > _LARGE_PIXELS:
                    claim.take(pixels * _DECODING_BYTES)
                    stack.callback(trim)  # decoders leave 100 MB in the heap
                stack.enter_context(self._decoding)
                waited_s = time.perf_counter() - start

            start = time.perf_counter()
            picture = decode(file, self._limits, wait)
            elapsed_s = time.perf_counter() - start - waited_s
        return picture, elapsed_s * 1000
