import io
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from demo.asgi.source_archive import _listed, _tracked, archive, pack
from tests.conftest import ROOT

PROGRAM = ("app.py", "LICENSE", "demo/serve.py", "tests/test_serve.py", "weights/a.json")
TEMPLATES = ("demo/web/page.html", "demo/web/row.j2", "demo/web/a.js", "demo/web/a.css")
SECRETS = (
    "client_secret.json",
    "notes.txt",
    "local.toml",
    "own.py",
    "diary.md",
    "runs/a.py",
    "demo/client_secret.json",
    "demo/secrets.toml",
    "demo/web/notes.txt",
    "weights/token.json",
    "weights/diary.md",
    "tests/local.json",
    "benchmarks/results.json",
)


def names(data: bytes) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert packed.testzip() is None
        return {name.removeprefix("vitrine/") for name in packed.namelist()}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in (*PROGRAM, *TEMPLATES, *SECRETS):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "weights" / "a.safetensors").write_bytes(b"large")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def test_the_source_holds_the_program_its_templates_and_its_licence() -> None:
    held = names(archive())
    assert {"app.py", "LICENSE", "pyproject.toml", "requirements.txt", ".ci/run"} <= held
    assert "demo/asgi/source_archive.py" in held
    web = {p for p in (ROOT / "demo" / "web").rglob("*") if p.suffix in (".html", ".j2", ".js")}
    assert web
    assert {p.relative_to(ROOT).as_posix() for p in web} <= held
    assert not any(name.startswith("runs/") for name in held)


def test_without_git_only_the_projects_own_files_are_packed(project: Path) -> None:
    assert names(pack(project)) == {*PROGRAM, *TEMPLATES}


def test_a_copy_without_git_lacks_no_source() -> None:
    """A kind of file that is new has to be listed."""
    sources = (path.relative_to(ROOT).as_posix() for path in (ROOT / "demo").rglob("*.py"))
    assert {*_tracked(ROOT), *sources} <= set(_listed(ROOT))


def test_a_checkout_packs_what_git_tracks(project: Path) -> None:
    git(project, "init", "-q")
    git(project, "add", *PROGRAM, "weights/a.safetensors", *TEMPLATES[:2])
    (project / "demo" / "secret.json").write_text("untracked")
    assert names(pack(project)) == {*PROGRAM, *TEMPLATES[:2]}


def test_a_copy_inside_another_repository_is_not_empty(project: Path) -> None:
    git(project, "init", "-q")
    copy = project / "copy"
    (copy / "demo").mkdir(parents=True)
    (copy / "app.py").write_text("app")
    assert names(pack(copy)) == {"app.py"}


def test_a_link_does_not_lead_outside(project: Path) -> None:
    (project / "demo" / "link.py").symlink_to(project / "own.py")
    assert "demo/link.py" not in names(pack(project))


def test_files_of_1970_are_packed_and_dates_do_not_matter(project: Path) -> None:
    before = pack(project)
    for name in PROGRAM:
        os.utime(project / name, (0, 0))
    assert pack(project) == before
