"""What people see when something dies under them: nothing typed is lost, the screen says what goes on, it goes on."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from coterie.hub.machines.places import Places
from coterie.hub.machines.record import Record
from tests.e2e.conftest import OpenBrowser
from tests.e2e.pages.ide import IdePage, Names
from tests.e2e.people import enter, make_workspace, signed_in
from tests.support.hub import Account, RunningHub

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def ada(hub: RunningHub) -> Account:
    return hub.set_up()


@pytest.fixture(scope="module")
def ben(ada: Account) -> Account:
    return ada.invite("ben", "Ben Ott")


@pytest.fixture
def together(ada: Account, ben: Account, open_browser: OpenBrowser) -> Callable[[str], tuple[IdePage, IdePage, str]]:
    """Return a function that makes a workspace which both have open in a browser, with one file in front."""

    def make(name: str) -> tuple[IdePage, IdePage, str]:
        identity = make_workspace(ada, name, member="ben")
        files = f"/api/v1/workspaces/{identity}/files/notes.txt"
        ada.http.put(files, content=b"one\n").raise_for_status()
        a, b = (enter(signed_in(open_browser(), account), identity) for account in (ada, ben))
        for ide in (a, b):
            ide.open_file("notes.txt")
            ide.expect_text("one\n")
        return a, b, identity

    return make


def test_killed_workspace_server(hub: RunningHub, together: Callable[[str], tuple[IdePage, IdePage, str]]) -> None:
    a, b, identity = together("server")
    a.place_cursor("end")
    a.page.keyboard.type("typed before")
    b.expect_text("one\ntyped before")
    record = Record.read(Places(hub.data / "workspaces")[identity].record)
    assert record
    said = Names(a.connection)
    os.kill(record.named["server"].pid, signal.SIGKILL)
    a.page.keyboard.type(" and after")
    said.expect("Reconnecting|failed|starting")
    for one in (a, b):
        one.expect_connected()
        one.expect_text("one\ntyped before and after")
    b.place_cursor("end")
    b.page.keyboard.type("!")
    a.expect_text("one\ntyped before and after!")
    a.expect_saved()


def test_killed_hub(hub: RunningHub, ada: Account, together: Callable[[str], tuple[IdePage, IdePage, str]]) -> None:
    a, b, identity = together("hub")
    a.place_cursor("end")
    b.place_cursor("start")
    a.page.keyboard.type("before ")
    hub.kill()
    # Machines and the documents in them go on without the hub.
    a.page.keyboard.type("during ")
    b.page.keyboard.type("zero\n")
    hub.start()
    a.page.keyboard.type("after")
    for one in (a, b):
        one.expect_connected()
        one.expect_text("zero\none\nbefore during after")
    a.expect_saved()
    # The restarted hub knows the workspace and whoever is in it: removing Ben closes his window to it.
    members = ada.get(f"/workspaces/{identity}/members")
    user = next(member["user"]["id"] for member in members if member["user"]["username"] == "ben")
    ada.http.delete(f"/api/v1/workspaces/{identity}/members/{user}").raise_for_status()
    expect(b.page.get_by_text(re.compile("Access revoked|no longer shared"))).to_be_visible()
