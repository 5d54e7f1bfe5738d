import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from demo.i18n import LOCALES, locale_for, locale_of, strings, translate

DEMO = Path(__file__).parents[1] / "demo"


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("", "en"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh", "zh-CN"),
        ("zh-CN", "zh-CN"),
        ("zh-SG", "zh-CN"),
        ("zh-Hans-CN", "zh-CN"),
        ("zh-TW", "zh-TW"),
        ("zh-HK", "zh-TW"),
        ("zh-Hant-MO", "zh-TW"),
        ("de-DE,de;q=0.9,zh-TW;q=0.8,en;q=0.7", "zh-TW"),
        ("en;q=0.2, zh-CN;q=0.9", "zh-CN"),
        ("zh;q=0, en", "en"),
        ("zh; q=0.9", "zh-CN"),
        ("en ; q=0.2 , zh-TW ; Q=0.9", "zh-TW"),
        ("fr", "en"),
        ("en;q=x,;;;,zh", "zh-CN"),
    ],
)
def test_locale_of(header: str, locale: str) -> None:
    assert locale_of(header) == locale


@pytest.mark.parametrize(
    ("page", "asked", "locale"),
    [
        ("", "", "zh-TW"),
        ("http://127.0.0.1:7860/detect?model=yolo11n&lang=zh-CN", "", "zh-CN"),
        ("http://127.0.0.1:7860/?lang=zh-CN", "en", "en"),
        ("http://127.0.0.1:7860/?lang=zh-CN", "xx", "zh-CN"),
        ("http://127.0.0.1:7860/?lang=xx", "", "zh-TW"),
        ("http://127.0.0.1:7860/?lang=xx&lang=en", "", "en"),
        ("http://[", "", "zh-TW"),
        ("?lang=" + "%" * 1000, "zh-CN" * 9, "zh-TW"),
    ],
)
def test_the_language_is_that_of_the_page_then_the_browsers(
    page: str, asked: str, locale: str
) -> None:
    headers = {"accept-language": "zh-HK,en;q=0.5", "referer": page}
    assert locale_for(headers, asked) == locale


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", sorted(strings()))
def test_every_string_says_the_same_in_three_languages(key: str) -> None:
    texts = strings()[key]
    assert set(texts) == set(LOCALES)
    assert all(texts[locale].strip() for locale in LOCALES)
    assert fields(texts["en"]) == fields(texts["zh-CN"]) == fields(texts["zh-TW"])


def test_a_field_is_filled_in() -> None:
    assert "12" in translate("loading_model", "en", name="yolo11n", size="12 MB")


def test_every_error_that_the_code_raises_has_a_string_with_its_fields() -> None:
    for path in DEMO.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "DemoError"
                and node.args
                and isinstance(node.args[0], ast.Constant)
                and not any(keyword.arg is None for keyword in node.keywords)
            ):
                key = node.args[0].value
                assert key in strings(), f"{path.name}: no string {key!r}"
                given = {keyword.arg for keyword in node.keywords}
                assert fields(strings()[key]["en"]) <= given, f"{path.name}: {key!r}"


def test_no_sentence_shows_a_path() -> None:
    for key, texts in strings().items():
        for text in texts.values():
            assert not re.search(r"(^|\s)/(home|root|tmp|usr|work)", text), key
