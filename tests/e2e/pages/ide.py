"""An open workspace: files, editors, terminals, people and the status bar, by the names that a screen reader says."""

from __future__ import annotations

import re
import time
from typing import Literal

from playwright.sync_api import JSHandle, Locator, Page, expect

SCREEN_READER = """try { localStorage.setItem("coterie-terminal", '{"screenReader": true}') } catch {}"""
"""Terminals draw on a canvas; with the screen-reader setting on, the same text can be read, by tests too."""

NOTICES = """window.noticed = [];
new MutationObserver(changes => {
    for (const node of changes.flatMap(({ addedNodes }) => [...addedNodes]))
        if (node.parentElement?.closest(".mantine-Notifications-root")) noticed.push(node.textContent);
}).observe(document, { childList: true, subtree: true })"""
"""Notices go by themselves after some seconds: what they said is kept, for whoever looks later on a busy machine."""

_NAMES = """element => {
    const names = [];
    const attributeFilter = ["aria-label"];
    new MutationObserver(() => names.push(element.ariaLabel)).observe(element, { attributeFilter });
    return names;
}"""

_STATUSES = """element => {
    const said = [];
    const look = () => said.push(...[...element.querySelectorAll("[role=status]")].map(status => status.textContent));
    new MutationObserver(look).observe(element, { childList: true, subtree: true, characterData: true });
    return said;
}"""

_NAMED = "([names, part]) => names.some(name => new RegExp(part).test(name))"

_TEXT = r"""element => [...element.querySelectorAll(".cm-line")].map(line => {
    const own = line.cloneNode(true);
    own.querySelectorAll("[aria-hidden]").forEach(other => other.remove());
    return own.textContent;
}).join("\n")"""
"""The text of an editor without the names at other people's cursors."""

WITHIN = 20.0
"""Seconds in which what is expected has to happen, on a busy machine too."""


class Names:
    """What an element is called from now on, also what it is called for a moment only."""

    def __init__(self, element: Locator) -> None:
        self._page = element.page
        self._names: JSHandle = element.evaluate_handle(_NAMES)

    def expect(self, part: str) -> None:
        """Wait until it was called something with `part`, a regular expression, in it."""
        self._page.wait_for_function(_NAMED, arg=[self._names, part])

    def had(self, part: str) -> bool:
        """Whether it was called something with `part` in it until now."""
        return bool(self._page.evaluate(_NAMED, [self._names, part]))


class Statuses:
    """What the statuses in an element say from now on, also what goes by itself before anybody looks."""

    def __init__(self, element: Locator) -> None:
        self._page = element.page
        self._said: JSHandle = element.evaluate_handle(_STATUSES)

    def expect(self, part: str) -> None:
        """Wait until one of them said `part`."""
        self._page.wait_for_function("([said, part]) => said.some(text => text.includes(part))", arg=[self._said, part])


