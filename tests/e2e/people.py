"""Bringing people into a workspace without walking through the pages before it, which have tests of their own."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

from playwright.sync_api import Page

from tests.e2e.pages.ide import IdePage
from tests.support.hub import Account, RunningHub


def signed_in(page: Page, account: Account) -> Page:
    """Give a browser an account's login."""
    cookies = [{"name": c.name, "value": c.value or "", "url": account.hub.address} for c in account.http.cookies.jar]
    page.context.add_cookies(cookies)  # type: ignore[arg-type]
    return page


def make_workspace(owner: Account, name: str, *, source: dict[str, Any] | None = None, member: str = "") -> str:
    """Make a workspace that runs, with a member if one is named; return its identifier."""
    identity = str(owner.post("/workspaces", {"name": name, "source": source or {"kind": "blank"}})["id"])
    if member:
        owner.post(f"/workspaces/{identity}/members", {"username": member})
    owner.until(identity, "running")
    return identity


def enter(page: Page, identity: str) -> IdePage:
    """Open a workspace and wait until it is reached."""
    page.goto(f"/w/{identity}")
    ide = IdePage(page)
    ide.expect_connected()
    return ide


def let_watch_only(hub: RunningHub, workspace: str) -> None:
    """Make all members of a workspace watchers, which no page offers: it counts from their next connection on."""
    with contextlib.closing(sqlite3.connect(hub.data / "coterie.db", timeout=60)) as database, database:
        database.execute("UPDATE grants SET role = 'watcher' WHERE workspace_id = ?", (workspace,))
