"""The connection itself: greeting, answers, and the people on it."""

from __future__ import annotations

import msgspec

from coterie.wire.capabilities import Capability, Role
from coterie.wire.errors import ErrorCode
from coterie.wire.messages.base import ClientMessage, Record, ServerMessage, needs


class Person(Record):
    """One connection of one person. The page shows one avatar per `user`, however many connections they have."""

    connection: int
    user: str
    username: str
    display_name: str
    colour: int
    role: Role
    here: bool = True
    """False from the moment the connection drops until it is forgotten 15 s later (semantics: Presence)."""
    opened: list[str] = msgspec.field(default_factory=list)
    """Paths and terminals this tab has open."""
    active: str = ""


class Welcome(ServerMessage):
    """First message on every connection."""

    protocol: int
    server: str
    """Identity of this run of the workspace server: another one means it was restarted."""
    connection: int
    workspace: str
    name: str
    capabilities: list[Capability]
    people: list[Person]
    files_root: str = ""
    """The folder of the workspace's files as terminals show it, for links to `file:line`."""


class PeopleChanged(ServerMessage):
    """Who came, changed or went; `gone` holds connection numbers."""

    changed: list[Person]
    gone: list[int]


class Done(ServerMessage):
    """The request with this number was carried out and has nothing more to say."""

    request: int


class Failed(ServerMessage):
    """The request with this number was refused or failed (0: not about one request)."""

    request: int
    code: ErrorCode
    sentence: str


class Notice(ServerMessage):
    """Something everyone should know, in words: "Ada checked out main in Terminal 2, 14 files"."""

    kind: str
    sentence: str
    paths: list[str] = msgspec.field(default_factory=list)


class Pong(ServerMessage):
    """Answer to Ping, with its number."""

    number: int


@needs(Capability.WORKSPACE_OPEN)
class Ping(ClientMessage):
    """Is the connection alive, and how long does a round trip take."""

    number: int


@needs(Capability.PRESENCE_WRITE)
class PresenceUpdate(ClientMessage):
    """What this tab has open, and which of it is active."""

    opened: list[str]
    active: str = ""
