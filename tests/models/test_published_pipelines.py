"""MobileNetV2 against torchvision's documented pipeline, on every photo of coco128."""

from pathlib import Path

import torch
from torchvision.io import ImageReadMode, decode_image
from torchvision.models import MobileNet_V2_Weights, mobilenet_v2

from demo.images.decode import decode
from demo.images.limits import Limits
from demo.inference.local_engine import LocalEngine
from demo.lab.data.boxed_photos import coco128_photos
from demo.models.spec import ImageRequest
from demo.results import Scores
from demo.settings import Settings


def test_mobilenet_answers_as_torchvisions_own_pipeline(shared_data: Path, tmp_path: Path) -> None:
    """From the file to the probabilities: the same first label, scores within 1e-3.

    A photo with a colour profile is converted to sRGB here, with a note, which torchvision does not
    do; there torchvision gets the converted pixels.
    """
    weights = shared_data / "weights"
    theirs = mobilenet_v2()
    theirs.load_state_dict(torch.load(weights / "mobilenet_v2.pth", weights_only=True))
    theirs.eval()
    transforms = MobileNet_V2_Weights.IMAGENET1K_V2.transforms()
    engine = LocalEngine(
        Settings(weights_dir=weights, cache_dir=tmp_path, offline=True, device="cpu", threads=2)
    )
    photos = coco128_photos(shared_data)
    furthest, converted = 0.0, 0
    try:
        for photo in photos:
            picture = decode(photo.path.read_bytes(), Limits())
            pixels = decode_image(str(photo.path), ImageReadMode.RGB)
            if any(note.key == "note_profile" for note in picture.notes):
                pixels, converted = torch.from_numpy(picture.rgb).permute(2, 0, 1), converted + 1
            with torch.inference_mode():
                wanted = theirs(transforms(pixels)[None])[0].softmax(0)
            found = engine.run("mobilenet_v2", ImageRequest(picture.rgb)).result
            assert isinstance(found, Scores)
            ours = torch.from_numpy(found.probabilities)
            assert int(ours.argmax()) == int(wanted.argmax()), photo.path.name
            furthest = max(furthest, float((ours - wanted).abs().max()))
    finally:
        engine.close()
    print(f"{len(photos)} photos, {converted} converted, scores within {furthest:.1e}")
    assert (len(photos), converted) == (128, 24)
    assert furthest < 1e-3
