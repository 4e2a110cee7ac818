"""Documents whose circumstances change under the people who type: no connection, other branches, other programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenBrowser
from tests.e2e.pages.ide import IdePage
from tests.e2e.people import enter, let_watch_only, make_workspace, signed_in
from tests.support.git_server import GitServer, git
from tests.support.hub import Account, RunningHub

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

GUIDE = "# Tides\n\nHigh water comes twice a day.\n"
NOTHING_IS_WRITTEN_ON_LEAVING = """
addEventListener("pagehide", () => {
  IDBDatabase.prototype.transaction = () => {
    throw new DOMException("The page is gone.", "InvalidStateError");
  };
})
"""
OTHER_GUIDE = "# Tides\n\nLow water comes twice a day.\n\nSo does high water.\n"


@dataclass
class Place:
    """The workspace of all of these tests, and who is let into it."""

    ada: Account
    ben: Account
    identity: str

    def put(self, path: str, text: str) -> None:
        """Write a file as an upload does."""
        url = f"/api/v1/workspaces/{self.identity}/files/{path}"
        self.ada.http.put(url, content=text.encode()).raise_for_status()

    def get(self, path: str) -> str:
        """What is on disk."""
        return self.ada.http.get(f"/api/v1/workspaces/{self.identity}/files/{path}").raise_for_status().text


@pytest.fixture(scope="module")
def place(hub: RunningHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A repository with two branches, cloned."""
    with GitServer(tmp_path_factory.mktemp("git")) as server:
        work = server.add("tides", {"guide.md": GUIDE, "same.txt": "the same\n"})
        git(work, "checkout", "--quiet", "-b", "low")
        (work / "guide.md").write_text(OTHER_GUIDE)
        git(work, "commit", "--quiet", "--all", "--message", "Low water")
        git(work, "push", "--quiet", "origin", "low")
        ada = hub.set_up()
        ben = ada.invite("ben", "Ben Ott")
        identity = make_workspace(ada, "tides", source={"kind": "git", "url": server.url("tides")}, member="ben")
        yield Place(ada, ben, identity)


@contextmanager
def stopped(place: Place, watching: IdePage) -> Iterator[None]:
    """While the workspace is stopped; it runs again afterwards. A page that has it open has seen either."""
    place.ada.post(f"/workspaces/{place.identity}/stop")
    place.ada.until(place.identity, "stopped")
    watching.expect_stopped()
    yield
    place.ada.post(f"/workspaces/{place.identity}/start")
    place.ada.until(place.identity, "running")
    watching.expect_connected()


@pytest.fixture
def together(place: Place, open_browser: OpenBrowser) -> tuple[IdePage, IdePage]:
    """Ada's and Ben's windows, both without a layout from before."""
    for account in (place.ada, place.ben):
        account.http.put(f"/api/v1/workspaces/{place.identity}/layout", json={}).raise_for_status()
    pages = (signed_in(open_browser(), place.ada), signed_in(open_browser(), place.ben))
    return enter(pages[0], place.identity), enter(pages[1], place.identity)


def both_open(together: tuple[IdePage, IdePage], path: str, text: str) -> tuple[IdePage, IdePage]:
    for ide in together:
        ide.open_file(path)
        ide.expect_text(text)
    return together


def test_typed_without_a_connection(place: Place, together: tuple[IdePage, IdePage]) -> None:
    place.put("offline.txt", "begin\n")
    a, b = both_open(together, "offline.txt", "begin\n")
    browser = a.page.context

    def type_offline(text: str) -> Page:
        """Type with no connection and close the tab; return the next one."""
        page = browser.pages[0]
        IdePage(page).place_cursor("end")
        browser.set_offline(True)
        page.keyboard.type(text)
        expect(IdePage(page).saving).to_have_accessible_name(re.compile("waits? for the connection"))
        page.close()
        return browser.new_page()

    # The tab is closed and opened again: what it could not send is sent, once.
    page = type_offline("typed offline")
    b.place_cursor("start")
    b.page.keyboard.type("meanwhile, ")
    browser.set_offline(False)
    a = enter(page, place.identity)
    for ide in (a, b):
        ide.expect_text("meanwhile, begin\ntyped offline")

    # The same while the workspace is stopped and started, and the text has gone on there.
    a.expect_saved()
    page = type_offline(", and again")
    with stopped(place, b):
        pass
    b.place_cursor("start")
    b.page.keyboard.type("Later and ")
    browser.set_offline(False)
    a = enter(page, place.identity)
    for ide in (a, b):
        ide.expect_text("Later and meanwhile, begin\ntyped offline, and again")
    a.expect_same_text()
    assert place.get("offline.txt") == "Later and meanwhile, begin\ntyped offline, and again"


