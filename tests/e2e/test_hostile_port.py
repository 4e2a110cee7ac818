"""A page behind a web port tries to take what is the hub's, over HTTPS and below the hub's own domain.

That is the closest to the hub that a port can be: one site to browsers, so that `SameSite` cookies travel.
"""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import BROWSER, QUIET
from tests.e2e.people import enter, make_workspace, signed_in
from tests.hub.gate.test_splice import certificate
from tests.support.hub import PASSWORD, Account, RunningHub

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture
def ada() -> Iterator[Account]:
    """The administrator of a hub at https://hub.test, a name that only the test's browser knows."""
    with tempfile.TemporaryDirectory(prefix="cot-") as folder:
        cert, key = certificate(Path(folder))
        hub = RunningHub(Path(folder) / "data", {"COTERIE_TLS_CERT": str(cert), "COTERIE_TLS_KEY": str(key)})
        public = f"https://hub.test:{hub.port}"
        hub.environment["COTERIE_PUBLIC_URL"] = public
        hub.start()
        account = Account(hub, "ada")
        account.http = httpx.Client(
            base_url=f"https://127.0.0.1:{hub.port}",
            headers={"origin": public},
            verify=ssl.create_default_context(cafile=str(cert)),
            timeout=30,
        )
        token = next(line for line in hub.output if "/setup#" in line).split("#")[1].strip()
        person = {"username": "ada", "display_name": "Ada Lovelace", "password": PASSWORD}
        account.post("/setup", {"token": token, **person})
        account.sign_in()
        hub.address = public
        yield account
        hub.close()


def test_a_hostile_page_gets_nothing(browser: Browser, ada: Account) -> None:
    hub = ada.hub.address
    workspace = make_workspace(ada, "hostile")
    program = Path(__file__).with_name("hostile.py").read_bytes()
    ada.http.put(f"/api/v1/workspaces/{workspace}/files/hostile.py", content=program).raise_for_status()
    flags = [*QUIET, "--host-resolver-rules=MAP hub.test 127.0.0.1, MAP *.hub.test 127.0.0.1"]
    flags.append("--ignore-certificate-errors")
    with browser.browser_type.launch(executable_path=BROWSER, args=flags) as careless:
        context = careless.new_context(base_url=hub, ignore_https_errors=True)
        context.set_default_timeout(20_000)
        page = signed_in(context.new_page(), ada)
        before = [(cookie["name"], cookie["value"]) for cookie in context.cookies(hub)]
        assert [name for name, _ in before] == ["__Host-coterie_session"]
        enter(page, workspace).open_terminal().run("python3 hostile.py")
        page.get_by_role("button", name="Port 8066").click()
        with page.expect_popup() as popup:
            page.get_by_role("link", name="Open port 8066").click()
        hostile = popup.value
        expect(hostile.get_by_text("hostile")).to_be_visible()
        assert hostile.url == f"https://8066--{workspace}.hub.test:{ada.hub.port}/"

        found = hostile.evaluate("([hub, workspace]) => steal(hub, workspace)", [hub, workspace])
        assert found.pop("worker") == hostile.url, "its own origin is all that it may stand in front of"
        assert found.pop("cookies") == ""
        assert found.pop("opener") == "null"
        assert found.pop("write blindly").startswith("refused: ")
        assert found.pop("frame") == "null"
        assert found.pop("open") in ("cut off", "refused: SecurityError")
        assert found and all(result.startswith("refused: ") for result in found.values()), found
        assert not [frame.url for frame in hostile.frames if frame.url.startswith(hub)]
        assert [token["name"] for token in ada.get("/me/tokens")] == []

        # What it set has not reached the hub, where she is who she was.
        assert [(name, value) for name, value in before if name.startswith("__Host-")] == [
            (cookie["name"], cookie["value"]) for cookie in context.cookies(hub) if cookie["name"].startswith("__Host-")
        ]
        page.goto("/")
        expect(page.get_by_text("hostile")).to_be_visible()
        assert page.evaluate("navigator.serviceWorker.controller") is None
        assert page.evaluate("fetch('/api/v1/me').then(answer => answer.json())")["username"] == "ada"

        # Nor has anything of the hub's reached the program, whatever path the browser asked for.
        seen = hostile.evaluate("fetch('/seen').then(answer => answer.json())")
        assert len(seen) > 2
        for headers in seen:
            assert "authorization" not in headers
            assert "coterie" not in headers.get("cookie", "").lower()
            assert before[0][1] not in str(headers)
