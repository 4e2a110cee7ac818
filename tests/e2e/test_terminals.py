"""Terminals in browsers: shared, searched, copied from and pasted into; on phones; their end; ports that appear."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import BROWSER, QUIET, OpenBrowser
from tests.e2e.pages.ide import Statuses, TerminalView
from tests.e2e.people import enter, let_watch_only, make_workspace, signed_in
from tests.support.hub import Account, RunningHub
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

CLIPBOARD = ["clipboard-read", "clipboard-write"]

FLOOD = """clear; echo waiting; until [ -e go ]; do sleep 0.05; done
head -c 5000000 /dev/zero | tr '\\0' x | fold -w 79 | tr '\\n' '\\r'
echo; echo the end; touch out
"""
"""A program that puts out 5 MB once there is a file `go`."""


@dataclass
class Place:
    """The workspace of these tests, its owner and a member."""

    ada: Account
    ben: Account
    workspace: str

    def put(self, path: str, text: str) -> None:
        """Write a file as an upload does."""
        url = f"/api/v1/workspaces/{self.workspace}/files/{path}"
        self.ada.http.put(url, content=text.encode()).raise_for_status()

    def wait_for(self, path: str) -> None:
        """Wait until there is a file."""
        url = f"/api/v1/workspaces/{self.workspace}/files/{path}"
        wait_until(lambda: self.ada.http.get(url).is_success, within=60)


@pytest.fixture(scope="module")
def shared(hub: RunningHub) -> Place:
    ada = hub.set_up()
    ben = ada.invite("ben", "Ben Ott")
    return Place(ada, ben, make_workspace(ada, "shared", member="ben"))


@pytest.fixture
def place(shared: Place) -> Place:
    """The workspace, started anew: without a layout or terminals that run."""
    for account in (shared.ada, shared.ben):
        account.http.put(f"/api/v1/workspaces/{shared.workspace}/layout", json={}).raise_for_status()
    return shared


def paste(terminal: TerminalView, text: str) -> None:
    """Paste as a browser does when it is asked to, whichever keys or menus it has for that."""
    terminal.input.evaluate(
        """(element, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""",
        text,
    )


def size(terminal: TerminalView) -> tuple[int, int]:
    """Rows and columns, as programs see them and this page shows them."""
    terminal.run("clear; stty size")
    told = terminal.rows.filter(has_text=re.compile(r"^\d+\s\d+\s*$"))
    rows, columns = told.first.inner_text().split()
    expect(terminal.rows).to_have_count(int(rows))
    return int(rows), int(columns)


def cell(terminal: TerminalView, columns: int, text: str, column: int = 0) -> tuple[float, float]:
    """Where on the page a character of the last line that begins with `text` is drawn."""
    terminal.expect_output(text)
    lines = terminal.lines()
    row = max(at for at, line in enumerate(lines) if line.startswith(text))
    box = terminal.panel.locator(".xterm-screen").bounding_box()
    assert box
    return box["x"] + (column + 0.5) * box["width"] / columns, box["y"] + (row + 0.5) * box["height"] / len(lines)


def click_link(terminal: TerminalView, columns: int, text: str, column: int) -> None:
    """Point at a link until it is one, and click it."""
    x, y = cell(terminal, columns, text, column)
    terminal.page.mouse.move(x, y + 40)
    terminal.page.mouse.move(x, y, steps=4)
    expect(terminal.panel.locator(".xterm-cursor-pointer")).to_have_count(1)
    terminal.page.mouse.click(x, y)


def choose(terminal: TerminalView, *names: str) -> None:
    """Choose entries of a terminal's menu, which stays open in between."""
    page = terminal.page
    page.get_by_role("button", name=f"Menu of {terminal.name}", exact=True).click()
    for name in names:
        page.get_by_role("menu").get_by_text(name, exact=True).click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)


