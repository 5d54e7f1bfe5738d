"""The name of a device in the language of the page; answers of the API name it in English."""

import re

from demo.i18n import translate

_CPU = re.compile(r"CPU · (\d+) cores?")
"""As `demo.backends.device.Device.text` names it; a GPU has a name of its own."""


def device_text(device: str, locale: str) -> str:
    """`CPU · 2 cores` in another language; names of GPUs stay."""
    found = _CPU.fullmatch(device)
    if found is None or locale == "en":
        return device
    return translate("device_cpu", locale, cores=int(found[1]))
