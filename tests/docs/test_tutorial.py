"""Walks through the tutorial: every command in it, in order, with the steps in the browser taken over the API."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pycrdt import Doc, Text

from coterie.wire.messages import ServerMessage
from coterie.wire.messages.connection import PeopleChanged
from coterie.wire.messages.documents import DocumentEdit, DocumentOpen, DocumentSaved, DocumentUpdate
from tests.support.git_server import GitServer
from tests.support.hub import PASSWORD, Account, RunningHub

TUTORIAL = Path(__file__).parent.parent.parent / "docs" / "tutorial" / "edit-together.md"
ADDRESS = "http://127.0.0.1:8000"
REPOSITORY = "https://example.org/people/calc.git"


class Reader:
    """Somebody who does what the tutorial says, step by step."""

    def __init__(self, hub: RunningHub, repository: str, home: Path) -> None:
        self.hub = hub
        self.repository = repository
        self.home = home
        self.steps = re.split(r"^## ", TUTORIAL.read_text(), flags=re.MULTILINE)[1:]

    def step(self, title: str) -> list[str]:
        """The commands of the next step, which has to have this title."""
        step = self.steps.pop(0)
        heading, _, text = step.partition("\n")
        assert heading == title
        return [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]

    def type(self, command: str, answer: str = "") -> str:
        """Run a command as printed, but for where the hub and the repository are."""
        command = command.replace(ADDRESS, self.hub.address).replace(REPOSITORY, self.repository)
        environment = {
            **os.environ,
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": "",
            "COTERIE_DATA": str(self.hub.data),
            "COTERIE_PUBLIC_URL": self.hub.address,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        done = subprocess.run(
            ["bash", "-c", command], input=answer, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture
def reader() -> Iterator[Reader]:
    with tempfile.TemporaryDirectory(prefix="coterie-") as folder:
        place = Path(folder)
        (place / "git").mkdir()
        hub = RunningHub(place / "data", {"COTERIE_GIT_ALLOW_LOCAL": "1"})
        with GitServer(place / "git") as server:
            server.add("calc", {"calc.py": "def add(a, b):\n    return a + b\n"})
            yield Reader(hub, server.url("calc"), place)
        hub.close()


@pytest.mark.sandbox
@pytest.mark.timeout(400)
def test_the_tutorial(reader: Reader) -> None:
    hub = reader.hub
    assert reader.step("1. Start") == ["make run"]
    hub.start()
    printed = "".join(hub.output)
    for line in re.findall(r"^    (\S.*)$", TUTORIAL.read_text(), re.MULTILINE):
        assert line.replace(ADDRESS, hub.address).removesuffix("…") in printed

    assert reader.step("2. Become the administrator") == []
    ada = hub.set_up("ada")

    login = reader.step("3. Make a workspace")
    assert login.pop(0).startswith("export PATH=")
    reader.type(login.pop(0), PASSWORD + "\n")
    made = reader.type(login.pop(0))
    assert made.startswith("calc is running: ") and not login

    [invite] = reader.step("4. Let somebody in")
    token = reader.type(invite).strip().partition("#")[2]
    grace = Account(hub, "grace")
    grace.post("/register", {"token": token, "username": "grace", "display_name": "Grace", "password": PASSWORD})
    assert grace.get("/workspaces") == []
    workspace = ada.get("/workspaces")[0]["id"]
    ada.post(f"/workspaces/{workspace}/members", {"username": "grace"})
    assert [w["id"] for w in grace.get("/workspaces")] == [workspace]

    [opening] = reader.step("5. Edit together")
    assert reader.type(opening).strip() == f"{hub.address}/w/{workspace}"
    asyncio.run(meet(ada, grace, workspace))

    stop, start, logs = reader.step("6. Stop, and come back")
    assert reader.type(stop) == "calc is stopped.\n"
    assert reader.type(start).startswith("calc is running: ")
    assert "Cloned" in reader.type(logs)

    listing, delete = reader.step("7. Clean up")
    assert "calc" in reader.type(listing)
    reader.type(delete)
    assert ada.get("/workspaces") == []
    assert reader.steps == []


async def meet(ada: Account, grace: Account, workspace: str) -> None:
    """Both open the workspace, see each other there, and type in one file at once."""
    first = await ada.open(workspace)
    assert [person.username for person in first.welcome.people] == ["ada"]
    second = await grace.open(workspace)
    assert {person.username for person in second.welcome.people} == {"ada", "grace"}
    await first.wait(PeopleChanged, lambda message: any(p.display_name == "Grace" for p in message.changed))

    texts = []
    for socket in (first, second):
        opened = await socket.succeed(DocumentOpen(0, "calc.py"))
        text = Text()
        document: Doc[Text] = Doc({"text": text})
        document.apply_update(opened.update)
        socket.on_message = receiver(document)
        texts.append((socket, opened.document, document, text))
    for (socket, number, document, text), line in zip(texts, ("# Ada was here\n", "# Grace was here\n"), strict=True):
        before = document.get_state()
        text.insert(0, line)
        socket.send(DocumentEdit(number, 1, document.get_update(before)))
    first_text, second_text = (text for *_, text in texts)
    await first.until(lambda: "Grace was" in str(first_text))
    await second.until(lambda: "Ada was" in str(second_text))
    assert str(first_text) == str(second_text)
    await first.wait(DocumentSaved, lambda message: message.saved)
    first.close()
    second.close()


def receiver(document: Doc[Text]) -> Callable[[ServerMessage], None]:
    def received(message: ServerMessage) -> None:
        if isinstance(message, DocumentUpdate):
            document.apply_update(message.update)

    return received
