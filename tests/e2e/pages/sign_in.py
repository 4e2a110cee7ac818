"""The sign-in page."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect


class SignInPage:
    """Signing in with username and password."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.username = page.get_by_role("textbox", name="Username", exact=True)
        self.password = page.get_by_role("textbox", name="Password", exact=True)
        self.submit = page.get_by_role("button", name="Sign in", exact=True)

    @property
    def refusal(self) -> Locator:
        """The sentence that says why it did not work."""
        return self.page.get_by_role("alert")

    def open(self) -> SignInPage:
        """Go there."""
        self.page.goto("/sign-in")
        return self

    def fill(self, username: str, password: str) -> None:
        """Enter both and send them."""
        self.username.fill(username)
        self.password.fill(password)
        self.submit.click()

    def sign_in(self, username: str, password: str) -> None:
        """Sign in and wait until another page is shown."""
        self.fill(username, password)
        expect(self.page).not_to_have_url(re.compile("/sign-in"))