def test_typed_in_two_tabs_that_go_away_at_once(place: Place, together: tuple[IdePage, IdePage]) -> None:
    place.put("tabs.txt", "begin\n")
    a, b = both_open(together, "tabs.txt", "begin\n")
    browser = a.page.context
    page = browser.new_page()
    # As a browser may do: what a page that goes away gives its database is not written.
    page.add_init_script(NOTHING_IS_WRITTEN_ON_LEAVING)
    other = enter(page, place.identity)
    other.open_file("tabs.txt")
    other.expect_text("begin\n")
    a.place_cursor("start")
    other.place_cursor("end")
    browser.set_offline(True)
    for ide in (a, other):
        # Until the page gives its connection up, what it sends waits in the browser, and may arrive after all.
        expect(ide.connection).to_contain_text("Reconnecting")
    for ide, text in ((a, "first, "), (other, "last")):
        ide.page.keyboard.type(text)
        ide.page.goto("about:blank")
    b.place_cursor("start")
    b.press_keys("End")
    b.page.keyboard.type(" and Ben")
    browser.set_offline(False)
    other.page.close()
    a = enter(a.page, place.identity)
    for ide in (a, b):
        ide.expect_text("first, begin and Ben\nlast")
    a.expect_same_text()
    assert place.get("tabs.txt") == "first, begin and Ben\nlast"


def test_typed_without_a_connection_while_the_history_is_lost(
    place: Place, together: tuple[IdePage, IdePage], hub: RunningHub
) -> None:
    place.put("rebased.txt", "one\ntwo\n")
    a, b = both_open(together, "rebased.txt", "one\ntwo\n")
    b.expect_same_text()
    a.place_cursor("start")
    a.page.context.set_offline(True)
    a.press_keys("Shift+End")
    a.page.keyboard.type("hers")
    a.press_keys("Control+End")
    a.page.keyboard.type("three")
    expect(a.saving).to_have_accessible_name(re.compile("waits? for the connection"))
    with stopped(place, b):
        logs = list(hub.data.glob("**/documents/*/log"))
        assert logs
        for log in logs:
            log.unlink()
    b.place_cursor("start")
    b.press_keys("Shift+End")
    b.page.keyboard.type("his")
    b.expect_saved()
    a.page.context.set_offline(False)

    # What fits is there once; what does not she is told of, and finds in the history.
    for ide in (a, b):
        ide.expect_text("his\ntwo\nthree")
    a.expect_notice("did not fit into the shared text")
    a.expect_same_text()
    assert [sum("did not fit" in notice for notice in ide.noticed()) for ide in (a, b)] == [1, 0]
    assert place.get("rebased.txt") == "his\ntwo\nthree"
    history = a.open_history()
    history.versions.filter(has_text="Ada Lovelace's text of").click()
    history.expect_before("hers")


def test_another_branch_is_checked_out(place: Place, together: tuple[IdePage, IdePage]) -> None:
    a, b = both_open(together, "guide.md", GUIDE)
    b.place_cursor("end")
    a.place_cursor("start")
    a.press_keys("ArrowDown", "ArrowDown", "Control+ArrowRight", "Control+ArrowRight", "ArrowRight")
    a.expect_place(3, 12)
    terminal = a.open_terminal()
    terminal.run("git checkout -q low")
    for ide in (a, b):
        ide.expect_notice(f"Ada Lovelace checked out low in {terminal.name}, 1 file")
    b.expect_text(OTHER_GUIDE)
    b.page.keyboard.type("End.")
    # Her cursor stands where it stood: before "comes".
    a.show_tab("guide.md")
    a.expect_text(OTHER_GUIDE + "End.")
    a.expect_place(3, 11)
    a.editor.focus()
    a.page.keyboard.type("always ")
    for ide in (a, b):
        ide.expect_text(OTHER_GUIDE.replace("water comes", "water always comes") + "End.")
        assert len(ide.noticed()) == 1


