"""A terminal that two people share: taking over, only watching, a port that appears, scrollback that comes back."""

from __future__ import annotations

import re
import sqlite3

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenBrowser
from tests.e2e.people import enter, make_workspace, signed_in
from tests.support.hub import RunningHub


@pytest.mark.browser
@pytest.mark.timeout(180)
def test_two_people_share_a_terminal(hub: RunningHub, open_browser: OpenBrowser) -> None:
    ada = hub.set_up()
    ben = ada.invite("ben", "Ben Ott")
    workspace = make_workspace(ada, "shared", member="ben")
    hers = signed_in(open_browser(), ada)
    his = signed_in(open_browser(viewport={"width": 820, "height": 420}, color_scheme="dark"), ben)
    a, b = enter(hers, workspace), enter(his, workspace)

    # He watches in a smaller window, which changes nothing for her.
    terminal = a.open_terminal()
    terminal.run('stty size; echo "<$((6 * 7))>"')
    terminal.expect_output("<42>")
    before = next(line for line in terminal.lines() if re.fullmatch(r"\d+ \d+", line))
    b.open_what("Ada", "Terminal 1")
    watched = b.terminal("Terminal 1")
    watched.expect_output("<42>")
    expect(watched.panel.get_by_text(re.compile(r"Ada Lovelace (drives|is typing)"))).to_be_visible()
    terminal.run("stty size")
    terminal.expect_output(before)
    expect(terminal.panel.locator(".xterm-accessibility-tree > *")).to_have_count(int(before.split()[0]))
    expect(watched.panel.locator(".xterm-accessibility-tree > *")).to_have_count(int(before.split()[0]))

    # He takes over by typing: now his size counts, and she sees who types.
    watched.run('stty size; echo "[$((6 * 7))]"')
    for view in (terminal, watched):
        view.expect_output("[42]")
    expect(terminal.panel.get_by_text(re.compile(r"Ben Ott (drives|is typing)"))).to_be_visible()
    sizes = [line for line in watched.lines() if re.fullmatch(r"\d+ \d+", line)]
    assert int(sizes[-1].split()[0]) < int(before.split()[0])

    # A port that she opens appears by itself, and he opens it, on an origin of its own.
    terminal.run("clear; echo hello from the machine > index.html; touch favicon.ico; python3 -m http.server 8047")
    his.get_by_role("button", name="Port 8047").click()
    with his.expect_popup() as popup:
        his.get_by_role("link", name="Open port 8047").click()
    page = popup.value
    expect(page.get_by_text("hello from the machine")).to_be_visible()
    assert page.url == f"http://8047--{workspace}.localhost:{hub.port}/"
    assert "coterie" not in page.evaluate("document.cookie")
    page.close()
    his.keyboard.press("Escape")

    # The owner lets him only watch: he sees it said, and what he types goes nowhere.
    with sqlite3.connect(hub.data / "coterie.db") as database:
        database.execute("UPDATE grants SET role = 'watcher' WHERE workspace_id = ?", (workspace,))
    database.close()
    his.reload()
    b.expect_connected()
    watched = b.terminal("Terminal 1")
    expect(watched.panel.get_by_text("You may only watch")).to_be_visible()
    expect(his.get_by_role("button", name="Port 8047")).to_have_count(0)
    watched.input.focus()
    his.keyboard.press("Control+C")
    his.keyboard.type("echo he should not")
    terminal.input.focus()
    hers.keyboard.press("Control+C")
    terminal.run('clear; echo "($((6 * 7)))"')
    terminal.expect_output("(42)")
    watched.expect_output("(42)")
    assert not any("should not" in line for line in terminal.lines())

    # Its end is said with its code, it can be run again, and a reload brings everything back.
    terminal.run("exit 3")
    expect(his.get_by_role("status").filter(has_text="Ended · exit code 3")).to_be_visible()
    expect(his.get_by_role("button", name="Run again")).to_have_count(0)
    hers.get_by_role("button", name="Run again").click()
    expect(hers.get_by_role("status").filter(has_text="Ended · exit code 3")).to_have_count(0)
    terminal.run('echo "{$((6 * 7))}"')
    terminal.expect_output("{42}")
    hers.reload()
    a.expect_connected()
    a.terminal("Terminal 1").expect_output("{42}")
    ada.http.request("DELETE", f"/api/v1/workspaces/{workspace}", json={"confirm": "shared"})