def test_two_people_share_a_terminal(hub: RunningHub, place: Place, open_browser: OpenBrowser) -> None:
    ada, ben, workspace = place.ada, place.ben, place.workspace
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
    terminal.run('echo "still $(stty size)"')
    terminal.expect_output(f"still {before}")
    expect(terminal.panel.locator(".xterm-accessibility-tree > *")).to_have_count(int(before.split()[0]))
    expect(watched.panel.locator(".xterm-accessibility-tree > *")).to_have_count(int(before.split()[0]))

    # Her rows do not all fit into his window: he is shown those where the cursor is.
    terminal.run('clear; seq 100; echo "<$((7 * 7))>"')
    watched.expect_output("<49>")
    expect(watched.panel.locator(".xterm-accessibility-tree > *").filter(has_text="<49>")).to_be_in_viewport()

    # He takes over by typing: now his size counts, and she sees who types.
    watched.run('stty size; echo "[$((6 * 7))]"')
    for view in (terminal, watched):
        view.expect_output("[42]")
    expect(terminal.panel.get_by_text(re.compile(r"Ben Ott (drives|is typing)"))).to_be_visible()
    sizes = [line for line in watched.lines() if re.fullmatch(r"\d+ \d+", line)]
    assert int(sizes[-1].split()[0]) < int(before.split()[0])

    # A port that she opens appears by itself, and he opens it, on an origin of its own.
    terminal.run("clear; echo hello from the machine > index.html; touch favicon.ico; python3 -m http.server 8047")
    told = his.get_by_text("listens on port 8047")
    expect(told).to_be_visible()
    his.get_by_role("button", name="Port 8047").click()
    expect(told).to_have_count(0)
    expect(his.get_by_role("button", name="Share port 8047")).to_be_visible()
    with his.expect_popup() as popup:
        his.get_by_role("link", name="Open port 8047").click()
    page = popup.value
    expect(page.get_by_text("hello from the machine")).to_be_visible()
    assert page.url == f"http://8047--{workspace}.localhost:{hub.port}/"
    assert "coterie" not in page.evaluate("document.cookie")
    assert page.evaluate("window.opener") is None
    page.close()
    his.keyboard.press("Escape")
    terminal.input.focus()
    hers.keyboard.press("Control+C")
    terminal.expect_output("Keyboard interrupt received")
    for one in (hers, his):
        expect(one.get_by_role("button", name="Port 8047")).to_have_count(0)
        expect(one.get_by_text("listens on port 8047")).to_have_count(0)

    # The owner lets him only watch: what he tries goes nowhere, and everything that he cannot do says why.
    let_watch_only(hub, workspace)
    his.reload()
    b.expect_connected()
    watched = b.terminal("Terminal 1")
    expect(watched.panel.get_by_text("You may only watch")).to_be_visible()
    why = "You may only watch here"
    reminder = watched.panel.get_by_role("status").filter(has_text=why)
    watched.input.focus()
    said = Statuses(watched.panel)
    his.keyboard.press("Control+C")
    his.keyboard.type("echo he should not")
    said.expect(why)
    expect(reminder).to_have_count(0)
    said = Statuses(watched.panel)
    paste(watched, "he should not either\n")
    said.expect(why)
    his.set_viewport_size({"width": 780, "height": 400})
    for button, disabled in {
        "Menu of Terminal 1": ["Interrupt the program", "Terminate what runs here", "Kill everything in this terminal"],
        "Actions for Terminal 1": ["Rename…", "Close the terminal…"],
    }.items():
        his.get_by_role("button", name=button).click()
        expect(his.get_by_role("menu")).to_contain_text(why)
        for name in disabled:
            expect(his.get_by_role("menuitem", name=name)).to_be_disabled()
        his.keyboard.press("Escape")
        expect(his.get_by_role("menu")).to_have_count(0)
    terminal.run('clear; echo "($((6 * 7)))"')
    terminal.expect_output("(42)")
    watched.expect_output("(42)")
    assert not any("should not" in line for line in terminal.lines())

    # Its end is said with its code, it can be run again, and a reload brings everything back.
    terminal.run("exit 3")
    expect(his.get_by_role("status").filter(has_text="Ended · exit code 3")).to_be_visible()
    again = his.get_by_role("button", name="Run again")
    again.hover()
    expect(his.get_by_role("tooltip")).to_contain_text(why)
    expect(again).to_have_accessible_description(re.compile(why))
    expect(again).to_be_visible()
    hers.get_by_role("button", name="Run again").click()
    expect(hers.get_by_role("status").filter(has_text="Ended · exit code 3")).to_have_count(0)
    terminal.run('echo "{$((6 * 7))}"')
    terminal.expect_output("{42}")
    hers.reload()
    a.expect_connected()
    a.terminal("Terminal 1").expect_output("{42}")

    # Her own second window is told from other people's.
    second = enter(hers.context.new_page(), workspace)
    other = second.terminal("Terminal 1")
    other.run('echo "|$((6 * 7))|"')
    expect(terminal.panel.get_by_text(re.compile("You, in another window"))).to_be_visible()
    expect(other.panel.get_by_text("in another window")).to_have_count(0)

    # The workspace stops: what was on the screen is kept, with what still ran.
    other.run("tail -f index.html")
    other.expect_output("hello from the machine")
    ada.post(f"/workspaces/{workspace}/stop")
    ada.until(workspace, "stopped")
    ada.post(f"/workspaces/{workspace}/start")
    ada.until(workspace, "running")
    a.expect_connected()
    bar = hers.get_by_role("status").filter(has_text="Ended · the workspace was stopped")
    expect(bar).to_contain_text("Still running then: tail -f index.html")
    TerminalView(hers, "Terminal 1 ended").expect_output("|42|")


