"""What terminals are at, so that a change of files can be given the name of the terminal it was made in.

Nothing tells which process changed a file. What is known is who took a line when, which programs ran in which terminal
as the change was noticed, and which of them had ended a moment later. A terminal is named only when that points to one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

RECENT = 5.0
"""Seconds before a change within which a line was entered for the change to be that line's."""

PROMPT = 0.25
"""Seconds by which the prompt after a command may seem to be older than the command's changes."""

_CHANGES_FILES = re.compile(
    r"am|apply|bisect|checkout(-index)?|cherry-pick|clean|merge|mv|pull|read-tree|rebase|reset|restore|revert|rm"
    r"|sparse-checkout|stash|submodule|switch|worktree"
)
"""git's commands that change files: one that shows a log in another terminal did not check anything out."""

_STARTS_ANOTHER = re.compile(r"(python|node|ruby|perl|bash|sh|zsh|dash|env|sudo|npm|npx|pnpm|yarn|uvx?|poetry)[\d.]*")
"""Programs that are known by what they run."""


_TICK = 0.02
"""Seconds by which a process may have begun later than the kernel says, or a file have been changed."""


@dataclass(frozen=True)
class Job:
    """A program that a terminal's shell began, with all that it began itself."""

    number: int
    """The process's."""
    command: str
    began: float
    """In the event loop's seconds."""


@dataclass(frozen=True)
class Work:
    """What a terminal is at. Times in the event loop's seconds."""

    terminal: int
    name: str
    person: str
    """Whose name git gives to what is done in it."""
    entered: float
    """When somebody last pressed Enter in it; 0: never."""
    heard: float
    """When it last wrote anything: at the latest, the prompt after a command that has ended."""
    commands: tuple[str, ...] = ()
    """Command lines of the programs in it, other than the shell, oldest first."""
    jobs: tuple[Job, ...] = ()


def whose(first: Sequence[Work], last: Sequence[Work], since: float, *, git_as: str | None = None) -> Work | None:
    """Return the one terminal that files were changed in, from `since` on; None when none fits best alone.

    `first` is what the terminals were at when the change was noticed, each perhaps several times, `last` what they are
    at now that it is over. `git_as` is whom git names, where git did it; empty where it names nobody.
    """
    before: dict[int, tuple[str, ...]] = {}
    for seen in first:
        before[seen.terminal] = tuple(dict.fromkeys((*before.get(seen.terminal, ()), *seen.commands)))

    def fits(one: Work) -> int:
        then = before.get(one.terminal, ())
        commands = {*then, *one.commands}
        if git_as is not None and any(_git_changes(command) for command in commands):
            return 3
        entered = one.entered > since - RECENT and one.heard > since - PROMPT
        ended = not set(then) <= set(one.commands)
        return 2 if entered or ended else 1 if commands else 0

    found = sorted((one for one in last if not git_as or _named(one.person) == _named(git_as)), key=fits, reverse=True)
    if not found or not fits(found[0]) or (len(found) > 1 and fits(found[1]) == fits(found[0])):
        return None
    return found[0]


def at_it(work: Work, since: float, *, git: bool) -> bool:
    """Whether the terminal that files were changed in since then goes on with what changed them."""
    if git:
        return any(_git_changes(command) for command in work.commands)
    return bool(work.commands) and work.entered > since - RECENT


def culprit(seen: Sequence[Work], since: float) -> str:
    """Return the program that changed files in a terminal, which was `seen` after that; empty when that is not sure.

    It is when one job alone was there, and had begun before the first change that is known, at `since`: what comes
    after it in the same line, or waits in the background, may be all that is seen of a line that is done already.
    """
    jobs = [job for one in seen for job in one.jobs]
    if len({job.number for job in jobs}) != 1:
        return ""
    # An answer that comes late makes a program look younger than it is, none makes it look older.
    return program(jobs[-1].command) if min(job.began for job in jobs) < since - _TICK else ""


def program(command: str) -> str:
    """Return the name that people know a command by, empty for none."""
    words = command.split()
    return _program(words) if words else ""


def _named(person: str) -> str:
    """A name without what git leaves out at its ends."""
    return person.strip(" .,:;<>\"\\'")


def _git_changes(command: str) -> bool:
    words = command.split()
    return bool(words) and _base(words[0]) == "git" and any(map(_CHANGES_FILES.fullmatch, words[1:]))


def _program(words: list[str]) -> str:
    name = _base(words[0])
    if _STARTS_ANOTHER.fullmatch(name):
        for word in words[1:]:
            if not word.startswith("-") and "=" not in word and word not in ("exec", "run"):
                return re.sub(r"\.[cm]?js$", "", _base(word))
    return name


def _base(word: str) -> str:
    return word.rpartition("/")[2]
