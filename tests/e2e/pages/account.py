"""The account page, and the administration of people and invitations."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


class AccountPage:
    """The person's own profile, password and tokens."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.profile = page.get_by_role("form", name="Profile")
        self.password = page.get_by_role("form", name="Password")
        self.tokens = page.get_by_role("list", name="Your tokens")

    def open(self) -> AccountPage:
        """Go there."""
        self.page.goto("/account")
        return self

    def rename(self, name: str) -> None:
        """Change the name that others see."""
        self.profile.get_by_role("textbox", name="Name", exact=True).fill(name)
        self.profile.get_by_role("button", name="Save").click()
        expect(self.profile.get_by_text("Saved")).to_be_visible()

    def change_password(self, current: str, new: str) -> None:
        """Change the password, which ends every other login."""
        self.password.get_by_role("textbox", name="Current password", exact=True).fill(current)
        self.password.get_by_role("textbox", name="New password", exact=True).fill(new)
        self.password.get_by_role("textbox", name="New password again", exact=True).fill(new)
        self.password.get_by_role("button", name="Change password").click()
        expect(self.password.get_by_text("Changed.")).to_be_visible()

    def create_token(self, name: str) -> str:
        """Make an access token and return its secret."""
        self.page.get_by_role("textbox", name="What it is for").fill(name)
        self.page.get_by_role("button", name="Create token").click()
        return self.page.get_by_role("textbox", name=f"Token {name}").input_value()

    def revoke_token(self, name: str) -> None:
        """Revoke a token: asked once more, and gone."""
        self.page.get_by_role("button", name=f"Revoke {name}", exact=True).click()
        self.page.get_by_role("button", name=f"Really revoke? {name}", exact=True).click()
        expect(self.page.get_by_role("button", name=f"Revoke {name}", exact=True)).to_have_count(0)

    def sign_out_everywhere(self) -> None:
        """End every login of this person."""
        self.page.get_by_role("button", name="Sign out everywhere").click()
        self.page.get_by_role("button", name="Yes, sign out everywhere").click()
        expect(self.page).to_have_url(re.compile("/sign-in"))


class AdminPage:
    """What administrators look after."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.people = page.get_by_role("list", name="People")
        self.invitations = page.get_by_role("list", name="Open invitations")

    def open(self) -> AdminPage:
        """Go there."""
        self.page.goto("/admin")
        return self

    def invite(self, note: str = "") -> str:
        """Make an invitation and return its link."""
        self.page.get_by_role("textbox", name="For whom").fill(note)
        self.page.get_by_role("button", name="Create link").click()
        return self.page.get_by_role("textbox", name="Invitation link").input_value()

    def disable(self, display_name: str) -> None:
        """Disable somebody's account."""
        person = self.people.get_by_role("listitem", name=display_name, exact=True)
        person.get_by_role("button", name=f"More for {display_name}", exact=True).click()
        self.page.get_by_role("menuitem", name="Disable the account…").click()
        self.page.get_by_role("button", name="Disable account", exact=True).click()
        expect(person.get_by_text("Disabled", exact=True)).to_be_visible()
