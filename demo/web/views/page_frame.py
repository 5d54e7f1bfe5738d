"""Header and footer of the page as HTML."""

from demo.web.views.templates import render


def header(device: str) -> str:
    """Name, one sentence, device, button for the link, light or dark, choice of language."""
    return render("header", device=device)


def footer(minutes: float, source: str, versions: str) -> str:
    """What is kept and for how many minutes, the licence, the source's address, the versions."""
    return render("footer", minutes=minutes, source=source, versions=versions)