def test_whoever_is_too_slow_is_told_how_much_was_left_out(place: Place, open_browser: OpenBrowser) -> None:
    page = open_browser()
    # What the page says leaves it when the test lets it, as on a line that takes nothing for a while; but for pings:
    # without an answer to them it would connect again.
    page.add_init_script(
        """const send = WebSocket.prototype.send;
        let held = null;
        WebSocket.prototype.send = function (data) {
            const ping = new TextDecoder().decode(data).includes("Ping");
            held && !ping ? held.push([this, data]) : send.call(this, data);
        };
        window.hold = () => { held = []; };
        window.letGo = () => {
            const all = held;
            held = null;
            for (const [socket, data] of all) send.call(socket, data);
        };"""
    )
    place.put("flood.sh", FLOOD)
    terminal = enter(signed_in(page, place.ada), place.workspace).open_terminal()
    terminal.run("sh flood.sh")
    terminal.expect_output("waiting")
    page.evaluate("hold()")
    place.put("go", "")
    place.wait_for("out")
    told = terminal.rows.filter(has_text="of output left out, faster than this connection")
    expect(told).to_have_count(0)
    expect(terminal.rows.filter(has_text="the end")).to_have_count(0)
    page.evaluate("letGo()")
    terminal.expect_output("the end")
    expect(told).to_have_text(re.compile(r"[34]\.\d MB"))


