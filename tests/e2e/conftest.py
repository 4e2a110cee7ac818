"""A real hub with the sandbox driver, and browsers for several people."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.e2e.pages.ide import NOTICES, SCREEN_READER, WITHIN
from tests.support.hub import RunningHub

BROWSER = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

LAYOUT_WRITES = """{
    const fetched = window.fetch;
    window.layoutWrites = [];
    window.fetch = (address, options) => {
        if (options?.method !== "PUT" || !String(address).endsWith("/layout")) return fetched(address, options);
        if (window.layoutEnds) return Promise.reject(new Error("the test is over"));
        const written = fetched(address, options);
        layoutWrites.push(written.catch(() => {}));
        return written;
    };
}"""
LAYOUT_WRITTEN = "() => { window.layoutEnds = true; return Promise.all(window.layoutWrites ?? []); }"
"""No page writes its layout when its test is over: it might arrive in the next one, which begins with another."""

expect.set_options(timeout=1_000 * WITHIN)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of one file.

    Not for the whole run, as the plugin has it: Playwright's synchronous interface keeps an event loop running in this
    thread while it lives, and asynchronous tests that the same worker runs afterwards need one of their own.
    """
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=BROWSER, args=QUIET)
        yield started
        started.close()


@pytest.fixture(scope="module")
def hub() -> Iterator[RunningHub]:
    """A hub over fresh data. Git may reach this machine's loopback, where the tests' git server listens."""
    # Unix socket paths are at most 107 bytes: a short folder of our own instead of pytest's.
    with tempfile.TemporaryDirectory(prefix="cot-") as folder:
        running = RunningHub(Path(folder), {"COTERIE_GIT_ALLOW_LOCAL": "true"}).start()
        yield running
        running.close()


OpenBrowser = Callable[..., Page]


@pytest.fixture
def open_browser(browser: Browser, hub: RunningHub) -> Iterator[OpenBrowser]:
    """Return a function that opens a fresh browser profile, as one person's computer is.

    At the end no page may have logged an error or asked another origin for anything.
    """
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def look(page: Page) -> None:
        def heard(message: ConsoleMessage) -> None:
            # A page that asks who is signed in, or that the tests cut off, is told so in the console too; so is one
            # that asks for the branch, or keeps its layout, when its workspace has just been stopped or taken away.
            expected = ("WebSocket", "ERR_", "401 (Unauthorized)")
            late = message.location["url"].endswith(("/.git/HEAD", "/layout")) and "Failed to load" in message.text
            if message.type == "error" and not late and not any(part in message.text for part in expected):
                problems.append(f"console: {message.text}")

        page.on("console", heard)
        page.on("pageerror", lambda error: problems.append(f"page error: {error}"))
        page.on(
            "request",
            lambda request: (
                problems.append(f"foreign request: {request.url}")
                if request.url.startswith("http") and not request.url.startswith(hub.address)
                else None
            ),
        )

    def open_one(**options: Any) -> Page:
        context = browser.new_context(base_url=hub.address, **{"viewport": {"width": 1280, "height": 800}, **options})
        context.set_default_timeout(1_000 * WITHIN)
        contexts.append(context)
        context.add_init_script(SCREEN_READER)
        context.add_init_script(NOTICES)
        context.add_init_script(LAYOUT_WRITES)
        context.on("page", look)
        return context.new_page()

    yield open_one
    for context in contexts:
        for page in context.pages:
            page.evaluate(LAYOUT_WRITTEN)
        context.close()
    assert not problems, json.dumps(problems, indent=1)
