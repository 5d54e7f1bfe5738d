"""The reader of picture files that the printed scripts carry: Pillow alone, as one source text.

It gives the pixels of `demo.images.decode` or ends with a sentence. The program itself never
imports it: `demo.augment.script` copies its text.
"""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageFile

# What undoes an EXIF orientation.
TURNS = dict(zip(range(2, 9), map(Image.Transpose, (0, 3, 1, 5, 4, 6, 2)), strict=True))


def read_photo(path: str) -> Image.Image:
    """The file as 8-bit sRGB: first frame, upright, transparent parts white."""
    data = Path(path).read_bytes()
    try:
        photo = (
            open_heic(data)
            if data[4:8] == b"ftyp" and b"avif" not in data[8:64]
            else Image.open(io.BytesIO(data))
        )
    except OSError:
        raise SystemExit(f"{path}: Pillow cannot read this file") from None
    if reason := unreadable(photo, data):
        raise SystemExit(f"{path}: {reason}; save it as an ordinary PNG of 8 bits first")
    exif = Image.Exif()
    exif.load(photo.info.get("exif") or b"")
    # Pillow turns TIFF by itself, and libheif HEIC.
    turn = exif.get(274, 1) if photo.format in ("JPEG", "MPO", "PNG", "WEBP", "AVIF") else 1
    if photo.info.get("default_image"):  # for programs that know no animations
        photo.seek(1)
    rgb = over_white(photo)
    return rgb.transpose(TURNS[turn]) if turn in TURNS else rgb


def open_heic(data: bytes) -> ImageFile.ImageFile:
    """The file, opened by libheif."""
    try:
        from pillow_heif import HeifImageFile
    except ImportError:
        raise SystemExit("for HEIC files run: pip install pillow-heif") from None
    photo: ImageFile.ImageFile = HeifImageFile(io.BytesIO(data))
    return photo


def unreadable(photo: ImageFile.ImageFile, data: bytes) -> str:
    """Why Pillow alone would give other pixels than the previews have; empty where it would not."""
    info, profile = photo.info, photo.info.get("icc_profile")
    if photo.mode in ("I", "F", "LAB") or photo.mode.startswith("I;16"):
        return "it holds other values than 8 bits a channel"
    if photo.format == "PNG":
        if b"cICP" in data[: data.find(b"IDAT")]:
            return "it states its colours by a cICP chunk"
        gamma = info.get("gamma") != 0.45455 or "chromaticity" in info
        if "gamma" in info and gamma and not profile and info.get("srgb", 4) > 3:
            return "it states its colours by a gAMA chunk"
        if photo.mode == "L" and "transparency" in info and photo.tile[0][3] != "L":
            return "it holds a transparent grey of a few bits"
    if photo.format in ("AVIF", "HEIF") and not profile:
        at = data.find(b"colrnclx") + 8
        codes = data[at + 1], data[at + 3]
        if at > 8 and (codes[0] not in (1, 2) or codes[1] not in (1, 2, 6, 13, 14, 15)):
            return "it states its colours by code points"
    if photo.format == "GIF" and photo.tile and photo.tile[0][1] != (0, 0, *photo.size):
        return "its first frame covers a part of it only"
    if photo.format == "BMP" and info.get("compression"):
        return "it holds run lengths or masks"
    return ""


def over_white(photo: Image.Image) -> Image.Image:
    """The picture as sRGB, with transparent parts over white."""
    mode, profile = photo.mode, photo.info.get("icc_profile") or b""
    if not photo.has_transparency_data:
        return to_srgb(photo, mode, profile)
    if mode in ("La", "RGBa"):
        photo = photo.convert("LA" if mode == "La" else "RGBA")
    photo = photo.convert("RGBA")
    white = Image.new("RGB", photo.size, "white")
    white.paste(to_srgb(photo.convert("RGB"), mode, profile), mask=photo.getchannel("A"))
    return white


def to_srgb(photo: Image.Image, mode: str, profile: bytes) -> Image.Image:
    """The picture, of `mode` in its file, by its ICC profile unless that is sRGB or unfit."""
    greys = mode in ("L", "LA", "La", "1")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = source.profile.xcolor_space.strip()
        known = greys or mode in ("RGB", "RGBA", "RGBa", "RGBX", "P", "PA")
        fits = {"RGB": known, "GRAY": greys, "CMYK": mode == "CMYK"}.get(space, False)
        if not fits:
            return photo.convert("RGB")
        values = {"GRAY": "L"}.get(space, space)
        srgb = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(source, srgb, values, "RGB")
    except (OSError, ImageCms.PyCMSError):
        return photo.convert("RGB")
    levels = np.linspace(0, 255, 6).astype(np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 3)
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    sample = Image.fromarray(np.concatenate([ramp, cube])[None])
    sample = sample.convert("L").convert("RGB") if greys else sample
    shown = transform.apply(sample.convert(values))
    change = np.asarray(shown, np.int16) - np.asarray(sample, np.int16)
    if space != "CMYK" and np.abs(change).max() <= 2:
        return photo.convert("RGB")
    return transform.apply(photo.convert(values))