def test_searched_copied_pasted_and_linked(hub: RunningHub, place: Place, open_browser: OpenBrowser) -> None:
    place.put("src/app.py", "".join(f"line = {n}\n" for n in range(1, 60)))
    page = signed_in(open_browser(permissions=CLIPBOARD), place.ada)
    ide = enter(page, place.workspace)
    terminal = ide.open_terminal()
    _, columns = size(terminal)

    # Searched by keyboard through what has left the screen.
    terminal.run('clear; for i in $(seq 1 400); do echo "needle $i"; done; echo "<$((6 * 7))>"')
    terminal.expect_output("<42>")
    page.keyboard.press("Control+Shift+F")
    search = page.get_by_role("search")
    field = search.get_by_role("textbox", name="Search in this terminal")
    expect(field).to_be_focused()
    page.keyboard.type("needle 4")
    expect(search).to_contain_text("12/12")
    page.keyboard.press("Enter")
    expect(search).to_contain_text("11/12")
    page.keyboard.press("Shift+Enter")
    expect(search).to_contain_text("12/12")
    for _ in range(11):
        search.get_by_role("button", name="Previous match").click()
    expect(search).to_contain_text(re.compile(r"(?<!\d)1/12"))
    terminal.expect_output("needle 4")
    search.get_by_role("button", name="Next match").click()
    expect(search).to_contain_text("2/12")
    field.fill("no such thing")
    expect(search).to_contain_text("None")
    field.press("Escape")
    expect(search).to_have_count(0)
    expect(terminal.input).to_be_focused()

    # Copied without the spaces that end lines.
    terminal.run("clear; printf 'alpha   \\n  beta   \\nend\\n'")
    page.mouse.move(*cell(terminal, columns, "alpha"))
    page.mouse.down()
    page.mouse.move(*cell(terminal, columns, "end", 40), steps=5)
    page.mouse.up()
    page.keyboard.press("Control+Shift+C")
    wait_for_clipboard(page, "alpha\n  beta\nend")
    expect(terminal.input).to_be_focused()

    # One line is pasted as it is; of several it is asked, and said what they do in this program.
    paste(terminal, "echo one line")
    page.keyboard.press("Enter")
    terminal.expect_output("one line")
    question = page.get_by_role("dialog")
    terminal.run("clear; printf 'rea%s\\n' dy; cat")
    terminal.expect_output("ready")
    paste(terminal, "first\nsecond\n\x1b[201~third")
    expect(question).to_contain_text("takes each line end for the Enter key")
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_have_count(0)
    paste(terminal, "first\nsecond\n\x1b[201~third")
    question.get_by_role("button", name="Paste").click()
    # Typed, and put out by cat, maybe behind the last line: that is not ended, so cat has not got it yet.
    expect(terminal.rows.filter(has_text="second")).to_have_count(2)
    terminal.expect_output("[201~third")
    page.keyboard.press("Control+C")
    terminal.expect_prompt()
    # Another word than before: the last one may still stand there when this is looked for.
    terminal.run("clear; printf '\\033[?2004hread%s\\n' ing; cat -v")
    terminal.expect_output("reading")
    paste(terminal, "first\nsecond")
    expect(question).to_contain_text("is told that this is pasted text")
    question.get_by_label("Do not ask again in this browser").check()
    question.get_by_role("button", name="Paste").click()
    page.keyboard.press("Enter")
    expect(terminal.rows.filter(has_text="second^[[201~")).to_have_count(2)
    paste(terminal, "third\nfourth")
    page.keyboard.press("Enter")
    terminal.expect_output("^[[200~third")
    terminal.expect_output("fourth^[[201~")
    page.keyboard.press("Control+C")
    terminal.expect_prompt()

    # Places in files open the editor there, addresses a tab of their own.
    terminal.run("clear; cd src; echo; echo app.py:12:3: wrong")
    click_link(terminal, columns, "app.py:12", 2)
    ide.expect_place(12, 3)
    ide.show_tab(terminal.name)
    terminal.run(f"clear; echo; echo see {hub.address}/")
    with page.context.expect_page() as opened:
        click_link(terminal, columns, "see", 10)
    opened.value.wait_for_url(f"{hub.address}/")
    assert opened.value.evaluate("window.opener") is None
    opened.value.close()


def wait_for_clipboard(page: Page, text: str) -> None:
    # Not `wait_for_function`: to that a promise is true.
    wait_until(lambda: page.evaluate("navigator.clipboard.readText()") == text)


