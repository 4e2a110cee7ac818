"""Why a WebSocket was closed: a stable code and the sentence the page shows."""

from __future__ import annotations

from enum import IntEnum


class Closing(IntEnum):
    """Close codes of the workspace socket (RFC 6455 leaves 4000–4999 to applications)."""

    MALFORMED = 4400
    SIGNED_OUT = 4401
    FORBIDDEN = 4403
    NOT_FOUND = 4404
    NOT_RUNNING = 4409
    TOO_BIG = 4413
    TOO_FAST = 4429
    RELOAD = 4426
    REVOKED = 4430
    ACCESS_CHANGED = 4431
    STOPPING = 4432
    FELL_BEHIND = 4433
    UNREACHABLE = 4502

    @property
    def sentence(self) -> str:
        """What happened and what to do, for the person."""
        return _SENTENCES[self]

    @property
    def final(self) -> bool:
        """Whether reconnecting by itself is pointless until the person does something."""
        return self in _FINAL


_SENTENCES = {
    Closing.MALFORMED: "This page sent something the workspace could not read. Reload the page.",
    Closing.SIGNED_OUT: "You are signed out. Sign in to go on.",
    Closing.FORBIDDEN: "You may not open this workspace. Ask its owner to share it with you.",
    Closing.NOT_FOUND: "There is no such workspace, or it is not shared with you.",
    Closing.NOT_RUNNING: "The workspace is not running. Start it to go on.",
    Closing.TOO_BIG: "This page sent more at once than the workspace accepts.",
    Closing.TOO_FAST: "This page sent too much in too short a time. It reconnects by itself.",
    Closing.RELOAD: "Coterie was updated. Reload the page to go on.",
    Closing.REVOKED: "Access revoked: this workspace is no longer shared with you.",
    Closing.ACCESS_CHANGED: "What you may do here has changed. The page reconnects by itself.",
    Closing.STOPPING: "The workspace is stopping.",
    Closing.FELL_BEHIND: "The connection was too slow to keep up. It reconnects by itself.",
    Closing.UNREACHABLE: "The workspace does not answer. The page tries again by itself.",
}
_FINAL = frozenset(
    {
        Closing.MALFORMED,
        Closing.SIGNED_OUT,
        Closing.FORBIDDEN,
        Closing.NOT_FOUND,
        Closing.NOT_RUNNING,
        Closing.RELOAD,
        Closing.REVOKED,
        Closing.STOPPING,
    }
)
if set(_SENTENCES) != set(Closing):
    raise RuntimeError("a close code has no sentence")
