"""What other programs did, in words: git and formatters in real terminals, told with the terminal's name."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from coterie.wire.messages.connection import Notice
from coterie.wire.messages.terminals import TerminalClose, TerminalOpen, TerminalRename
from coterie.workspace import work
from coterie.workspace.documents import events
from coterie.workspace.documents.events import Around, Told
from coterie.workspace.documents.history import Kind
from coterie.workspace.documents.service import Documents
from coterie.workspace.files import git, listing
from coterie.workspace.files.git import Git
from coterie.workspace.paths import Root
from coterie.workspace.processes import DirectSpawner
from coterie.workspace.terminals import Terminals, service
from coterie.workspace.work import PROMPT
from tests.support.waiting import eventually
from tests.workspace.documents.people import FakeMember, Page
from tests.workspace.terminals.people import Tab

IDENTITY = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in (
    ("NAME", "Somebody Else"), ("EMAIL", "else@example.org"))}  # fmt: skip

SLOW = "while [ ! -e ../go ]; do sleep 0.01; done"
"""Shell that goes on when the test says so."""


class Machine:
    """A repository of 14 files on two branches, its documents and its terminals, all as in a workspace."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = folder / "files"
        self.files.mkdir()
        self.git("init", "-q", "-b", "main")
        (self.files / ".gitignore").write_text("*.log\n")
        self._commit("main")
        self.git("checkout", "-qb", "feature")
        self._commit("feature")

    def _commit(self, text: str) -> None:
        for number in range(14):
            (self.files / f"{number}.txt").write_text(f"{text}\n")
        self.git("add", ".")
        self.git("commit", "-qm", text)

    def git(self, *arguments: str) -> None:
        environment = {**os.environ, **IDENTITY, "GIT_CONFIG_GLOBAL": "", "HOME": str(self.folder)}
        subprocess.run(["git", *arguments], cwd=self.files, check=True, capture_output=True, env=environment)

    async def start(self) -> None:
        self.root, self.spawner = Root(self.files), DirectSpawner()
        environment = {"HOME": str(self.folder), "PS1": "$ ", "HISTFILE": "", "SHELL": "/bin/sh", "GIT_EDITOR": "true"}
        self.terminals = Terminals(
            self.spawner, files=str(self.files), state=self.folder / "state", environment=environment
        )
        await self.terminals.start()
        asked = Git(self.spawner, self.root, str(self.files))
        self.documents = Documents(
            self.root, self.folder / "state", Around(asked.differing, asked.files, self.terminals.at_work)
        )
        await self.documents.start()
        self.pages: list[Page] = []
        for path in ("3.txt", "5.txt"):
            page = Page("cy", path)
            page.connect(self.documents)
            await page.deliver()
            self.pages.append(page)
        # The last piece of being open: from then on nothing is missed.
        await self.documents.outside.follow()

    async def stop(self) -> None:
        await self.documents.stop()
        await self.terminals.stop()
        await self.spawner.close()
        self.root.close()

    async def told(self) -> str:
        """The next notice, which the pages get alike."""
        member = self.pages[0].member
        assert member
        notices: list[Notice] = await eventually(lambda: [one for one in member.inbox if isinstance(one, Notice)])
        (notice,) = notices
        for page in self.pages:
            assert page.member
            assert [one.sentence for one in page.member.inbox if isinstance(one, Notice)] == [notice.sentence]
            page.member.inbox.clear()
        return notice.sentence

    async def quiet(self, terminal: int) -> None:
        """Wait until a line that was entered cannot be what changes files from now on, as it put out nothing more."""
        loop = asyncio.get_running_loop()
        running = self.terminals._terminals[terminal]
        await eventually(lambda: running.heard >= running.entered and loop.time() - running.heard > 2 * PROMPT)

    async def begun(self, command: str) -> None:
        """Wait until a program has run long enough to be told from what came with its first change."""
        loop = asyncio.get_running_loop()

        async def runs() -> bool:
            return any(
                command in job.command and job.began < loop.time() - 0.1
                for work in await self.terminals.at_work()
                for job in work.jobs
            )

        await eventually(runs)

    def names(self, path: str = "3.txt") -> list[str]:
        """The names of a file's versions, newest first."""
        document = next(one for one in self.documents.open_documents if one.path == path)
        versions = self.documents.history.all(self.documents.identity_of(document))
        return [one.name for one in versions if one.kind is Kind.EVENT]

    async def open(self, tab: Tab) -> int:
        """A new terminal of somebody, without its prompt: that comes whenever it likes."""
        answer = await tab.ask(TerminalOpen(0, "", 80, 24))
        await tab.attach(answer.terminal)
        await tab.sees(answer.terminal, "$ ")
        return int(answer.terminal)


