"""Pictures as Chromium draws them."""

import base64
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser

from demo.results import Image

_DRAW = """
async (data) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const address = URL.createObjectURL(new Blob([bytes]));
  const image = new Image();
  image.src = address;
  try { await image.decode(); } catch { return null; }
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const context = canvas.getContext("2d", { colorSpace: "srgb", willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0);
  URL.revokeObjectURL(address);
  const { data: pixels } = context.getImageData(0, 0, canvas.width, canvas.height);
  let text = "";
  for (let at = 0; at < pixels.length; at += 32768) {
    text += String.fromCharCode(...pixels.subarray(at, at + 32768));
  }
  return [canvas.width, canvas.height, btoa(text)];
}
"""


class Canvas:
    """A page whose canvas draws files over white, as the decoder shows transparent parts."""

    def __init__(self, chromium: Browser) -> None:
        self._page = chromium.new_page()
        self._page.set_content("<title>canvas</title>")

    def draw(self, data: bytes) -> Image | None:
        """The file as H×W×3 uint8 sRGB, upright, first frame; None where Chromium shows none."""
        drawn = self._page.evaluate(_DRAW, base64.b64encode(data).decode())
        if drawn is None:
            return None
        width, height, text = drawn
        rgba = np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)
        rgb: Image = rgba[..., :3]
        return rgb

    def close(self) -> None:
        self._page.close()


def mean_difference(one: Image, other: Image) -> float:
    """Mean of the absolute differences, levels of 255; infinite for different sizes."""
    if one.shape != other.shape:
        return float("inf")
    return float(np.abs(one.astype(int) - other).mean())


def files(folder: Path) -> list[Path]:
    """All files of a folder and its folders, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
