import io
import json
import zipfile

import cv2
import numpy as np

from demo.export.preview_zip import preview_zip


def test_the_zip_holds_exact_pixels_sampled_parameters_and_the_script() -> None:
    rng = np.random.default_rng(0)
    previews = [rng.integers(0, 256, (20, 30, 3), dtype=np.uint8) for _ in range(3)]
    facts = {"seed": 5, "drawn": [[1], [2], [3]], "code": "print('前')\n"}
    packed = zipfile.ZipFile(io.BytesIO(preview_zip(previews, facts)))
    for number, preview in enumerate(previews, 1):
        data = np.frombuffer(packed.read(f"preview_{number}.png"), np.uint8)
        shown = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
        assert shown is not None
        assert np.array_equal(shown, preview)
    assert json.loads(packed.read("previews.json")) == facts
    assert packed.read("previews.py").decode() == facts["code"]
