"""English words on a Chinese page: all that is shown, less what is a name in every language."""

import re
import time
from functools import cache

from playwright.sync_api import Page

from demo.inference.catalog import Catalog
from demo.models.lineage import lineage
from demo.settings import Settings

_SHOWN = """() => {
  const found = new Set(), latin = /[A-Za-z]{2}/;
  const attributes = ["aria-label", "title", "placeholder", "alt", "aria-valuetext", "data-spoken"];
  for (const element of document.querySelectorAll("body *")) {
    // A script that can be saved is code; the switch of languages names each in its own.
    if (element.closest("script, style, .cm-editor, #language-switch")) continue;
    if (!element.checkVisibility()) continue;
    const texts = attributes.map((name) => element.getAttribute(name));
    for (const node of element.childNodes)
      if (node.nodeType === Node.TEXT_NODE) texts.push(node.data);
    if (element.matches("input[role=listbox], textarea")) texts.push(element.value);
    for (const text of texts) if (text && latin.test(text)) found.add(text.trim());
  }
  return [...found];
}"""

# What a Chinese reader calls by the same letters. Everything else is to be in Chinese.
_ALLOWED = {
    "programs and packages": "Vitrine Python HTTP API gradio torch torchvision opencv-python "
    "openvino torch-cpu openvino-f32 openvino-bf16 bfloat16 "
    "Flickr ultralytics TensorFlow openalpr benchmarks "
    "face-mask-detection license-plate-dataset",
    "kinds of files": "ZIP JSON CSV VOC YOLO MOT PNG JPEG NPY MP4 mp4 MOV WebM",
    "devices": "CPU GPU",
    "units": "ms px KB MB GFLOPs",
    "data sets, and their names in cards": "ImageNet COCO CIFAR-10 Caltech-101 DOTA v1 PASCAL "
    "Animal-Pose Clothing Co-Parsing Open Images coco128 boxes3 caltech101 voc_mixed train2017 "
    "person_masks animals vehicles faces plates fruit",
    "metrics": "top-1 mAP50 mAP50-95 AP50 KID FID",
    "terms that Chinese texts of the field keep": "IoU NMS logits exp max ReLU dropout LayerNorm "
    "SHA-1 Transformer GoogLeNet SENet LayerCAM Grad-CAM EfficientNet-Lite0",
    "licences": "AGPL-3.0 MIT CC BY CC0 Apache-2.0",
}
_NO_WORDS = re.compile(
    r"[\w./-]+\.(?:pt|onnx|safetensors|jpg|png|mp4)\b"  # names of files
    r"|\bexample\b(?=$)"  # and the start of one, which Gradio shows apart from its suffix
    r"|VITRINE_\w+|demo/lab|“yolo \w+ train”|「yolo \w+ train」"  # what one types
    r"|\b(?:arXiv|doi):\S+|NeurIPS"  # where a paper is
    r"|\b[A-Z][a-z]+(?= (?:等|和|\d{4}))|(?<=和 )[A-Z][a-z]+"  # who has written it
    r"|\b[\w-]+-pytorch-model\b"  # packages of weights
)
_PATIENCE_S = 15
"""Until when what the server translates has come, also on a busy machine."""
_WORD = re.compile(r"[A-Za-z][\w'+.-]*\w")


@cache
def _names() -> re.Pattern[str]:
    """Names of models, networks, licences and packages, the longest first."""
    names: set[str] = set()
    for spec in Catalog(Settings()).specs():
        names |= {spec.name, spec.title, spec.architecture, spec.licence, spec.source}
        names.add(lineage(spec))
    ordered = sorted((re.escape(name) for name in names if name), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(ordered)})(?![\w-])")


def english(page: Page) -> dict[str, list[str]]:
    """Words that should be Chinese, by the text that is shown or read out with them in it.

    What has changed a moment later was not there to be read.
    """
    found, end = _english(page), time.monotonic() + _PATIENCE_S
    while found and time.monotonic() < end:
        page.wait_for_timeout(500)
        found = {text: words for text, words in _english(page).items() if text in found}
    return found


def _english(page: Page) -> dict[str, list[str]]:
    allowed = {word for words in _ALLOWED.values() for word in words.split()}
    found: dict[str, list[str]] = {}
    for text in page.evaluate(_SHOWN):
        words = _WORD.findall(_names().sub(" ", _NO_WORDS.sub(" ", text)))
        if left := [word for word in words if word not in allowed]:
            found[text] = left
    return found
