"""The pages on which accounts are made: the first administrator's, and those of people who were invited."""

from __future__ import annotations

from playwright.sync_api import Page


class AccountForm:
    """Username, name and password of somebody new."""

    def __init__(self, page: Page, action: str) -> None:
        self.page = page
        self.form = page.get_by_role("form", name=action, exact=True)
        self.username = self.form.get_by_role("textbox", name="Username", exact=True)
        self.name = self.form.get_by_role("textbox", name="Name", exact=True)
        self.password = self.form.get_by_role("textbox", name="Password", exact=True)
        self.repeated = self.form.get_by_role("textbox", name="Password again", exact=True)
        self.submit = self.form.get_by_role("button", name=action, exact=True)

    def fill(self, username: str, name: str, password: str) -> None:
        """Enter everything and send it."""
        self.username.fill(username)
        self.name.fill(name)
        self.password.fill(password)
        self.repeated.fill(password)
        self.submit.click()


class SetupPage(AccountForm):
    """Becoming the first administrator, by the printed one-time link; ends on the dashboard."""

    def __init__(self, page: Page) -> None:
        super().__init__(page, "Create administrator")

    def open(self, link: str) -> SetupPage:
        """Go to the printed link."""
        self.page.goto(link)
        return self


class JoinPage(AccountForm):
    """Making an account by an invitation's link; ends on the dashboard."""

    def __init__(self, page: Page) -> None:
        super().__init__(page, "Create account")

    def open(self, link: str) -> JoinPage:
        """Go to the link."""
        self.page.goto(link)
        return self
