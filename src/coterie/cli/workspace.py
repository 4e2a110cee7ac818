"""`coterie workspace …`: a person's workspaces from the command line."""

from __future__ import annotations

import queue
import sys
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from coterie.cli import account
from coterie.cli.output import Progress, as_json, complain, plain, say, table
from coterie.client import Client
from coterie.client.types import BlankSource, GitSource, GoneEvent, SnapshotEvent, Workspace, WorkspaceEvent
from coterie.wire.errors import CoterieError, ErrorCode

app = typer.Typer(help="List, create, start, stop, delete and open workspaces.", no_args_is_help=True)

Which = Annotated[str, typer.Argument(help="Name or identifier of the workspace.", show_default=False)]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is done, saying how far it is.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")]

_LOG_EVERY = 0.5
"""Seconds between two looks at a log that is followed while no event says that there is more."""


@app.command("list")
def list_(json: Json = False) -> None:
    """List the workspaces you own and those shared with you."""
    with account.client() as client:
        found = client.workspaces()
    if json:
        as_json(found)
        return
    rows = [[w.name, w.state, w.owner.username, w.role, w.id, w.reason or w.progress] for w in found]
    table(["NAME", "STATE", "OWNER", "ROLE", "ID", ""], rows)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Name of the new workspace.", show_default=False)],
    git: Annotated[str, typer.Option(metavar="URL", help="Clone this repository into it.")] = "",
    branch: Annotated[str, typer.Option(help="Branch to clone instead of the repository's own.")] = "",
    archive: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Unpack this archive into it: zip, or tar, also compressed.",
        ),
    ] = None,
    wait: Wait = False,
    json: Json = False,
) -> None:
    """Create a workspace and start it: empty, from a git repository, or from an archive."""
    if git and archive:
        raise typer.BadParameter("give --git or --archive, not both")
    if branch and not git:
        raise typer.BadParameter("--branch goes with --git")
    with account.client() as client:
        if archive:
            made = client.create_from_archive(name, archive)
        else:
            made = client.create(name, GitSource(git, branch) if git else BlankSource())
        _finish(client, made, "running", wait, json)


@app.command()
def start(workspace: Which, wait: Wait = False, json: Json = False) -> None:
    """Start a workspace."""
    with account.client() as client:
        _finish(client, client.start(find(client, workspace).id), "running", wait, json)


@app.command()
def stop(workspace: Which, wait: Wait = False, json: Json = False) -> None:
    """Stop a workspace; everything in it is saved, processes end."""
    with account.client() as client:
        _finish(client, client.stop(find(client, workspace).id), "stopped", wait, json)


@app.command()
def delete(
    workspace: Which,
    confirm: Annotated[str, typer.Option(metavar="NAME", help="The workspace's name, instead of being asked.")] = "",
) -> None:
    """Delete a workspace with all its files, for everyone, for good."""
    with account.client() as client:
        found = find(client, workspace)
        if not confirm:
            say(f"This deletes {found.name} with all its files, for everyone. It cannot be undone.")
            confirm = str(typer.prompt("Type its name to go on", default="", show_default=False))
        if confirm != found.name:
            complain("That is not its name. Nothing was deleted.")
            raise typer.Exit(1)
        client.delete(found.id, confirm)
    say(f"Deleted {found.name}.")


@app.command("open")
def open_(
    workspace: Which,
    browser: Annotated[
        bool, typer.Option("--browser/--print", help="Open a browser, or only print the address.")
    ] = True,
) -> None:
    """Open a workspace in the browser; prints its address too."""
    with account.client() as client:
        address = client.address(find(client, workspace).id)
    say(address)
    if browser and sys.stdout.isatty():
        webbrowser.open(address)


@app.command()
def logs(
    workspace: Which,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the workspace is deleted or Ctrl-C.")
    ] = False,
) -> None:
    """Print what happened while a workspace was started and stopped."""
    with account.client() as client:
        found = find(client, workspace)
        after = _print_log(client, found.id, 0)
        if follow:
            _follow_log(client, found.id, after)


def find(client: Client, which: str) -> Workspace:
    """Return the workspace with this identifier or name; among equal names, one's own. Raises CoterieError."""
    everything = client.workspaces()
    matching = [w for w in everything if w.id == which] or [w for w in everything if w.name == which]
    if len(matching) > 1:
        matching = [w for w in matching if w.role == "owner"] or matching
    if not matching:
        raise CoterieError(
            ErrorCode.NOT_FOUND, f"You have no workspace {which!r}. `coterie workspace list` shows them."
        )
    if len(matching) > 1:
        ids = ", ".join(f"{w.id} ({w.owner.username})" for w in matching)
        raise CoterieError(ErrorCode.CONFLICT, f"Several workspaces are called {which!r}. Give the identifier: {ids}.")
    return matching[0]


def _finish(client: Client, workspace: Workspace, wanted: str, wait: bool, json: bool) -> None:
    if wait:
        workspace = wait_for(client, workspace, Progress())
    if json:
        as_json(workspace)
    elif not wait:
        say(f"{workspace.name} is {workspace.state}: {client.address(workspace.id)}")
    elif workspace.state == wanted:
        say(f"{workspace.name} is {wanted}" + (f": {client.address(workspace.id)}" if wanted == "running" else "."))
    if wait and workspace.state != wanted:
        more = f"`coterie workspace logs {workspace.id}` says more."
        raise CoterieError(
            ErrorCode.MACHINE_FAILED, f"{workspace.name} is {workspace.state}. {workspace.reason} {more}"
        )


def wait_for(client: Client, workspace: Workspace, told: Callable[[str], None]) -> Workspace:
    """Return the workspace once nothing is being done to it any more. Raises CoterieError when it is deleted."""
    gone = CoterieError(ErrorCode.NOT_FOUND, f"{workspace.name} was deleted.")
    while not workspace.settled:
        # The stream begins with everything as it is, so that nothing is missed when it breaks and begins anew.
        for event in client.events():
            seen = []
            if isinstance(event, SnapshotEvent):
                seen = [w for w in event.workspaces if w.id == workspace.id]
                if not seen:
                    raise gone
            elif isinstance(event, WorkspaceEvent) and event.workspace.id == workspace.id:
                seen = [event.workspace]
            elif isinstance(event, GoneEvent) and event.id == workspace.id:
                raise gone
            if seen:
                workspace = seen[0]
                told(workspace.progress)
                if workspace.settled:
                    break
    return workspace


def _print_log(client: Client, workspace: str, after: int) -> int:
    while True:
        text, next_ = client.log(workspace, after)
        sys.stdout.write(plain(text))
        sys.stdout.flush()
        if next_ == after or not text:
            return next_
        after = next_


def _follow_log(client: Client, workspace: str, after: int) -> None:
    """Print more whenever an event says that something happened, and in between as a clone goes on."""
    happened: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def listen() -> None:
        """Put True for each change, False when the workspace or the hub is gone."""
        try:
            with account.client() as other:
                for event in other.events():
                    if isinstance(event, GoneEvent) and event.id == workspace:
                        break
                    happened.put(True)
        except CoterieError:
            pass
        happened.put(False)

    threading.Thread(target=listen, daemon=True).start()
    going = True
    while going:
        try:
            going = happened.get(timeout=_LOG_EVERY)
        except queue.Empty:
            going = True
        if going:
            after = _print_log(client, workspace, after)
