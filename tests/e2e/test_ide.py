"""The frame of an open workspace: files named, moved and uploaded, panes that come back, a phone's narrow screen."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import people
from tests.e2e.conftest import OpenBrowser
from tests.e2e.pages.ide import IdePage, Names, Statuses
from tests.support.hub import Account, RunningHub
from tests.support.waiting import wait_until

Workspace: TypeAlias = tuple[Account, str]
"""The owner, and the identifier."""

FILES = {"README.md": "# Tides\n", "src/model.py": "M2 = 28.984\n", "src/curve.py": "print('curve')\n"}


pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def workspace(hub: RunningHub) -> Workspace:
    """A workspace that all of these tests open, each as its owner."""
    owner = hub.set_up()
    return owner, people.make_workspace(owner, "Tides")


def enter(page: Page, workspace: Workspace) -> IdePage:
    """Open it as its owner, with the files and without any layout."""
    owner, identity = workspace
    for path, text in FILES.items():
        owner.http.put(f"/api/v1/workspaces/{identity}/files/{path}", content=text.encode()).raise_for_status()
    owner.http.put(f"/api/v1/workspaces/{identity}/layout", json={}).raise_for_status()
    return people.enter(people.signed_in(page, owner), identity)


def test_files_are_named_moved_uploaded_and_deleted(
    open_browser: OpenBrowser, workspace: Workspace, tmp_path: Path
) -> None:
    page = open_browser()
    ide = enter(page, workspace)
    row = ide.files.get_by_role("treeitem")

    page.get_by_role("button", name="New file", exact=True).click()
    name = page.get_by_role("textbox", name="Name of the new file")
    name.fill("README.md")
    expect(page.get_by_role("alert")).to_contain_text("exists here already")
    name.fill("notes.txt")
    name.press("Enter")
    ide.show_tab("notes.txt")
    ide.editor.click()
    page.keyboard.type("spring tide")
    ide.expect_saved()

    # The tab follows its file when that is renamed, and when it is dragged into a folder.
    ide.files.focus()
    page.keyboard.press("F2")
    renamed = page.get_by_role("textbox", name="New name for notes.txt")
    renamed.fill("plan.txt")
    renamed.press("Enter")
    expect(ide.tab("plan.txt")).to_be_visible()
    row.filter(has_text="plan.txt").drag_to(row.filter(has_text="src"))
    expect(page.get_by_title("src/plan.txt").first).to_be_visible()
    ide.expect_text("spring tide")

    upload = tmp_path / "README.md"
    upload.write_text("# Another\n")
    with page.expect_file_chooser() as chooser:
        row.filter(has_text="README.md").click(button="right")
        page.get_by_role("menuitem", name="Upload files…").click()
    chooser.value.set_files(upload)
    page.get_by_role("button", name="Keep both").click()
    expect(row.filter(has_text="README (2).md")).to_be_visible()

    row.filter(has_text="README (2).md").click(button="right")
    page.get_by_role("menuitem", name="Delete…").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(row.filter(has_text="README (2).md")).to_have_count(0)

    with page.expect_download() as archive:
        row.filter(has_text="src").click(button="right")
        page.get_by_role("menuitem", name="Download as zip").click()
    assert archive.value.suggested_filename == "src.zip"


def test_panes_come_back_as_they_were_left(open_browser: OpenBrowser, workspace: Workspace) -> None:
    page = open_browser()
    ide = enter(page, workspace)
    for path in ("README.md", "src/model.py", "src/curve.py"):
        page.keyboard.press("Control+p")
        page.keyboard.type(path)
        page.keyboard.press("Enter")
        expect(ide.tab(path.rpartition("/")[2])).to_be_visible()

    pane = page.get_by_role("tabpanel")
    box = pane.bounding_box()
    assert box
    place = box["x"] + box["width"] - 20, box["y"] + box["height"] / 2

    def shown_where_it_goes() -> bool:
        """What it can be dropped on comes when the drag has begun."""
        page.mouse.move(*place)
        return page.locator("[data-side=right]").is_visible()

    ide.tab("model.py").hover()
    page.mouse.down()
    wait_until(shown_where_it_goes)
    page.mouse.up()
    expect(page.get_by_role("tablist")).to_have_count(2)
    with page.expect_response(lambda response: "/layout" in response.url and response.request.method == "PUT"):
        ide.files.get_by_role("treeitem", name="src").click()

    page.reload()
    ide.expect_connected()
    expect(page.get_by_role("tablist")).to_have_count(2)
    first, second = page.get_by_role("tablist").all()
    expect(first.get_by_role("tab")).to_have_text(["README.md", "curve.py"])
    expect(second.get_by_role("tab")).to_have_text(["model.py"])
    expect(page.locator(".cm-content:visible")).to_have_count(2)


def test_terminals_are_listed_renamed_and_closed(open_browser: OpenBrowser, workspace: Workspace) -> None:
    page, other = open_browser(), open_browser()
    ide, beside = enter(page, workspace), enter(other, workspace)
    # Its keys do nothing while the list of files is on its way.
    expect(ide.files.get_by_role("treeitem", name="src", exact=True)).to_be_visible()
    ide.files.focus()
    ide.files.press("Home")
    ide.files.press("Shift+F10")
    page.get_by_role("menuitem", name="New terminal here").press("Enter")
    terminal = ide.terminal("Terminal 1")
    terminal.run('echo "<${PWD##*/}>"')
    terminal.expect_output("<src>")

    # Another window finds it in the list, and sees who types in it.
    entry = beside.terminals.get_by_role("button", name="Terminal 1, ")
    entry.click()
    beside.terminal("Terminal 1").expect_output("<src>")
    names = Names(entry)
    terminal.input.focus()

    def types_on() -> bool:
        """It is told at most once a second: not for a key soon after the command's, which was not seen there."""
        page.keyboard.type("e")
        return names.had("Terminal 1, Ada Lovelace is typing")

    wait_until(types_on)

    # The keyboard alone: the tab's menu, a new name, the palette, the end.
    ide.tab("Terminal 1").focus()
    page.keyboard.press("Shift+F10")
    page.get_by_role("menuitem", name="Rename…").press("Enter")
    name = page.get_by_role("textbox", name="Name of the terminal")
    name.fill("Server")
    name.press("Enter")
    expect(beside.tab("Server")).to_be_visible()
    beside.show_tab("Server")
    other.keyboard.press("F1")
    other.keyboard.type("close the terminal")
    other.keyboard.press("Enter")
    other.get_by_role("button", name="Close the terminal").click()
    expect(ide.tab("Server")).to_have_count(0)
    ide.expect_notice("Somebody closed “Server”.")
    expect(ide.terminals.get_by_role("listitem")).to_have_count(0)


