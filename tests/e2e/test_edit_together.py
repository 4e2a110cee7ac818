"""Two people, two browsers, one real repository: the promise of the first page, walked through."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenBrowser
from tests.e2e.pages.account import AdminPage
from tests.e2e.pages.dashboard import DashboardPage
from tests.e2e.pages.ide import IdePage
from tests.e2e.pages.setup import JoinPage, SetupPage
from tests.support.git_server import GitServer
from tests.support.hub import PASSWORD, RunningHub

REPOSITORY = {
    "maths.py": "def add(a, b):\n    return a + b\n",
    "test_maths.py": (
        "import unittest\n\nfrom maths import add\n\n\n"
        "class TestAdd(unittest.TestCase):\n    def test_add(self):\n        self.assertEqual(add(1, 2), 3)\n"
    ),
    "README.md": "# Maths\n",
}
ADA = "# Ada begins with a comment of some length, so that both type at the same time.\n"
BEN = "\n\ndef twice(a): return add(a, a)"
"""On one line: whether the editor indents the next by itself depends on the language having been fetched by then."""


@pytest.fixture
def git(tmp_path: Path) -> Iterator[GitServer]:
    with GitServer(tmp_path) as server:
        server.add("maths", REPOSITORY)
        yield server


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_edit_together(hub: RunningHub, git: GitServer, open_browser: OpenBrowser) -> None:
    # Ada becomes the first administrator by the printed link and makes a workspace from the repository.
    ada, ben = open_browser(), open_browser(color_scheme="dark")
    SetupPage(ada).open(hub.setup_link).fill("ada", "Ada Lovelace", PASSWORD)
    hers = DashboardPage(ada)
    row = hers.create_from_git(git.url("maths"))
    row.expect_state("Running")

    # She lets Ben in: an account by invitation, then membership by username. It shows on his open dashboard by itself.
    link = AdminPage(ada).open().invite("Ben")
    JoinPage(ben).open(link).fill("ben", "Ben Ott", PASSWORD)
    his = DashboardPage(ben)
    expect(his.heading).to_be_visible()
    expect(his.row("maths").item).to_have_count(0)
    hers.open().row("maths").add_member("ben")
    his.row("maths").open()
    hers.row("maths").open()
    a, b = IdePage(ada), IdePage(ben)

    # Both see each other as avatars, and each other's named cursor in the file they both open.
    a.expect_here("Ada Lovelace", "Ben Ott")
    b.expect_here("Ada Lovelace", "Ben Ott")
    a.open_file("maths.py")
    b.open_file("maths.py")
    a.place_cursor("start")
    b.place_cursor("end")
    a.expect_cursor("Ben Ott")
    b.expect_cursor("Ada Lovelace")

    # Both type at once: one key of hers, one of his, without waiting in between.
    for step in range(max(len(ADA), len(BEN))):
        if step < len(ADA):
            a.press(ADA[step])
        if step < len(BEN):
            b.press(BEN[step])
    text = ADA + REPOSITORY["maths.py"] + BEN
    a.expect_text(text)
    b.expect_text(text)

    # She runs the repository's tests in a terminal that he watches.
    terminal = a.open_terminal()
    b.expect_saved()
    terminal.run("python -m unittest && echo all good")
    terminal.expect_output("Ran 1 test")
    b.open_what("Ada Lovelace", "Terminal 1")
    b.terminal("Terminal 1").expect_output("all good")

    # Stop, start: all there, and git sees exactly what was typed.
    a.expect_saved()
    hers.open().row("maths").stop()
    b.expect_stopped()
    hers.row("maths").start()
    hers.row("maths").open()
    b.expect_connected()
    a.show_tab("maths.py")
    a.expect_text(text)
    b.show_tab("maths.py")
    b.expect_text(text)
    terminal = a.open_terminal()
    terminal.run("git --no-pager diff --no-color | sed 's/^/:/'; echo \"<$((6 * 7))>\"")
    terminal.expect_output("<42>")
    added = ADA.split("\n")[:-1] + BEN.split("\n")
    shown = [line[2:].rstrip() for line in terminal.lines() if line.startswith(":+") and not line.startswith(":+++")]
    removed = [line for line in terminal.lines() if line.startswith(":-") and not line.startswith(":---")]
    assert shown == added
    assert removed == []
