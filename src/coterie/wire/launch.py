"""What a driver tells a workspace server when it starts it."""

from __future__ import annotations

import msgspec

HANDOFF_SOCKET = "handoff.sock"
"""SOCK_SEQPACKET in the run directory: each message is a request head with the client's socket attached."""

HTTP_SOCKET = "http.sock"
"""SOCK_STREAM in the run directory: HTTP and spliced WebSockets, each request with a ticket."""


TERMINAL_KEEP = 2 << 20
"""Bytes of each terminal's last output that are kept where nobody chose otherwise."""


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration of one workspace server: JSON on its standard input. Paths are as the server sees them."""

    workspace: str
    name: str
    files: str
    """Directory of the workspace's files: what the file tree shows and terminals start in."""
    home: str
    """The user's home directory in the machine."""
    state: str
    """Private directory of the workspace server; no user process can see it."""
    run: str
    """Directory in which the server makes its sockets."""
    hub_key: bytes
    """Raw Ed25519 public key (32 bytes) that tickets are signed with."""
    spawn_fd: int = -1
    """Inherited SOCK_SEQPACKET socket to the machine's init, or -1: spawn processes directly (process driver)."""
    ready_fd: int = -1
    """Inherited pipe: write one byte and close it once both sockets accept; -1: nobody waits."""
    shown_files: str = ""
    """`files` as user processes see it, where that differs; empty: the same."""
    environment: dict[str, str] = msgspec.field(default_factory=dict)
    """Variables for user processes, in addition to what the machine itself sets."""
    terminal_keep: int = TERMINAL_KEEP
    """Bytes of each terminal's last output that are kept."""
