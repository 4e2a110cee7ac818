"""What people see when something dies under them: nothing typed is lost, the screen says what goes on, it goes on."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from coterie.hub.machines.places import Places
from coterie.hub.machines.record import Record
from tests.e2e.conftest import OpenBrowser
from tests.e2e.pages.dashboard import DashboardPage
from tests.e2e.pages.ide import IdePage
from tests.e2e.pages.sign_in import SignInPage
from tests.support.hub import PASSWORD, Account, RunningHub

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def ada(hub: RunningHub) -> Account:
    return hub.set_up()


@pytest.fixture(scope="module")
def ben(ada: Account) -> Account:
    return ada.invite("ben", "Ben Ott")


@pytest.fixture
def together(
    hub: RunningHub, ada: Account, ben: Account, open_browser: OpenBrowser
) -> Callable[[str], tuple[Page, Page, str]]:
    """Return a function that makes a workspace which both have open in a browser, with one file in front."""

    def make(name: str) -> tuple[Page, Page, str]:
        pages = []
        identity = ada.post("/workspaces", {"name": name, "source": {"kind": "blank"}})["id"]
        ada.post(f"/workspaces/{identity}/members", {"username": "ben"})
        for account in (ada, ben):
            page = open_browser()
            SignInPage(page).open().sign_in(account.username, PASSWORD)
            DashboardPage(page).row(name).expect_state("Running")
            if account is ada:
                files = f"/api/v1/workspaces/{identity}/files/notes.txt"
                ada.http.put(files, content=b"one\n").raise_for_status()
            DashboardPage(page).row(name).open()
            IdePage(page).open_file("notes.txt")
            pages.append(page)
        return pages[0], pages[1], identity

    return make


def test_killed_workspace_server(hub: RunningHub, together: Callable[[str], tuple[Page, Page, str]]) -> None:
    first, second, identity = together("server")
    a, b = IdePage(first), IdePage(second)
    a.place_cursor("end")
    first.keyboard.type("typed before")
    b.expect_text("one\ntyped before")
    record = Record.read(Places(hub.data / "workspaces")[identity].record)
    assert record
    os.kill(record.named["server"].pid, signal.SIGKILL)
    first.keyboard.type(" and after")
    expect(a.state.or_(a.connection).first).to_contain_text(re.compile("restart|Reconnecting|again", re.IGNORECASE))
    for one in (a, b):
        one.expect_connected()
        one.expect_text("one\ntyped before and after")
    b.place_cursor("end")
    second.keyboard.type("!")
    a.expect_text("one\ntyped before and after!")
    a.expect_saved()


def test_killed_hub(hub: RunningHub, ada: Account, together: Callable[[str], tuple[Page, Page, str]]) -> None:
    first, second, identity = together("hub")
    a, b = IdePage(first), IdePage(second)
    a.place_cursor("end")
    b.place_cursor("start")
    first.keyboard.type("before ")
    hub.kill()
    # Machines and the documents in them go on without the hub.
    first.keyboard.type("during ")
    second.keyboard.type("zero\n")
    hub.start()
    first.keyboard.type("after")
    for one in (a, b):
        one.expect_connected()
        one.expect_text("zero\none\nbefore during after")
    a.expect_saved()
    # The restarted hub knows the workspace and whoever is in it: removing Ben closes his window to it.
    members = ada.get(f"/workspaces/{identity}/members")
    user = next(member["user"]["id"] for member in members if member["user"]["username"] == "ben")
    ada.http.delete(f"/api/v1/workspaces/{identity}/members/{user}").raise_for_status()
    expect(second.get_by_text(re.compile("Access revoked|no longer shared"))).to_be_visible()
