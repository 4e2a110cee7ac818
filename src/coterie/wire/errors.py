"""Errors with three faces: a stable code, a sentence for the person, detail for the log."""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """Stable names of what can go wrong; programs compare these, people read the sentence beside them."""

    INVALID = "invalid"
    SIGNED_OUT = "signed-out"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    TAKEN = "taken"
    CONFLICT = "conflict"
    TOO_BIG = "too-big"
    TOO_FAST = "too-fast"
    NOT_RUNNING = "not-running"
    DISK_FULL = "disk-full"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"
    WRONG_PASSWORD = "wrong-password"  # noqa: S105 the name of an error, not a password
    EXPIRED = "expired"
    GIT_UNREACHABLE = "git-unreachable"
    GIT_PRIVATE = "git-private"
    GIT_FAILED = "git-failed"
    ARCHIVE_UNSAFE = "archive-unsafe"
    ARCHIVE_UNREADABLE = "archive-unreadable"
    MACHINE_FAILED = "machine-failed"
    SANDBOX_MISSING = "sandbox-missing"
    BINARY = "binary"
    OUTSIDE = "outside"
    EXISTS = "exists"
    LIMIT = "limit"

    @property
    def status(self) -> int:
        """The HTTP status this code travels with."""
        return _STATUS.get(self, 400)


_STATUS = {
    ErrorCode.INVALID: 422,
    ErrorCode.SIGNED_OUT: 401,
    ErrorCode.WRONG_PASSWORD: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.TAKEN: 409,
    ErrorCode.CONFLICT: 409,
    ErrorCode.EXISTS: 409,
    ErrorCode.NOT_RUNNING: 409,
    ErrorCode.EXPIRED: 410,
    ErrorCode.TOO_BIG: 413,
    ErrorCode.TOO_FAST: 429,
    ErrorCode.LIMIT: 429,
    ErrorCode.INTERNAL: 500,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.SANDBOX_MISSING: 503,
    ErrorCode.DISK_FULL: 507,
}


class CoterieError(Exception):
    """Something a person should be told.

    `code` is stable, `sentence` says what happened and what to do, `detail` is for the log only and never leaves
    the server.
    """

    def __init__(self, code: ErrorCode, sentence: str, detail: str = "") -> None:
        super().__init__(f"{code}: {sentence}" + (f" ({detail})" if detail else ""))
        self.code = code
        self.sentence = sentence
        self.detail = detail