class TerminalView:
    """A terminal that is shown."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name
        self.panel = page.get_by_role("tabpanel", name=name, exact=True)
        self.input = self.panel.get_by_role("textbox", name="Terminal input")
        self.rows = self.panel.locator(".xterm-accessibility-tree > *")

    def run(self, command: str) -> None:
        """Type a command and press Enter."""
        self.input.focus()
        self.page.keyboard.type(command)
        self.page.keyboard.press("Enter")

    def lines(self) -> list[str]:
        """What stands on the screen, top to bottom."""
        return [text.replace("\u00a0", " ").rstrip() for text in self.rows.all_inner_texts()]

    def expect_output(self, text: str) -> None:
        """Wait until a line on the screen begins with `text`."""
        begins = re.compile("^" + re.escape(text).replace("\\ ", "[ \u00a0]"))
        expect(self.rows.filter(has_text=begins).first).to_be_attached()

    def expect_prompt(self) -> None:
        """Wait until the shell has the terminal again: a program that is interrupted may take with it what is typed."""
        expect(self.rows.filter(has_text=re.compile(r"\S")).last).to_have_text(re.compile(r"\$\s*$"))


class HistoryView:
    """The earlier versions of the file in front."""

    def __init__(self, page: Page) -> None:
        self.region = page.get_by_role("region", name="History of this file")
        self.versions = self.region.get_by_role("list", name="Versions").get_by_role("button")

    def choose(self, place: int) -> None:
        """Choose a version, counted from the newest, or with -1 the oldest."""
        self.versions.first.wait_for()
        self.versions.nth(place).click()

    def expect_before(self, line: str) -> None:
        """Wait until the chosen version, on the left, has a line."""
        left = self.region.get_by_role("textbox", name="The chosen version")
        expect(left.get_by_text(line, exact=True)).to_be_visible()

    def restore(self) -> None:
        """Make the chosen version the text again."""
        self.region.get_by_role("button", name="Restore this version").click()
        expect(self.region).to_have_count(0)


class IdePage:
    """One person's view of an open workspace."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.people = page.get_by_role("group", name=re.compile("^People here"))
        self.files = page.get_by_role("tree", name="Files")
        self.terminals = page.get_by_role("region", name="Terminals")
        self.connection = page.get_by_role("status", name=re.compile("^Connection:"))
        self.saving = page.get_by_role("status", name=re.compile("^Saving:"))
        self.notices = page.get_by_role("alert").filter(has=page.get_by_role("button", name="Close this notice"))
        self.state = page.get_by_role("region", name="State of the workspace")

    def expect_here(self, *names: str) -> None:
        """Wait until exactly these people's avatars are shown."""
        expect(self.people).to_have_accessible_name(f"People here: {len(names)}")
        for name in names:
            expect(self.people.get_by_role("button", name=re.compile(f"^{name}"))).to_be_visible()

    def expect_notice(self, text: str | re.Pattern[str]) -> None:
        """Wait until a notice said this; it may be gone again."""
        pattern = text.pattern if isinstance(text, re.Pattern) else re.escape(text)
        self.page.wait_for_function("pattern => noticed.some(text => new RegExp(pattern).test(text))", arg=pattern)

    def noticed(self) -> list[str]:
        """What the notices said until now."""
        return list(self.page.evaluate("noticed"))

    def expect_connected(self) -> None:
        """Wait until the workspace is reached."""
        expect(self.connection).to_have_accessible_name(re.compile("^Connection: Connected"), timeout=30_000)

    def expect_saved(self) -> None:
        """Wait until everything typed is on disk."""
        expect(self.saving).to_have_accessible_name(re.compile("Saved|same text"))

    def expect_same_text(self) -> None:
        """Wait until the workspace has compared this page's text with its own."""
        expect(self.saving).to_have_accessible_name(re.compile("everyone has the same text"), timeout=30_000)

    def open_file(self, path: str) -> None:
        """Open a file in the root of the tree and wait until it can be typed into."""
        self.files.get_by_role("treeitem", name=path, exact=True).dblclick()
        expect(self.tab(path)).to_have_attribute("aria-selected", "true")
        expect(self.editor).to_be_visible()

    def tab(self, name: str) -> Locator:
        """The tab of a file or terminal."""
        return self.page.get_by_role("tab", name=re.compile(f"^{re.escape(name)}"))

    def show_tab(self, name: str) -> None:
        """Bring a tab to the front."""
        self.tab(name).click()
        expect(self.tab(name)).to_have_attribute("aria-selected", "true")

    @property
    def editor(self) -> Locator:
        """The text of the editor in front."""
        return self.page.locator(".cm-content:visible")

    def place_cursor(self, where: Literal["start", "end"]) -> None:
        """Click into the editor and go to the start or end of the text."""
        self.editor.click()
        self.page.keyboard.press("Control+Home" if where == "start" else "Control+End")

    def press(self, character: str) -> None:
        """Press the key of one character."""
        self.page.keyboard.press("Enter" if character == "\n" else character)

    def press_keys(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def expect_place(self, line: int, column: int) -> None:
        """Wait until the cursor stands there."""
        foot = self.page.get_by_label("Place in the file").filter(visible=True)
        expect(foot).to_contain_text(f"Line {line}, column {column}")

    def open_history(self) -> HistoryView:
        """Open the earlier versions of the file in front."""
        self.page.get_by_role("button", name="History").filter(visible=True).click()
        return self.history()

    def history(self) -> HistoryView:
        """The earlier versions of the file in front, where they are shown."""
        return HistoryView(self.page)

    def text(self) -> str:
        """The text of the editor in front (all of it is drawn while it is short)."""
        return str(self.editor.evaluate(_TEXT))

    def expect_text(self, text: str) -> None:
        """Wait until the editor shows exactly this."""
        until = time.monotonic() + WITHIN
        while self.text() != text and time.monotonic() < until:
            self.page.wait_for_timeout(50)
        shown = self.text()
        assert shown == text, shown

    def expect_cursor(self, name: str) -> None:
        """Wait until somebody's cursor stands in the text, with their name."""
        expect(self.page.locator(".cm-editor:visible").get_by_text(name, exact=True)).to_be_attached()

    def open_terminal(self) -> TerminalView:
        """Open a new terminal and wait until it can be typed into."""
        self.page.get_by_role("button", name="New terminal").first.click()
        # Its tab may be called otherwise until the list of terminals has come, with which its menu comes.
        menu = self.page.get_by_role("button", name=re.compile("^Menu of "))
        return self.terminal(str(menu.get_attribute("aria-label")).removeprefix("Menu of "))

    def open_what(self, person: str, name: str) -> None:
        """Open what somebody has open, by the menu of their avatar."""
        self.people.get_by_role("button", name=re.compile(f"^{person}")).click()
        self.page.get_by_role("menuitem").filter(has_text=re.compile(re.escape(name))).click()

    def rename_terminal(self, name: str, to: str) -> None:
        """Give a terminal another name, by the menu of its tab."""
        self.tab(name).click(button="right")
        self.page.get_by_role("menuitem", name="Rename…").click()
        self.page.get_by_role("textbox", name="Name of the terminal").fill(to)
        self.page.get_by_role("button", name="Rename", exact=True).click()
        expect(self.tab(to)).to_be_visible()

    def terminal(self, name: str) -> TerminalView:
        """A terminal that is shown, once it can be typed into."""
        terminal = TerminalView(self.page, name)
        terminal.input.wait_for(state="attached")
        return terminal

    def expect_stopped(self) -> None:
        """Wait until the page says that the workspace has stopped."""
        expect(self.state.get_by_role("status")).to_contain_text(re.compile("stopped", re.IGNORECASE))
