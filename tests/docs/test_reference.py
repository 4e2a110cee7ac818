"""Every setting, message, error code, closing code, command and route is documented, and as the code has it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coterie.hub.openapi import document
from coterie.hub.settings import documented
from coterie.wire.closing import Closing
from coterie.wire.errors import ErrorCode
from coterie.wire.messages import CLIENT_MESSAGES, SERVER_MESSAGES
from scripts import reference

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"


@pytest.mark.parametrize("name", reference.PAGES)
def test_the_page_is_what_the_code_says(name: str) -> None:
    page = (DOCS / "reference" / name).read_text()
    assert page == reference.PAGES[name](), "run `make docs` and commit it"


def test_nothing_is_left_out() -> None:
    pages = {name: page() for name, page in reference.PAGES.items()}
    for name, _, description in documented():
        assert f"`{name}`" in pages["settings.md"]
        assert description, f"{name} has no description"
    for code in ErrorCode:
        assert f"`{code}`" in pages["errors.md"]
    for closing in Closing:
        assert f"| {closing.value} |" in pages["closing.md"]
    for message in (*CLIENT_MESSAGES, *SERVER_MESSAGES):
        assert f"### {message.__name__}\n\n{message.__name__}(" not in pages["messages.md"], "it has no docstring"
        assert f"### {message.__name__}\n" in pages["messages.md"]
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            assert f"`{method.upper()} {path}`" in pages["api.md"]
            assert operation.get("description"), f"{method} {path} has no docstring"


def test_every_link_leads_somewhere() -> None:
    pages = [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]
    assert len(pages) > 15
    for page in pages:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            if "://" in target or target.startswith("#"):
                continue
            path, _, anchor = target.partition("#")
            found = page.parent / path
            assert found.exists(), f"{page.relative_to(ROOT)} links to {target}"
            if anchor and found.suffix == ".md":
                headings = re.findall(r"^#+ (.+)$", found.read_text(), re.MULTILINE)
                anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
                assert anchor in anchors, f"{page.relative_to(ROOT)} links to {target}"


def test_every_path_that_is_named_exists() -> None:
    bases = (ROOT, ROOT / "src" / "coterie", ROOT / "web" / "src")
    for page in [
        ROOT / "ARCHITECTURE.md",
        ROOT / "CONTRIBUTING.md",
        *(DOCS / "flows").glob("*.md"),
        *(DOCS / "decisions").glob("*.md"),
    ]:
        for name in re.findall(r"`([\w./-]+(?:\.py|\.tsx?|\.md|\.json|/))`", page.read_text()):
            ours = not name.startswith(("data/", "keys/", "files/", "home/", "state/", "run/", "log/"))
            assert not ours or any((base / name).exists() for base in bases), f"{page.relative_to(ROOT)}: {name}"


def test_the_module_map_has_every_package() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    for package in (ROOT / "src" / "coterie").glob("*/**/__init__.py"):
        name = package.parent.relative_to(ROOT / "src" / "coterie").as_posix()
        top = name.split("/")[0]
        assert f"`{name}/" in text or f"`{top}/" in text or "/".join(name.split("/")[:2]) + "/" in text, name