@pytest_asyncio.fixture
async def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Machine]:
    # A busy machine takes longer than people wait.
    for owner, name in ((git, "WITHIN"), (service, "_ASK_WITHIN"), (events, "LONGEST"), (work, "RECENT")):
        monkeypatch.setattr(owner, name, 30.0)
    one = Machine(tmp_path)
    # Or the first event of a test begins with the making of these files.
    made = max(path.stat().st_ctime for path in one.files.glob("*.txt"))
    await eventually(lambda: time.time() > made + 2 * events._SLACK)
    await one.start()
    yield one
    await one.stop()


async def test_a_checkout_is_told_with_its_terminal(machine: Machine) -> None:
    ada, ben = Tab(machine.terminals, "ada"), Tab(machine.terminals, "ben")
    one, two, three = await machine.open(ada), await machine.open(ada), await machine.open(ben)
    # Something runs in front in Ada's other terminal, and Ben is busy too.
    ada.type(one, "sleep 1000\r")
    await machine.quiet(one)
    ada.type(two, "git checkout -q main\r")
    ben.type(three, "ls\r")
    assert await machine.told() == "Ada checked out main in Terminal 2, 14 files"
    assert machine.names()[0] == machine.names("5.txt")[0] == "Ada checked out main in Terminal 2, 14 files"
    document = next(one for one in machine.documents.open_documents if one.path == "3.txt")
    newest = machine.documents.history.all(machine.documents.identity_of(document))[0]
    assert machine.documents.history.text(machine.documents.identity_of(document), newest.id) == "feature\n"

    # The other person, and a name somebody gave.
    await ben.ask(TerminalRename(0, three, "builds"))
    ben.type(three, "git switch -q feature\r")
    assert await machine.told() == "Ben checked out feature in builds, 14 files"
    ben.type(three, "git reset -q --hard main\r")
    assert await machine.told() == "Ben reset to main in builds, 14 files"
    assert machine.names()[:2] == [
        "Ben reset to main in builds, 14 files",
        "Ben checked out feature in builds, 14 files",
    ]


async def test_git_that_goes_on_after_it_changed_files_is_recognised(machine: Machine) -> None:
    """Two of one person's terminals took a line just now: the one with git in it did it."""
    hook = machine.files / ".git/hooks/post-checkout"
    hook.write_text(f"#!/bin/sh\n{SLOW}\n")
    hook.chmod(0o755)
    ada = Tab(machine.terminals, "ada")
    one, two = await machine.open(ada), await machine.open(ada)
    ada.type(two, "git checkout -q main\r")
    ada.type(one, f"sh -c '{SLOW}'\r")
    await eventually(lambda: bool(machine.documents.outside._events.extended))
    (machine.folder / "go").touch()
    assert await machine.told() == "Ada checked out main in Terminal 2, 14 files"


async def test_no_terminal_is_named_when_two_may_have_done_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = Tab(machine.terminals, "ada")
    one, two = await machine.open(ada), await machine.open(ada)
    # Made in scripts of which nothing can be seen but that they ran.
    for number, name in ((one, "wait"), (two, "check")):
        script = machine.folder / f"{name}.sh"
        script.write_text(f"{SLOW}\n" + ("git checkout -q main\n" if name == "check" else ""))
        ada.type(number, f"sh ../{name}.sh\r")
    (machine.folder / "go").touch()
    assert await machine.told() in ("Ada checked out main, 14 files", "Ada checked out main in Terminal 2, 14 files")
    # Not in any terminal.
    machine.git("checkout", "-q", "feature")
    assert await machine.told() == "Somebody Else checked out feature, 14 files"
    # The terminal is closed before it is told.
    monkeypatch.setattr(events, "PAUSE", 1e6)
    ada.type(one, "exec git checkout -q main\r")
    await ada.ended(one)
    await ada.ask(TerminalClose(0, one))
    outside = machine.documents.outside
    # All of it: what one more look adds to an event puts off its end once more, for the pause set above.
    await eventually(lambda: outside._events._operation and outside._events._paths == {"3.txt", "5.txt"})
    outside._events._due = 0.0
    outside._wake.set()
    assert await machine.told() == "Ada checked out main, 14 files"


