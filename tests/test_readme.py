"""Both READMEs say the same, and what they name exists in the code."""

import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from demo.asgi.command_line import _parser
from demo.batch.command_line import _parser as batch_parser
from demo.settings import Settings, names, variable
from tests.conftest import ROOT
from tests.support.asgi_client import built

ENGLISH = (ROOT / "README.md").read_text("utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text("utf-8")
READMES = pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["en", "zh-CN"])

FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.M | re.S)
COMMAND = re.compile(r"(python|curl|pip) ")
VARIABLE = re.compile(r"\b(?:VITRINE|GRADIO)_[A-Z_]+")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
LINK = re.compile(r"\]\(([^)\s]+)\)|<(https?://[^>\s]+)>")
OPTION = re.compile(r"--[a-z][a-z-]*")
MODULE = re.compile(r"python -m ((?:demo|benchmarks)[\w.]*)")
ROUTE = re.compile(r"/api/v1/\w+[^\s\"`]*")
VITRINE = re.compile(r"\bVITRINE_[A-Z_]+")
TRANSLATIONS = {"README.md", "README.zh-CN.md"}


def fences(text: str) -> list[tuple[str, str]]:
    """Language and text of each fenced block."""
    return FENCE.findall(text)


def inline(text: str) -> list[str]:
    """Code within a line, outside of fenced blocks."""
    return re.findall(r"`([^`\n]+)`", FENCE.sub("", text))


def commands(text: str) -> list[str]:
    """Commands within a line, variables in front of them included."""
    return [code for code in inline(text) if COMMAND.search(code)]


def tables(text: str) -> list[list[list[str]]]:
    """Cells of the rows of each table, without the line under its head."""
    found = []
    for block in re.findall(r"(?:^\|.*\|\n)+", FENCE.sub("", text), re.M):
        rows = [line.strip("|").split("|") for line in block.splitlines()]
        found.append([[cell.strip() for cell in row] for row in rows if set(row[0]) != set(" -")])
    return found


def numbers(rows: Iterable[list[str]]) -> Iterator[list[list[str]]]:
    """Numbers of each cell of each row; the order of words within a cell may differ."""
    for row in rows:
        yield [sorted(NUMBER.findall(cell)) for cell in row]


def links(text: str) -> list[str]:
    """Targets of links and pictures, but for those to the other language."""
    found = ["".join(pair) for pair in LINK.findall(FENCE.sub("", text))]
    return [target for target in found if target not in TRANSLATIONS]


def headings(text: str) -> list[int]:
    """Depth of each heading."""
    return [len(marks) for marks in re.findall(r"^(#+) ", FENCE.sub("", text), re.M)]


def test_both_have_the_same_code_blocks_in_the_same_order() -> None:
    assert len(fences(ENGLISH)) >= 8
    assert fences(CHINESE) == fences(ENGLISH)


def test_both_have_the_same_commands_in_their_sentences() -> None:
    assert len(commands(ENGLISH)) >= 30
    assert commands(CHINESE) == commands(ENGLISH)


def test_both_name_the_same_code() -> None:
    """The Chinese one also explains the keys whose comments stand in English in a block."""
    ours, theirs = Counter(inline(ENGLISH)), Counter(inline(CHINESE))
    assert ours - theirs == Counter()
    explained = next(code for language, code in fences(CHINESE) if language == "toml")
    assert all(re.search(rf"^{re.escape(key)}", explained, re.M) for key in theirs - ours)


def test_both_name_the_same_variables() -> None:
    assert {"VITRINE_WEIGHTS", "GRADIO_ROOT_PATH"} <= set(VARIABLE.findall(ENGLISH))
    assert Counter(VARIABLE.findall(CHINESE)) == Counter(VARIABLE.findall(ENGLISH))


def test_the_rows_of_both_tables_hold_the_same_numbers() -> None:
    english, chinese = tables(ENGLISH), tables(CHINESE)
    assert len(english) == len(chinese) == 6
    for ours, theirs in zip(english, chinese, strict=True):
        for row, mine, other in zip(ours, numbers(ours), numbers(theirs), strict=True):
            assert other == mine, row


def test_both_state_the_same_figures_in_their_sentences() -> None:
    """Those with a decimal point or a per cent sign; others may be words in one of them."""
    figure = re.compile(r"\d+(?:,\d{3})*\.\d+(?: ?%)?|\d+ ?%")
    ours = figure.findall(ENGLISH.split("\n---\n", 1)[1])
    assert len(ours) > 100
    assert Counter(figure.findall(CHINESE)) == Counter(ours)


def test_both_have_the_same_sections_and_links() -> None:
    assert len(links(ENGLISH)) >= 5
    assert headings(CHINESE) == headings(ENGLISH)
    assert sorted(links(CHINESE)) == sorted(links(ENGLISH))


def test_each_leads_to_the_other() -> None:
    assert "[简体中文](README.zh-CN.md)" in ENGLISH
    assert "[English](README.md)" in CHINESE


def test_only_the_english_one_has_the_lines_of_a_space() -> None:
    assert ENGLISH.startswith("---\ntitle: Vitrine\n")
    assert CHINESE.startswith("# Vitrine\n")


