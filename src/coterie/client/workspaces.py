"""The client's part about workspaces: their life, their members, their ports, and what happens to them."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from urllib.parse import quote

import msgspec

from coterie.client.connection import Connection, pieces
from coterie.client.types import BlankSource, Event, GitSource, Layout, Member, PortAddress, Workspace

_SILENCE = 60.0
"""Seconds without a word after which the stream of events is taken for dead; the hub sends something every 15."""


class Workspaces(Connection):
    """Workspaces; each is named by its identifier."""

    def workspaces(self) -> list[Workspace]:
        """Every workspace the caller sees, newest first."""
        return self._ask(list[Workspace], "GET", "/workspaces")

    def workspace(self, workspace: str) -> Workspace:
        return self._ask(Workspace, "GET", f"/workspaces/{quote(workspace)}")

    def create(self, name: str, source: BlankSource | GitSource | None = None) -> Workspace:
        """Make a workspace, which begins to start at once."""
        body = {"name": name, "source": msgspec.to_builtins(source or BlankSource())}
        return self._ask(Workspace, "POST", "/workspaces", json=body)

    def create_from_archive(self, name: str, archive: Path) -> Workspace:
        """Make a workspace of the files in an archive, which is sent in pieces."""
        parameters = {"name": name, "filename": archive.name}
        # The answer comes when all is unpacked.
        answer = self._upload("POST", "/workspaces/from-archive", pieces(archive), params=parameters)
        return self._decode(Workspace, answer)

    def start(self, workspace: str) -> Workspace:
        return self._ask(Workspace, "POST", f"/workspaces/{quote(workspace)}/start")

    def stop(self, workspace: str) -> Workspace:
        return self._ask(Workspace, "POST", f"/workspaces/{quote(workspace)}/stop")

    def delete(self, workspace: str, confirm: str) -> None:
        """Delete a workspace with everything in it. `confirm` is its name."""
        self._send("DELETE", f"/workspaces/{quote(workspace)}", json={"confirm": confirm})

    def log(self, workspace: str, after: int = 0) -> tuple[str, int]:
        """The workspace's log from byte `after` on, and where to go on from."""
        answer = self._send("GET", f"/workspaces/{quote(workspace)}/log", params={"after": after})
        return answer.text, int(answer.headers.get("coterie-log-end", after + len(answer.content)))

    def address(self, workspace: str) -> str:
        """The page of a workspace."""
        return f"{self.url}/w/{quote(workspace)}"

    def events(self) -> Generator[Event, None, None]:
        """What changes, as it changes, from a snapshot on; ends when the hub does.

        Close it (`contextlib.closing`) when you leave it early: it holds a connection.
        """
        with self._stream("/events", silence=_SILENCE, headers={"Accept": "text/event-stream"}) as answer:
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    yield msgspec.json.decode(line[5:], type=Event)

    # --- members ---

    def members(self, workspace: str) -> list[Member]:
        return self._ask(list[Member], "GET", f"/workspaces/{quote(workspace)}/members")

    def add_member(self, workspace: str, username: str) -> Member:
        return self._ask(Member, "POST", f"/workspaces/{quote(workspace)}/members", json={"username": username})

    def remove_member(self, workspace: str, user: str) -> None:
        """Take the workspace away from the person with this identifier, and close what they have open."""
        self._send("DELETE", f"/workspaces/{quote(workspace)}/members/{quote(user)}")

    def leave(self, workspace: str) -> None:
        """Give up one's own membership; an owner cannot."""
        self._send("POST", f"/workspaces/{quote(workspace)}/leave")

    # --- what is in them ---

    def layout(self, workspace: str) -> Layout | None:
        """How the caller's panes are arranged in the web app; None as long as nothing is kept."""
        answer = self._send("GET", f"/workspaces/{quote(workspace)}/layout")
        kept: Layout | None = self._decode(Layout | None, answer)  # type: ignore[arg-type]
        return kept

    def keep_layout(self, workspace: str, layout: Layout) -> None:
        """Keep how the caller's panes are arranged."""
        self._send("PUT", f"/workspaces/{quote(workspace)}/layout", json=layout)

    def port_address(self, workspace: str, port: int) -> PortAddress:
        """Where a web port of the workspace is, to be given to others."""
        return self._ask(PortAddress, "GET", f"/workspaces/{quote(workspace)}/ports/{port}")

    def open_port(self, workspace: str, port: int, to: str = "/") -> str:
        """An address that leads to `to` on a web port as the caller: good once, and not to be given to others."""
        answer = self._send("GET", f"/workspaces/{quote(workspace)}/ports/{port}/open", params={"to": to})
        return str(answer.headers["location"])
