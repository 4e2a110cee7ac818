"""Every page outside workspaces: reached as people reach it, fit for screen readers and phones, in light and dark."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenBrowser
from tests.e2e.pages.account import AccountPage, AdminPage
from tests.e2e.pages.dashboard import DashboardPage
from tests.e2e.pages.setup import JoinPage, SetupPage
from tests.e2e.pages.sign_in import SignInPage
from tests.support.hub import PASSWORD, RunningHub
from tests.support.waiting import wait_until

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
CHECK = """async (options) => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"], ...options });
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id} ${node.target} ${node.failureSummary}`));
}"""
SETTLED = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() =>
    done(document.getAnimations().every((animation) => animation.playState !== "running")))))"""
"""Whether nothing moves, two frames later: what a page does about another scheme or size begins in the next one."""
LOOKED_AT: dict[Literal["light", "dark"], dict[str, Any]] = {
    # Menus and suggestions hang outside of the landmarks, where the library puts them.
    "light": {"rules": {"region": {"enabled": False}}},
    # It has other colours, and nothing else.
    "dark": {"runOnly": ["color-contrast"]},
}
PHONE = 390


def expect_accessible(page: Page) -> None:
    """Check the page as it stands with axe, contrast included, in light and dark, and that it fits a phone."""
    window = page.viewport_size
    assert window
    if not page.evaluate("Boolean(window.axe)"):
        page.add_script_tag(path=AXE)
    for scheme, options in LOOKED_AT.items():
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": PHONE, "height": 844})
        # What is drawn otherwise on a phone may be so only after the next frame.
        page.wait_for_function("width => document.documentElement.scrollWidth <= width", arg=PHONE)
        page.set_viewport_size(window)
        found: list[str] | None = None
        before: list[str] | None = None
        while found is None or (found and found != before):
            # What is fading in looks otherwise the next time; a fault stays. A colour on its way from one scheme to
            # the other has no contrast of its own.
            # Not `wait_for_function`: to that a promise is true.
            wait_until(lambda: page.evaluate(SETTLED))
            found, before = page.evaluate(CHECK, options), found
        assert found == []


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_pages(hub: RunningHub, open_browser: OpenBrowser) -> None:
    # axe is put into the page by force; the pages' own content security policy is in force in every other test.
    ada, ben = open_browser(bypass_csp=True), open_browser(bypass_csp=True)

    SignInPage(ben).open()
    expect(ben.get_by_role("heading", name="Coterie is new here")).to_be_visible()
    setup = SetupPage(ada).open(hub.setup_link)
    expect(setup.submit).to_be_visible()
    expect(ada).to_have_url(re.compile("/setup$"))
    expect_accessible(ada)
    setup.fill("ada", "Ada Lovelace", PASSWORD)
    hers = DashboardPage(ada)
    expect(ada.get_by_role("heading", name="No workspaces yet")).to_be_visible()
    expect_accessible(ada)

    admin = AdminPage(ada).open()
    link = admin.invite("Ben")
    expect(admin.invitations.get_by_text("Ben", exact=True)).to_be_visible()
    expect_accessible(ada)
    join = JoinPage(ben).open(link)
    expect(ben.get_by_text("Ada Lovelace invited you.")).to_be_visible()
    expect_accessible(ben)
    join.fill("ben", "Ben Ott", PASSWORD)
    his = DashboardPage(ben)
    expect(his.heading).to_be_visible()

    row = hers.open().create_blank("loom")
    row.expect_state("Running")
    row.add_member("ben")
    expect(his.shared.get_by_role("listitem", name="loom")).to_be_visible()
    expect_accessible(ada)
    dialog = row.members()
    expect(row.person(dialog, "ben")).to_be_visible()
    expect_accessible(ada)
    row.close(dialog)
    expect(row.log()).to_contain_text("Running after")
    expect_accessible(ada)
    ada.keyboard.press("Escape")
    his.row("loom").leave()

    account = AccountPage(ben).open()
    account.rename("Ben O.")
    secret = account.create_token("Laptop")
    assert secret
    expect_accessible(ben)
    account.revoke_token("Laptop")
    account.change_password(PASSWORD, "another battery staple")
    his.open().sign_out()
    SignInPage(ben).fill("ben", PASSWORD)
    expect(SignInPage(ben).refusal).to_be_visible()
    expect_accessible(ben)
    SignInPage(ben).sign_in("ben", "another battery staple")
    expect(his.heading).to_be_visible()

    # Disabling somebody ends what they have open, at once.
    AdminPage(ada).open().disable("Ben O.")
    expect(ben).to_have_url(re.compile("/sign-in"))
    hers.open().row("loom").delete()
    ada.goto("/nowhere")
    expect(ada.get_by_role("heading", name="Nothing here")).to_be_visible()
    expect_accessible(ada)