def test_a_folder_is_uploaded_and_hidden_files_are_shown(
    open_browser: OpenBrowser, workspace: Workspace, tmp_path: Path
) -> None:
    page = open_browser()
    ide = enter(page, workspace)
    row = ide.files.get_by_role("treeitem")
    for path, text in {"charts/sub/deep.txt": "deep", "charts/top.txt": "top", "charts/.gitignore": "*.log\n"}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="More for the files").click()
        page.get_by_role("menuitem", name="Upload a folder…").click()
    said = Statuses(page.locator("body"))
    chooser.value.set_files(tmp_path / "charts")
    said.expect("Uploaded 3 files")
    row.filter(has_text="charts").click()
    row.filter(has_text="sub").click()
    expect(row.filter(has_text="deep.txt")).to_be_visible()

    terminal = ide.open_terminal()
    terminal.run("git init -q . && touch charts/noise.log")
    expect(ide.files.get_by_role("treeitem", name="noise.log, ignored by git")).to_be_visible()
    expect(row.filter(has_text=".gitignore")).to_be_visible()
    git = ide.files.get_by_role("treeitem", name=".git", exact=True)
    expect(git).to_have_count(0)
    page.get_by_role("button", name="More for the files").click()
    page.get_by_role("menuitemcheckbox", name="Show hidden (.git)").click()
    expect(git).to_be_visible()


def test_a_phone_has_a_drawer_and_one_pane(open_browser: OpenBrowser, workspace: Workspace) -> None:
    page = open_browser(viewport={"width": 390, "height": 780})
    ide = enter(page, workspace)
    page.get_by_role("button", name="Show the files").click()
    ide.files.get_by_role("treeitem", name="README.md").click()
    expect(ide.files).to_have_count(0)
    ide.expect_text("# Tides\n")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
