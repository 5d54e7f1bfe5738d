"""Header and footer of the page as HTML."""

from demo.i18n import LOCALES
from demo.web.views.device import device_text
from demo.web.views.templates import render


def header(device: str) -> str:
    """Name, one sentence, device, button for the link, light or dark, choice of language."""
    devices = {locale: device_text(device, locale) for locale in LOCALES}
    return render("header", devices=devices)


def footer(minutes: float, source: str, versions: str, *, fast: bool = False) -> str:
    """What is kept and for how many minutes, the licence, the source's address, the versions.

    fast: networks of the CPU run in bfloat16, which costs something that is said then.
    """
    return render("footer", minutes=minutes, source=source, versions=versions, fast=fast)
