"""Citations of papers in the language of the page."""

from demo.i18n import translate


def citation(text: str, locale: str) -> str:
    """`Tan and Le, arXiv:1905.11946` with the words between the names in another language."""
    for key in ("citation_others", "citation_and"):
        text = text.replace(f" {translate(key, 'en')} ", f" {translate(key, locale)} ")
        text = text.replace(f" {translate(key, 'en')},", f" {translate(key, locale)},")
    return text
