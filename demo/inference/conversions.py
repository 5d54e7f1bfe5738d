"""Networks converted for OpenVINO in the background, while torch answers.

ONNX files of the owner's need no conversion; they are checked likewise while ONNX Runtime answers.
"""

import hashlib
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import asdict, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

import demo
from demo.backends import openvino_cpu
from demo.backends.openvino_cpu import OpenvinoRunner, Precision, Shape
from demo.errors import DemoError
from demo.inference.conversion_cache import ConversionCache, Key
from demo.inference.convert import UNCHANGED, Order, Record
from demo.inference.loaded import Loaded
from demo.models.own.description import description_file
from demo.models.spec import ModelSpec, WeightsFile
from demo.settings import Settings

_log = logging.getLogger(__name__)

_MAX_PARAMS = 100_000_000
"""Larger networks would need some gigabytes to be converted."""
_PATIENCE_S = 600
_PACKAGES = ("openvino", "torch", "torchvision", "ultralytics", "timm")
_PROGRAM = Path(demo.__file__).parent


class Conversions:
    """Converts one network after the other, each in a process of its own with low priority."""

    def __init__(self, settings: Settings, threads: int) -> None:
        """Starts nothing yet.

        Args:
            settings: the precision, the cache, and what the converting process needs.
            threads: CPU threads of a pass.
        """
        self._settings, self._threads = settings, threads
        limit_bytes = settings.converted_mb * 1_000_000
        self._cache = ConversionCache(settings.cache_dir / "converted", limit_bytes)
        self._pool = ThreadPoolExecutor(1, "conversion")
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._closed = False

    def has_any(self, spec: ModelSpec, file: WeightsFile) -> bool:
        """Whether the cache holds a converted network of the model."""
        return _converts(spec) and self._cache.has_any(self._key(spec, file, ()))

    def find(self, loaded: Loaded, shape: Shape) -> OpenvinoRunner | None:
        """The converted network for inputs of that shape; None while torch has to answer.

        A kept one is read at once where torch's is not loaded, else in the background. One that has
        to be made is asked for in the background when a second picture has that shape.
        """
        converted = loaded.converted
        runner = converted.find(shape)
        if runner is not None or not _converts(loaded.spec):
            return runner
        if not loaded.has_network:
            with converted.opening:
                runner = converted.find(shape)
                if runner is None and not loaded.has_network:
                    self._logged(self._open, loaded, shape)
                    runner = converted.find(shape)
                if runner is not None:
                    return runner
        wanted = converted.count(shape)
        with self._lock:
            if wanted and not self._closed:
                self._pool.submit(self._logged, self._provide, loaded, shape)
        return None

    def provide(
        self, spec: ModelSpec, file: WeightsFile, shape: Shape, precision: Precision
    ) -> OpenvinoRunner:
        """The converted network for inputs of that shape; blocks until those before it are done.

        Raises RuntimeError, OSError or ImportError where it cannot be converted, or does not agree
        with torch, and DemoError where the server is stopping.
        """
        if not _converts(spec):
            raise RuntimeError("too large to be converted")
        with self._lock:
            if self._closed:
                raise DemoError("server_stopping")
            future = self._pool.submit(self._made, spec, file, shape, precision)
        try:
            return future.result()
        except CancelledError:
            raise DemoError("server_stopping") from None

    def close(self) -> None:
        """End a conversion that runs; none is begun any more."""
        with self._lock:
            self._closed = True
            if self._child is not None:
                self._child.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _logged(
        self, provide: Callable[[Loaded, Shape], None], loaded: Loaded, shape: Shape
    ) -> None:
        try:
            provide(loaded, shape)
        except (RuntimeError, OSError, ImportError) as error:
            # Torch goes on answering; the shape is not tried again while the model is loaded.
            if not self._closed:
                name, runtime = loaded.spec.name, loaded.spec.runtime
                _log.warning("%s %s stays with %s: %s", name, shape, runtime, error)

    def _open(self, loaded: Loaded, shape: Shape) -> None:
        """Answer with the kept network, where there is one."""
        key = self._key(loaded.spec, loaded.file, shape)
        content = self._kept(key)
        if content:
            runner = self._compiled(key, loaded.spec, loaded.file, content)
            self._answer(loaded, shape, runner)

    def _provide(self, loaded: Loaded, shape: Shape) -> None:
        """Answer with the kept network, or with one that is made now."""
        precision = openvino_cpu.precision_here(self._settings.precision)
        self._answer(loaded, shape, self._made(loaded.spec, loaded.file, shape, precision))

    def _made(
        self, spec: ModelSpec, file: WeightsFile, shape: Shape, precision: Precision
    ) -> OpenvinoRunner:
        """The converted network, from the cache or converted now. Raises as `provide` does."""
        key = _key(spec, file, shape, precision)
        content = self._kept(key)
        if content is None:
            record, content = self._convert(spec, file, shape, precision)
            self._cache.write(replace(key, shape=()) if record.any_size else key, content)
        if not content:
            raise RuntimeError("the converted network gives other answers")
        return self._compiled(key, spec, file, content)

    def _kept(self, key: Key) -> bytes | None:
        """The network for all shapes, or for that one; b"" where it does not agree with torch."""
        return self._cache.read(replace(key, shape=())) or self._cache.read(key)

    def _compiled(
        self, key: Key, spec: ModelSpec, file: WeightsFile, content: bytes
    ) -> OpenvinoRunner:
        if content == UNCHANGED:
            content = _content(file)
        source = "onnx-" if spec.runtime == "onnx" else ""
        return OpenvinoRunner(content, key.shape, key.precision, self._threads, source)

    def _answer(self, loaded: Loaded, shape: Shape, runner: OpenvinoRunner) -> None:
        loaded.converted.put(shape, runner)
        _log.info("%s %s is answered by %s", loaded.spec.name, shape, runner.backend)

    def _key(self, spec: ModelSpec, file: WeightsFile, shape: Shape) -> Key:
        return _key(spec, file, shape, openvino_cpu.precision_here(self._settings.precision))

    def _convert(
        self, spec: ModelSpec, file: WeightsFile, shape: Shape, precision: Precision
    ) -> tuple[Record, bytes]:
        """The network as ONNX; b"" where it does not agree with torch. Raises RuntimeError."""
        order = Order(spec.name, file.sha256, shape, precision)
        line, _, content = self._call(json.dumps(asdict(order)).encode()).partition(b"\n")
        record = Record(**json.loads(line))
        log = _log.info if record.agrees else _log.warning
        found = f"{record.difference:.2g} from {spec.runtime}, at most {record.tolerance:.2g}"
        sizes = "any size" if record.any_size else "this size"
        log("converted %s %s for %s: %s", spec.name, shape, sizes, found)
        return record, content if record.agrees else b""

    def _call(self, order: bytes) -> bytes:
        """What the converting process writes. Raises RuntimeError with its reason."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the server is stopping")
            child = self._child = subprocess.Popen(
                [sys.executable, "-m", "demo.inference.convert"],
                env=_environ(self._settings),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        try:
            printed, said = child.communicate(order, timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            raise RuntimeError(f"no end after {_PATIENCE_S} s") from None
        finally:
            with self._lock:
                self._child = None
        if child.returncode:
            reason = said.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise RuntimeError(reason or f"status {child.returncode}")
        return printed


def _converts(spec: ModelSpec) -> bool:
    return spec.runtime in ("torch", "onnx") and (spec.params or 0) <= _MAX_PARAMS


def _content(file: WeightsFile) -> bytes:
    """The file that was checked. Raises RuntimeError where it has become another one."""
    content = file.path.read_bytes()
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise RuntimeError("the file has changed")
    return content


def _key(spec: ModelSpec, file: WeightsFile, shape: Shape, precision: Precision) -> Key:
    described = description_file(file.path)
    description = described.read_bytes() if spec.own and described.is_file() else b""
    digest = hashlib.sha256(description).hexdigest()
    return Key(spec.name, file.sha256, digest, shape, precision, _versions())


@cache
def _versions() -> str:
    """What made and checked the files: packages, this program's networks, and the processor."""
    packages = {name: version(name) for name in _PACKAGES}
    networks = hashlib.sha256()
    for path in sorted(_PROGRAM.glob("models/**/*.py")):
        networks.update(path.read_bytes())
    return json.dumps([packages, networks.hexdigest(), openvino_cpu.processor()])


def _environ(settings: Settings) -> Mapping[str, str]:
    """The environment of the converting process: that of this one, with its settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VITRINE_")}
    folders = {"WEIGHTS": settings.weights_dir, "MODEL": settings.model}
    paths = {f"VITRINE_{name}": str(path.absolute()) for name, path in folders.items() if path}
    cache_dir = str(settings.cache_dir.absolute())
    modules = os.pathsep.join(filter(None, (str(_PROGRAM.parent), kept.get("PYTHONPATH"))))
    own = {"VITRINE_CACHE": cache_dir, "VITRINE_OFFLINE": "1", "PYTHONPATH": modules}
    return kept | paths | own