@pytest.mark.parametrize(
    ("before", "command", "sentence"),
    [
        (None, "git rebase -q main", "Ben rebased in Terminal 1, 14 files"),
        (None, "git merge -q main", "Ben merged main in Terminal 1, 1 file"),
        (None, "git pull -q . main", "Ben pulled in Terminal 1, 1 file"),
        (None, "git stash -q", "Ben put changes into the stash in Terminal 1, 3 files"),
        ("git stash -q", "git stash pop -q", "Ben took changes out of the stash in Terminal 1, 3 files"),
        (None, "git stash -q; git checkout -q main", "Ben checked out main in Terminal 1, 14 files"),
        (None, "git checkout -q .", "3 files changed in Terminal 1"),
        (None, "git reset -q --hard", "Ben reset to HEAD in Terminal 1, 3 files"),
    ],
)  # fmt: skip
async def test_what_git_does(
    machine: Machine, before: str | None, command: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "stash" in command or "checkout" in command or "hard" in command:
        for number in (3, 5, 7):
            (machine.files / f"{number}.txt").write_text("not committed\n")
        await machine.told()
    else:
        # Another commit on main, whose one file is open.
        machine.git("checkout", "-q", "main")
        await machine.told()
        (machine.files / "3.txt").write_text("feature\nand more\n")
        machine.git("commit", "-qam", "more")
        machine.git("checkout", "-q", "feature")
        await machine.told()
        if "rebase" not in command:
            machine.git("checkout", "-q", "-B", "feature", "main~1")
            await machine.told()
    ben = Tab(machine.terminals, "ben")
    terminal = await machine.open(ben)
    if before is not None:
        ben.type(terminal, before + "\r")
        await machine.told()
    if ";" in command:
        # Between two programs there is none, on a busy machine for longer than ends an event.
        monkeypatch.setattr(events, "PAUSE", 2.0)
    ben.type(terminal, command + "\r")
    told = await machine.told()
    assert told == sentence or told == sentence.replace("3 files changed", "git changed 3 files")
    assert machine.names()[0] == told


async def test_a_formatter_is_one_event(machine: Machine) -> None:
    """Files that nobody has open are counted too; those that git ignores, and the documents' own saving, are not."""
    ada, ben = Tab(machine.terminals, "ada"), Tab(machine.terminals, "ben")
    await machine.open(ada)
    terminal = await machine.open(ben)
    ben.type(terminal, "sed -i s/feature/formatted/ *.txt; touch some.log\r")
    told = await machine.told()
    assert told in ("14 files changed in Terminal 2", "sed changed 14 files in Terminal 2")
    assert machine.names()[0] == machine.names("5.txt")[0] == told

    # One that is still there when it is looked for: it has a name, and a pause of its own makes no two events.
    formatter = machine.folder / "prettier"
    reads, writes = SLOW.replace("go", "read"), "for n in 1 2 5 7; do echo tidy > $n.txt; done"
    formatter.write_text(f"#!/bin/sh\n{reads}\necho tidy > 3.txt\n{SLOW}\n{writes}\n")
    formatter.chmod(0o755)
    ben.type(terminal, "../prettier\r")
    await machine.begun("prettier")
    (machine.folder / "read").touch()
    page = machine.pages[0]
    await eventually(lambda: page.member is not None and bool(page.member.inbox))
    await eventually(lambda: bool(machine.documents.outside._events.extended))
    (machine.folder / "go").touch()
    assert await machine.told() == "prettier changed 5 files in Terminal 2"

    # Without a terminal that could have done it.
    await machine.quiet(terminal)
    for path in ("3.txt", "5.txt", "6.txt"):
        (machine.files / path).write_text("by nobody\n")
    assert await machine.told() == "Another program changed 3 files"


async def test_one_file_alone_is_no_event(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Told] = []
    tell = machine.documents.tell

    def heard(event: Told) -> None:
        tell(event)
        told.append(event)

    monkeypatch.setattr(machine.documents, "tell", heard)
    ben = Tab(machine.terminals, "ben")
    terminal = await machine.open(ben)
    ben.type(terminal, "echo other > 3.txt\r")
    await eventually(lambda: bool(told))
    assert [event.sentence for event in told] == [""]
    member = machine.pages[0].member
    assert isinstance(member, FakeMember)
    assert member.inbox
    assert not [one for one in member.inbox if isinstance(one, Notice)]
    assert machine.names() == []


async def test_files_are_counted_between_commits(machine: Machine) -> None:
    asked = Git(machine.spawner, machine.root, str(machine.files))
    commits = [
        subprocess.run(
            ["git", "rev-parse", name], cwd=machine.files, check=True, capture_output=True, text=True
        ).stdout.strip()
        for name in ("main", "feature")
    ]
    assert await asked.differing("", *commits) == 14
    assert await asked.differing("", "0" * 40, commits[0]) is None, "there is no such commit"


def test_files_that_were_changed_before_the_first_was_noticed_belong_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_SLACK", 30.0)
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("")
    changed = (tmp_path / "b.txt").stat().st_ctime
    root = Root(tmp_path)
    both = {"a.txt", "b.txt"}
    assert events._changed_since(root, both, changed + 20, ()) == both
    assert events._changed_since(root, both, changed + 40, ()) == set()
    assert events._changed_since(root, both, changed + 40, {"a.txt"}) == both
    root.close()


def test_files_that_are_being_saved_are_in_no_listing(tmp_path: Path) -> None:
    for name in ("a.txt", ".coterie-saving-0123456789abcdef", ".env"):
        (tmp_path / name).write_text("")
    root = Root(tmp_path)
    assert [one.name for one in listing.entries(root, "")] == [".env", "a.txt"]
    root.close()