@READMES
def test_every_file_that_is_linked_exists(text: str) -> None:
    local = [target for target in LINK.findall(text) if target[0] and "://" not in target[0]]
    assert len(local) >= 3
    for target, _ in local:
        assert (ROOT / target).is_file(), target


@READMES
def test_every_module_that_is_named_can_be_run(text: str) -> None:
    modules = set(MODULE.findall(text))
    assert {"demo.video", "benchmarks.start"} <= modules
    for module in modules:
        path = ROOT / module.replace(".", "/")
        program = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
        assert program.is_file(), module
        assert "__main__" in program.read_text("utf-8") or path.is_dir(), module


@READMES
def test_every_setting_stands_in_the_table_with_its_default(text: str) -> None:
    rows = {row[0].strip("`"): row[1] for row in tables(text)[-1][1:]}
    assert set(rows) == {variable(name) for name in names()}
    defaults = Settings()
    for field in fields(Settings):
        default = getattr(defaults, field.name)
        if field.name != "threads" and isinstance(default, int | float) and default is not False:
            assert rows[variable(field.name)] == f"{default:.15g}", field.name


@READMES
def test_every_variable_that_is_named_is_a_setting(text: str) -> None:
    assert set(VITRINE.findall(text)) == {variable(name) for name in names()}


@READMES
def test_every_option_of_the_program_is_named_and_no_other(text: str) -> None:
    known = {option for action in _parser()._actions for option in action.option_strings}
    batch = {option for action in batch_parser()._actions for option in action.option_strings}
    given = {word for code in commands(text) if "app.py" in code for word in OPTION.findall(code)}
    alone = {code for code in inline(text) if OPTION.fullmatch(code)}
    # Options of other programs that stand alone.
    assert given | (alone - {"--resume"} - (batch - known)) == known - {"-h"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return built(Settings(cache_dir=tmp_path_factory.mktemp("cache"), offline=True, device="cpu"))


@READMES
def test_every_route_and_its_parameters_exist(text: str, app: FastAPI) -> None:
    with TestClient(app, base_url="http://127.0.0.1") as client:
        paths = client.get("/api/openapi.json").json()["paths"]
    addresses = [urlsplit(address) for address in ROUTE.findall(text)]
    assert {address.path for address in addresses} == set(paths)
    for address in addresses:
        [operation] = paths[address.path].values()
        known = {one["name"] for one in operation.get("parameters", ())}
        assert set(parse_qs(address.query)) <= known, address.path


@READMES
def test_every_endpoint_of_the_page_that_is_named_exists(text: str, app: FastAPI) -> None:
    known = {one["api_name"] for one in app.state.page.config["dependencies"]}
    named = {code for code in inline(text) if re.fullmatch(r"/[a-z]+", code)}
    assert len(named) >= 10
    assert {name.removeprefix("/") for name in named} <= known


def test_the_versions_of_torch_are_those_of_the_requirements() -> None:
    required = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    pinned = re.findall(r"(?:torch|torchvision)==[\d.]+", ENGLISH)
    assert len(pinned) == 2
    assert set(pinned) <= set(required)


def test_lines_can_be_read_in_an_editor() -> None:
    for text in (ENGLISH, CHINESE):
        prose = (line for line in FENCE.sub("", text).splitlines() if not line.startswith("|"))
        assert max(map(len, prose)) <= 120


def test_what_the_hub_takes_in_lfs_only_is_put_there_by_the_lines() -> None:
    """The Hub takes no file over 10 MiB outside of LFS; no attribute here asks for git-lfs."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]
    assert {file.name for file in files if file.stat().st_size > 10 * 2**20} == set()
    binary = {file.suffix for file in files if b"\0" in file.read_bytes()[:8000]}
    assert ".safetensors" in binary
    tracked = next(code for _, code in fences(ENGLISH) if "git lfs track" in code)
    assert {f".{suffix}" for suffix in re.findall(r'"\*\.(\w+)"', tracked)} == binary
    assert not (ROOT / ".gitattributes").exists()


def test_the_lines_of_a_space_fit_the_project() -> None:
    front = dict(re.findall(r"^(\w+): \"?([^\"\n]*)\"?$", ENGLISH.split("\n---\n", 1)[0], re.M))
    required = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    assert front["sdk"] == "gradio"
    assert f"gradio=={front['sdk_version']}" in required
    assert (ROOT / front["app_file"]).is_file()
    oldest = re.search(r'requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    assert oldest is not None
    assert [*map(int, front["python_version"].split("."))] >= [*map(int, oldest[1].split("."))]
    assert len(front["short_description"]) <= 60
    packages = (ROOT / "packages.txt").read_text("utf-8").split()
    assert packages
    assert all(re.fullmatch(r"[a-z0-9.+-]+", package) for package in packages)


def test_torch_and_torchvision_for_a_cpu_come_by_one_line_from_one_index() -> None:
    index = "--index-url https://download.pytorch.org/whl/cpu"
    lines = [line for _, code in fences(ENGLISH) for line in code.splitlines() if "torch==" in line]
    assert len(lines) == 1
    assert re.fullmatch(rf"pip install torch==[\d.]+ torchvision==[\d.]+ {index}", lines[0])