def test_what_programs_may_do_to_who_drives_them(place: Place, open_browser: OpenBrowser) -> None:
    page = signed_in(open_browser(permissions=CLIPBOARD), place.ada)
    ide = enter(page, place.workspace)
    terminal = ide.open_terminal()
    page.evaluate("navigator.clipboard.writeText('mine')")

    # The clipboard is this person's until they say otherwise, and is never told to a program.
    fill = "printf '\\033]52;c;%s\\a' \"$(printf {} | base64)\""
    terminal.run(fill.format("theirs"))
    notice = ide.notices.filter(has_text="wanted to put text into your clipboard")
    expect(notice).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "mine"
    notice.get_by_role("button", name="Allow from now on").click()
    terminal.run(fill.format("granted"))
    wait_for_clipboard(page, "granted")
    # The answer to another question, asked after it, is the first that comes: ESC [ 0 n.
    terminal.run("clear; printf '\\033]52;c;?\\a\\033[5n'; read -rsd n answer; echo \"<${#answer}>\"")
    terminal.expect_output("<3>")
    choose(terminal, "Let programs fill my clipboard")
    terminal.run(fill.format("again") + '; echo "<$((6 * 7))>"')
    terminal.expect_output("<42>")
    assert page.evaluate("navigator.clipboard.readText()") == "granted"

    # A bell is seen, a title is shown without what it hides.
    bell = """element => { window.rung = new Promise(heard =>
        new MutationObserver(() => element.dataset.bell && heard(true)).observe(element, { attributes: true })) }"""
    pane = page.locator("[data-terminal]").filter(visible=True)
    pane.evaluate(bell)
    terminal.run("printf '\\a'")
    assert page.evaluate("window.rung")

    # Letters of another size are another number of rows; without screen-reader mode there is no text to read.
    rows, _ = size(terminal)
    choose(terminal, *["Larger letters"] * 4)
    terminal.run(f'while [ "$(stty size | cut -d " " -f 1)" -ge {rows} ]; do sleep 0.1; done; clear; echo "<fewer>"')
    terminal.expect_output("<fewer>")
    expect(terminal.rows).not_to_have_count(rows)
    choose(terminal, "Screen reader mode")
    expect(terminal.panel.locator(".xterm-accessibility-tree")).to_have_count(0)
    choose(terminal, "Screen reader mode")
    terminal.run('echo "<$((7 * 7))>"')
    terminal.expect_output("<49>")


def test_drawn_by_webgl_until_the_browser_takes_it_away(browser: Browser, hub: RunningHub, place: Place) -> None:
    """This machine draws WebGL in software, which pages take for none: they are told otherwise."""
    flags = [*QUIET, "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
    with browser.browser_type.launch(executable_path=BROWSER, args=flags) as fast:
        context = fast.new_context(base_url=hub.address)
        context.set_default_timeout(20_000)
        context.add_init_script(
            """const context = HTMLCanvasElement.prototype.getContext;
            HTMLCanvasElement.prototype.getContext = function (kind, options) {
                const given = context.call(this, kind, { ...options, failIfMajorPerformanceCaveat: false });
                if (kind === "webgl2" && this.isConnected) window.drawn = given;
                return given;
            };"""
        )
        page = signed_in(context.new_page(), place.ada)
        terminal = enter(page, place.workspace).open_terminal()
        elements = terminal.panel.locator(".xterm-rows")
        page.wait_for_function("() => document.querySelector('.xterm-screen canvas')")
        expect(elements).to_have_count(0)
        terminal.run('echo "<$((6 * 7))>"')
        page.evaluate(
            """[...document.querySelectorAll(".xterm-screen canvas")]
                .map(canvas => canvas.getContext("webgl2"))
                .find(Boolean).getExtension("WEBGL_lose_context").loseContext()"""
        )
        expect(elements).to_contain_text("<42>")


def test_a_phone_has_the_keys_that_its_keyboard_lacks(place: Place, open_browser: OpenBrowser) -> None:
    page = signed_in(open_browser(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True), place.ada)
    terminal = enter(page, place.workspace).open_terminal()
    keys = page.get_by_role("toolbar", name="Keys")

    def tap(*names: str) -> None:
        for name in names:
            keys.get_by_role("button", name=name, exact=True).tap()

    terminal.run("clear; printf 'rea%s\\n' dy; cat -v")
    terminal.expect_output("ready")
    tap("Left", "Escape", "Tab", "Ctrl", "Right", "|", "Alt")
    page.keyboard.type("x")
    page.keyboard.press("Enter")
    terminal.expect_output("^[[D^[")
    expect(terminal.panel).to_contain_text("^[[1;5C|^[x")
    tap("Ctrl")
    expect(keys.get_by_role("button", name="Ctrl")).to_have_attribute("aria-pressed", "true")
    page.keyboard.type("c")
    expect(keys.get_by_role("button", name="Ctrl")).to_have_attribute("aria-pressed", "false")
    terminal.expect_prompt()
    terminal.run('echo "<$((6 * 7))>"')
    terminal.expect_output("<42>")
    expect(terminal.input).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
