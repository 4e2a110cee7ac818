"""What becomes of files that are open, in browsers: history, writers, events with names, one file for another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenBrowser
from tests.e2e.pages.ide import IdePage
from tests.e2e.people import enter, make_workspace, signed_in
from tests.support.git_server import GitServer, git
from tests.support.hub import Account, RunningHub

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}
FILES = {"one.txt": "first\n", "two.txt": "second\n", "poem.txt": "roses\nviolets\nlilies\n"}


@dataclass
class Place:
    ada: Account
    ben: Account
    identity: str

    def get(self, path: str) -> str:
        """What is on disk."""
        return self.ada.http.get(f"/api/v1/workspaces/{self.identity}/files/{path}").raise_for_status().text


@pytest.fixture(scope="module")
def place(hub: RunningHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A repository with a branch on which all files are others."""
    with GitServer(tmp_path_factory.mktemp("git")) as server:
        work = server.add("poems", FILES)
        git(work, "checkout", "--quiet", "-b", "loud")
        for name, text in FILES.items():
            (work / name).write_text(text.upper())
        git(work, "commit", "--quiet", "--all", "--message", "Loud")
        git(work, "push", "--quiet", "origin", "loud")
        ada = hub.set_up()
        ben = ada.invite("ben", "Ben Ott")
        identity = make_workspace(ada, "poems", source={"kind": "git", "url": server.url("poems")}, member="ben")
        yield Place(ada, ben, identity)


@pytest.fixture
def together(place: Place, open_browser: OpenBrowser) -> tuple[IdePage, IdePage]:
    """Ada's window and Ben's, on a phone."""
    for account in (place.ada, place.ben):
        account.http.put(f"/api/v1/workspaces/{place.identity}/layout", json={}).raise_for_status()
    pages = (signed_in(open_browser(), place.ada), signed_in(open_browser(**PHONE), place.ben))
    return enter(pages[0], place.identity), enter(pages[1], place.identity)


def open_on_phone(ide: IdePage, path: str) -> None:
    """Open a file from the drawer."""
    ide.page.get_by_role("button", name="Show the files").click()
    ide.files.get_by_role("treeitem", name=path, exact=True).dblclick()
    expect(ide.editor).to_be_visible()


def test_history_by_keyboard_and_on_a_phone(together: tuple[IdePage, IdePage]) -> None:
    a, b = together
    a.open_file("poem.txt")
    a.expect_text(FILES["poem.txt"])
    open_on_phone(b, "poem.txt")
    a.place_cursor("end")
    a.page.keyboard.type("and thorns")
    a.expect_saved()

    # An event has the name of the terminal it was made in, as that is called now, in the notice and in the history.
    terminal = a.open_terminal()
    a.rename_terminal(terminal.name, "gardening")
    a.terminal("gardening").run("git checkout -qf loud")
    for ide in together:
        ide.expect_notice("Ada Lovelace checked out loud in gardening, 3 files")
    b.expect_text(FILES["poem.txt"].upper())

    # Who wrote a line is said in words, too: the column beside the text is for the eyes alone.
    a.show_tab("poem.txt")
    a.expect_text(FILES["poem.txt"].upper())
    a.place_cursor("end")
    a.page.keyboard.type("BY ADA")
    foot = a.page.get_by_label("Place in the file").filter(visible=True)
    a.page.get_by_role("button", name="Who wrote this").filter(visible=True).click()
    expect(foot).to_contain_text("Written by Ada Lovelace")
    a.place_cursor("start")
    expect(foot).to_contain_text("From the file")

    # Chosen with the keyboard alone, restored, and undone.
    a.page.get_by_role("button", name="History").filter(visible=True).press("Enter")
    history = a.history()
    newest = history.versions.first
    expect(newest).to_be_focused()
    expect(newest).to_contain_text("in gardening")
    expect(newest).to_contain_text("characters")
    a.page.keyboard.press("ArrowDown")
    expect(history.versions.nth(1)).to_be_focused()
    a.page.keyboard.press("End")
    expect(history.versions.last).to_be_focused()
    history.expect_before("roses")
    a.page.keyboard.press("Escape")
    expect(history.region).to_have_count(0)
    expect(a.editor).to_be_focused()
    shown = a.text()
    history = a.open_history()
    history.choose(-1)
    history.expect_before("violets")
    history.restore()
    for ide in together:
        ide.expect_text(FILES["poem.txt"])
    expect(a.editor).to_be_focused()
    a.page.keyboard.press("Control+z")
    for ide in together:
        ide.expect_text(shown)

    # On a phone the difference is one text, and nothing is cut off.
    history = b.open_history()
    history.choose(-1)
    expect(history.region.get_by_role("textbox", name=re.compile("^The text now, with"))).to_contain_text("violets")
    width = b.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, "the page is wider than the phone"
    for part in (history.versions.last, history.region.get_by_role("button", name="Restore this version")):
        box = part.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_a_file_is_moved_onto_another_that_is_open(place: Place, together: tuple[IdePage, IdePage]) -> None:
    a, b = together
    first, second = (place.get(path) for path in ("one.txt", "two.txt"))
    a.open_file("one.txt")
    a.expect_text(first)
    a.open_file("two.txt")
    a.expect_text(second)
    a.place_cursor("end")
    a.page.keyboard.type("typed by Ada")
    open_on_phone(b, "two.txt")
    b.expect_text(second + "typed by Ada")

    terminal = a.open_terminal()
    terminal.run("mv one.txt two.txt")
    expect(a.tab("one.txt")).to_have_count(0)
    a.show_tab("two.txt")
    for ide in together:
        ide.expect_text(first)
        ide.expect_notice("What two.txt held before is kept in its history")
    a.place_cursor("end")
    a.page.keyboard.type("from Ada")
    b.expect_text(first + "from Ada")
    b.place_cursor("start")
    b.page.keyboard.type("Ben and ")
    for ide in together:
        ide.expect_text(f"Ben and {first}from Ada")
        ide.expect_same_text()
    history = a.open_history()
    kept = history.versions.filter(has_text="two.txt before one.txt took its place")
    expect(kept).to_have_count(1)
    kept.click()
    history.expect_before("typed by Ada")
