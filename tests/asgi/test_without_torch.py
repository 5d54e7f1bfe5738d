"""What a server does without torch: its page, and answers of networks that are kept converted."""

import json
import subprocess
import sys
from pathlib import Path

_SERVER = """
import asyncio, json, sys
from pathlib import Path
from demo.asgi.app import create_app
from demo.settings import Settings
from demo.service import examples

import httpx

HEAVY = ("torch", "torchvision", "ultralytics", "timm")


async def main():
    app = create_app(Settings(cache_dir=Path(sys.argv[1]), offline=True, device="cpu"))
    transport = httpx.ASGITransport(app)
    said = {"built": [name for name in HEAVY if name in sys.modules]}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7860") as client:
        said["page"] = (await client.get("/")).status_code
        said["models"] = len((await client.get("/api/v1/models")).json())
        said["asked"] = [name for name in HEAVY if name in sys.modules]
        picture = examples.paths()[0].read_bytes()
        for task, model in (("classify", "cnn-cifar10"), ("detect", "yolo-vitrine")):
            for turn in range(int(sys.argv[2])):
                answer = await client.post(f"/api/v1/{task}?model={model}", content=picture)
                backend = answer.json()["backend"]
                if backend.startswith("openvino"):
                    break
                await asyncio.sleep(0.5)
            said[task] = backend
        said["answered"] = [name for name in HEAVY if name in sys.modules]
    app.state.service.close()
    print(json.dumps(said))


asyncio.run(main())
"""


def served(cache: Path, turns: int) -> dict[str, object]:
    command = [sys.executable, "-c", _SERVER, str(cache), str(turns)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_warm_server_needs_no_torch(tmp_path: Path) -> None:
    cold = served(tmp_path, 400)
    assert cold["answered"]
    assert (cold["classify"], cold["detect"]) == ("openvino-f32", "openvino-f32")
    warm = served(tmp_path, 1)
    assert (warm["page"], warm["classify"], warm["detect"]) == (200, "openvino-f32", "openvino-f32")
    assert warm["models"] == cold["models"]
    assert warm["built"] == warm["asked"] == warm["answered"] == []