def test_other_programs_change_and_delete(place: Place, together: tuple[IdePage, IdePage]) -> None:
    text = "one two three\nfour five six\nseven\n"
    place.put("list.txt", text)
    a, b = both_open(together, "list.txt", text)
    b.place_cursor("start")
    b.press_keys("ArrowDown", "Control+ArrowRight", "Control+ArrowRight")
    b.press_keys("ArrowRight")
    b.expect_place(2, 11)

    # A minimal edit: the cursor stays before its word though the text in front of it grows.
    terminal = a.open_terminal()
    terminal.run("sed -i 's/four/four and a half/; s/one/zero one/' list.txt")
    b.expect_text("zero one two three\nfour and a half five six\nseven\n")
    b.expect_place(2, 22)
    b.page.keyboard.type("to ")
    b.expect_text("zero one two three\nfour and a half five to six\nseven\n")
    b.expect_saved()

    # What stood there before the other program wrote is in the history, and comes back as an edit.
    history = b.open_history()
    history.choose(-1)
    history.expect_before("one two three")
    history.restore()
    b.expect_text(text)
    a.show_tab("list.txt")
    a.expect_text(text)

    # Deleted from outside: both are told and either brings it back.
    a.expect_saved()
    a.show_tab(terminal.name)
    terminal.run("rm list.txt")
    gone = b.page.get_by_role("alert").filter(has_text="This file was deleted")
    expect(gone).to_be_visible()
    expect(b.files.get_by_role("treeitem", name="list.txt", exact=True)).to_have_count(0)
    gone.get_by_role("button", name="Restore the file").click()
    expect(gone).to_have_count(0)
    expect(b.files.get_by_role("treeitem", name="list.txt", exact=True)).to_be_visible()
    b.expect_text(text)
    assert place.get("list.txt") == text


def test_undo_is_each_persons_own(place: Place, together: tuple[IdePage, IdePage]) -> None:
    place.put("own.txt", "middle")
    a, b = both_open(together, "own.txt", "middle")
    # At one go: what is typed with a pause in between is undone in as many steps.
    a.place_cursor("start")
    a.page.keyboard.insert_text("hers ")
    b.place_cursor("end")
    b.page.keyboard.insert_text(" his")
    for ide in (a, b):
        ide.expect_text("hers middle his")
    a.page.keyboard.press("Control+z")
    for ide in (a, b):
        ide.expect_text("middle his")
    a.page.keyboard.press("Control+z")
    b.page.keyboard.press("Control+z")
    for ide in (a, b):
        ide.expect_text("middle")
    a.page.keyboard.press("Control+Shift+Z")
    for ide in (a, b):
        ide.expect_text("hers middle")
    a.expect_same_text()
    b.expect_same_text()


def test_the_only_copy_is_on_a_page_that_may_only_watch(
    hub: RunningHub, place: Place, together: tuple[IdePage, IdePage]
) -> None:
    text = "all there is\n"
    place.put("only.txt", text)
    let_watch_only(hub, place.identity)
    a, b = together
    b.page.reload()
    b.expect_connected()
    b.open_file("only.txt")
    b.expect_text(text)
    a.page.close()
    with stopped(place, b):
        folder = hub.data / "workspaces" / place.identity
        (folder / "files" / "only.txt").unlink()
        for log in folder.glob("state/documents/*/log"):
            log.unlink()
    told = b.page.get_by_role("alert").filter(has_text="may be the only copy")
    expect(told).to_be_visible()
    b.editor.click()
    b.page.keyboard.type("not typed")
    b.expect_text(text)
    with b.page.expect_download() as saved:
        told.get_by_role("button", name="Download").click()
    assert saved.value.suggested_filename == "only.txt"
    assert saved.value.path().read_text() == text
