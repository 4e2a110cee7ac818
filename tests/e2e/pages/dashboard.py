"""The dashboard: the list of workspaces, its dialogs, and the menu of the signed-in person."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

READY_WITHIN = 30_000
"""Milliseconds a workspace may take from being asked for to running, on a busy machine."""


class Row:
    """One workspace in the list."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name
        self.item = page.get_by_role("listitem", name=name, exact=True)
        self.open_link = self.item.get_by_role("link", name=f"Open {name}", exact=True)
        self.start_button = self.item.get_by_role("button", name=f"Start {name}", exact=True)

    def expect_state(self, word: str, timeout: float = READY_WITHIN) -> None:
        """Wait until the row says `word`: Stopped, Starting, Running, Stopping or Failed."""
        expect(self.item.get_by_text(word, exact=True)).to_be_visible(timeout=timeout)

    def choose(self, entry: str) -> None:
        """Take an entry of the row's menu: Stop, Log, Members, Leave…, Delete…."""
        self.item.get_by_role("button", name=f"More for {self.name}", exact=True).click()
        self.page.get_by_role("menuitem", name=entry, exact=True).click()

    def open(self) -> None:
        """Open the workspace, once it runs."""
        self.expect_state("Running")
        self.open_link.click()
        expect(self.page).to_have_url(re.compile(r"/w/[a-z0-9]+$"))

    def start(self) -> None:
        """Start it and wait until it runs."""
        self.start_button.click()
        self.expect_state("Running")

    def stop(self) -> None:
        """Stop it and wait until it has stopped."""
        self.choose("Stop")
        self.expect_state("Stopped")

    def delete(self) -> None:
        """Delete it, typing its name, and wait until it is gone."""
        self.choose("Delete…")
        dialog = self.page.get_by_role("dialog", name=f"Delete {self.name}?", exact=True)
        dialog.get_by_role("textbox").fill(self.name)
        dialog.get_by_role("button", name="Delete workspace").click()
        expect(self.item).to_have_count(0)

    def leave(self) -> None:
        """Leave somebody else's workspace."""
        self.choose("Leave…")
        dialog = self.page.get_by_role("dialog", name=f"Leave {self.name}?", exact=True)
        dialog.get_by_role("button", name="Leave workspace").click()
        expect(self.item).to_have_count(0)

    def add_member(self, username: str) -> None:
        """Let somebody in, and close the dialog again."""
        dialog = self.members()
        dialog.get_by_role("combobox", name="Username").or_(dialog.get_by_role("textbox", name="Username")).fill(
            username
        )
        dialog.get_by_role("button", name="Add", exact=True).click()
        expect(self.person(dialog, username)).to_be_visible()
        self.close(dialog)

    def remove_member(self, username: str, display_name: str) -> None:
        """Take somebody out again, and close the dialog."""
        dialog = self.members()
        dialog.get_by_role("button", name=f"Remove {display_name}", exact=True).click()
        expect(self.person(dialog, username)).to_have_count(0)
        self.close(dialog)

    def members(self) -> Locator:
        """Open the dialog of members."""
        self.choose("Members")
        return self.page.get_by_role("dialog", name=f"Members of {self.name}", exact=True)

    @staticmethod
    def person(dialog: Locator, username: str) -> Locator:
        """Somebody on the list of members."""
        return dialog.get_by_role("list", name="Members").get_by_text(username, exact=True)

    def log(self) -> Locator:
        """Open the log and return its text."""
        self.choose("Log")
        return self.page.get_by_role("dialog", name=f"Log of {self.name}", exact=True).get_by_role("log")

    @staticmethod
    def close(dialog: Locator) -> None:
        """Close a dialog and wait until it is gone."""
        dialog.get_by_role("button", name="Close", exact=True).click()
        expect(dialog).to_have_count(0)


class DashboardPage:
    """All workspaces a person sees."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.heading = page.get_by_role("heading", name="Workspaces", level=1)
        self.mine = page.get_by_role("region", name=re.compile("^Mine"))
        self.shared = page.get_by_role("region", name=re.compile("^Shared with me"))
        self.reconnecting = page.get_by_text("Reconnecting…")

    def open(self) -> DashboardPage:
        """Go there, and wait until the list is known."""
        self.page.goto("/")
        expect(self.heading).to_be_visible()
        return self

    def row(self, name: str) -> Row:
        """The workspace called `name`, which may not be there yet."""
        return Row(self.page, name)

    def create_blank(self, name: str) -> Row:
        """Make an empty workspace; it starts by itself."""
        dialog = self._new("Blank")
        dialog.get_by_role("textbox", name="Name", exact=True).fill(name)
        return self._create(dialog, name)

    def create_from_git(self, url: str, name: str = "", branch: str = "") -> Row:
        """Make one from a git address; without a name it is called as the address suggests."""
        dialog = self._new("Git repository")
        dialog.get_by_role("textbox", name="Repository address").fill(url)
        if branch:
            dialog.get_by_role("textbox", name="Branch").fill(branch)
        return self._named(dialog, name)

    def create_from_archive(self, archive: Path, name: str = "") -> Row:
        """Make one from an archive that is uploaded."""
        dialog = self._new("Archive")
        dialog.get_by_label("Archive").last.set_input_files(archive)
        return self._named(dialog, name)

    def sign_out(self) -> None:
        """Sign out by the person's menu."""
        self.page.get_by_role("button", name=re.compile("^Your menu")).click()
        self.page.get_by_role("menuitem", name="Sign out").click()
        expect(self.page).to_have_url(re.compile("/sign-in"))

    def _new(self, kind: str) -> Locator:
        self.page.get_by_role("button", name="New workspace").click()
        dialog = self.page.get_by_role("dialog", name="New workspace")
        dialog.get_by_role("radiogroup", name="Start from").get_by_text(kind, exact=True).click()
        return dialog

    def _named(self, dialog: Locator, name: str) -> Row:
        field = dialog.get_by_role("textbox", name="Name", exact=True)
        if name:
            field.fill(name)
        return self._create(dialog, field.input_value())

    def _create(self, dialog: Locator, name: str) -> Row:
        dialog.get_by_role("button", name="Create workspace").click()
        row = self.row(name)
        expect(row.item).to_be_visible()
        return row
