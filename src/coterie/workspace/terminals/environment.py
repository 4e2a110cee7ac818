"""The environment a person's own shell starts with: their name in git, UTF-8, true colour."""

from __future__ import annotations

import sys
from pathlib import Path

from coterie.wire.tickets import Ticket

_UTF8 = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"


def git_identity(ticket: Ticket) -> dict[str, str]:
    """Return the variables that make git act as this person (git-commit(1), "COMMIT INFORMATION")."""
    name = _printable(ticket.display_name) or ticket.username
    email = _printable(ticket.email) or f"{ticket.username}@users.noreply.invalid"
    return {
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": email,
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": email,
    }


def shell_environment(base: dict[str, str], ticket: Ticket) -> dict[str, str]:
    """Return `base` and what a shared terminal adds. A locale that the workspace sets itself is kept."""
    environment = {"LANG": _UTF8, **base, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    environment["SHELL"] = shell(base)
    environment.pop("TERM_PROGRAM", None)
    environment.pop("NO_COLOR", None)
    return environment | git_identity(ticket)


def shell(base: dict[str, str]) -> str:
    """Return the person's shell: `$SHELL` where it is set, else Bash, else sh."""
    if chosen := base.get("SHELL"):
        return chosen
    return next((path for path in ("/bin/bash", "/usr/bin/bash") if Path(path).exists()), "/bin/sh")


def _printable(text: str) -> str:
    # git cuts names at < and >, and a line end in a name would break the commit's header.
    return "".join(c for c in text if c.isprintable() and c not in "<>").strip()
