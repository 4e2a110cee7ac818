"""Which terminal it was: what is said of them, and when nothing is."""

from __future__ import annotations

import pytest

from coterie.workspace.work import Job, Work, at_it, culprit, program, whose

NOW = 100.0


def work(terminal: int, *commands: str, entered: float = 0.0, heard: float = 0.0, person: str = "Ada") -> Work:
    return Work(terminal, f"Terminal {terminal}", person, entered, heard, commands)


CASES: list[tuple[str, list[Work], list[Work], str | None, int | None]] = [
    ("a line, its prompt", [work(1, entered=99.9, heard=99.9)], [work(1, entered=99.9, heard=100.1)], "Ada", 1),
    ("a line long ago", [work(1, entered=90, heard=100)], [work(1, entered=90, heard=100)], "Ada", None),
    ("silent since its line", [work(1, entered=98, heard=98)], [work(1, entered=98, heard=98)], "Ada", None),
    ("two lines", [], [work(n, entered=99.9, heard=100.1) for n in (1, 2)], "Ada", None),
    ("one of another person's", [], [work(1, "ls", person="Ben"), work(2, entered=99.9, heard=100.1)], "Ada", 2),
    ("a name git trims", [], [work(1, entered=99.9, heard=100.1, person="Ada B.")], "Ada B", 1),
    ("git in the second", [work(1, "make"), work(2, "git checkout x")], [work(1, "make"), work(2)], "Ada", 2),
    ("git shows a log", [], [work(1, "git log"), work(2, entered=99.9, heard=100.1)], "Ada", 2),
    ("git with a path", [], [work(1, "make"), work(2, "/usr/bin/git -C sub rebase main")], "Ada", 2),
    ("git twice", [], [work(1, "git pull"), work(2, "git checkout x")], "Ada", None),
    ("ran, has ended", [work(1, "vite"), work(2, "ruff format .")], [work(1, "vite"), work(2)], None, 2),
    ("all that runs", [work(1), work(2, "npm run dev")], [work(1), work(2, "npm run dev")], None, 2),
    ("two run", [], [work(1, "vite"), work(2, "npm run dev")], None, None),
    ("nobody", [], [], None, None),
]  # fmt: skip


@pytest.mark.parametrize(("first", "last", "git_as", "which"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_the_terminal_that_fits(first: list[Work], last: list[Work], git_as: str | None, which: int | None) -> None:
    found = whose(first, last, NOW, git_as=git_as)
    assert (found.terminal if found else None) == which


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("", ""),
        ("ruff format .", "ruff"),
        ("/bin/sh ./tidy", "tidy"),
        ("python3.11 -m black .", "black"),
        ("npm exec prettier --write .", "prettier"),
        ("node /x/prettier/bin/prettier.cjs --write .", "prettier"),
        ("env A=b sed -i s/a/b/ x", "sed"),
        ("python3", "python3"),
    ],
)
def test_programs_by_name(command: str, name: str) -> None:
    assert program(command) == name


def jobs(*began: tuple[str, float]) -> Work:
    return Work(1, "Terminal 1", "Ada", 0.0, 0.0, (), tuple(Job(hash(command), command, at) for command, at in began))


@pytest.mark.parametrize(
    ("seen", "name"),
    [
        ([jobs(("ruff format .", NOW - 1)), jobs()], "ruff"),
        ([jobs(), jobs(("ruff format .", NOW - 1))], "ruff"),
        ([jobs(("sleep 100", NOW + 0.1))], ""),
        ([jobs(("sleep 100", NOW))], ""),
        ([jobs(("npm run dev", NOW - 100), ("ruff format .", NOW - 1)), jobs(("npm run dev", NOW - 100))], ""),
        ([jobs(("ruff format .", NOW - 1)), jobs(("prettier .", NOW + 1))], ""),
        ([jobs(("ruff format .", NOW - 1)), jobs(("ruff format .", NOW))], "ruff"),
        ([jobs()], ""),
    ],
    ids=[
        "has ended",
        "goes on",
        "came after",
        "came with it",
        "beside another",
        "before another",
        "told late of it",
        "nothing seen",
    ],
)
def test_a_program_is_named_only_when_it_surely_was_it(seen: list[Work], name: str) -> None:
    assert culprit(seen, NOW) == name


def test_what_still_goes_on() -> None:
    assert at_it(work(1, "git rebase main"), NOW, git=True)
    assert not at_it(work(1, "git log"), NOW, git=True)
    assert at_it(work(1, "ruff", entered=99.0), NOW, git=False)
    assert not at_it(work(1, "npm run dev", entered=10.0), NOW, git=False)
    assert not at_it(work(1, entered=99.0), NOW, git=False)
