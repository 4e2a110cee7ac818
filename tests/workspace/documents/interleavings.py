"""Nothing is lost or doubled by typing, connections, kills, cuts of power, other programs and renames in any order.

The pages are the web app's own code (`tabs.py`), the server's side is all of the documents service on a real directory.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import secrets
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from coterie.wire.capabilities import Role
from coterie.wire.messages.documents import DocumentEdit
from coterie.workspace.documents import disk, store
from coterie.workspace.documents.replica import Replica
from coterie.workspace.documents.service import Documents
from coterie.workspace.documents.store import State, Updates, unpack
from coterie.workspace.paths import Root
from tests.conftest import UNTIL
from tests.workspace.documents.medium import Medium
from tests.workspace.documents.tabs import Connection, Node, Tab, Tabs

TABS = {"ada": "ada", "ada's other": "ada", "bob": "bob"}
NAMES = ("one", "two")
WORD = re.compile("[\u4e00-\u9fff\U00020000-\U0002a6df]")
"""Every word is a character of its own, so that no comparison of texts finds parts of one in another."""
WHOLE = re.compile(f" {WORD.pattern}[.,;:]\n?")

tabs = st.sampled_from(tuple(TABS))
names = st.sampled_from(NAMES)
places = st.integers(0, 1000)
few = st.integers(1, 4)
mostly = st.sampled_from((True, True, True, False))
noises = st.sampled_from((b"", b"\0" * 40, b"\xff" * 9))


class KilledError(Exception):
    """Stands for a SIGKILL in the middle of a save."""


class Interleavings(RuleBasedStateMachine):
    """Three tabs of two people, two files; whatever happens is a rule, nothing happens by the clock."""

    node: ClassVar[Node]
    """In which the tabs run; `conftest.py` starts it."""

    sound: ClassVar[bool]
    """Whether the medium stays whole."""

    cases: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        Interleavings.cases += 1
        self.count = 0
        self.typed: set[str] = set()
        self.removed: set[str] = set()
        self.risk: set[str] = set()
        """Words that were on no medium when it was damaged: whatever page still shows them brings them back."""
        self.forgiven: set[str] = set()
        self.brought_back: Counter[str] = Counter()
        """How often undoing a deletion brought a word back: of two people who deleted it and undo that, each does."""
        self.left: set[tuple[str, str]] = set()
        self.returned: set[tuple[str, str]] = set()
        """What another program took out of a file, and put there again: it is one more who deleted and brought back."""
        self.paths = {name: f"{name}.txt" for name in NAMES}
        self.stale: list[Connection] = []
        self.medium = Medium()
        self.runner = asyncio.Runner()
        self.patch = pytest.MonkeyPatch()

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    @initialize(words=st.integers(0, 5), chance=st.integers(0, 1 << 30))
    def begin(self, words: int, chance: int) -> None:
        self.medium.install(self.patch)
        self.patch.setattr(secrets, "randbits", random.Random(chance).getrandbits)
        self.folder = Path(tempfile.mkdtemp(prefix="coterie-", dir=_fast()))
        self.files = self.folder / "files"
        self.files.mkdir()
        for name in NAMES:
            self.file(name).write_text("".join(self.word() for _ in range(words)))
        self.medium.settle(self.files)
        self.tabs = Tabs(self.node, TABS, chance)
        for tab in self.tabs:
            for name in NAMES:
                tab.ask("show", name=name, path=self.paths[name])
        self.run(self._start())
        self.everything_arrives()

    async def _start(self) -> None:
        self.root = Root(self.files)
        self.documents = Documents(self.root, self.folder / "state")
        await self.documents.start()
        await self.documents.outside.stop()

    def word(self) -> str:
        self.count += 1
        word = chr((0x4E00 if self.count % 5 else 0x20000) + self.count)
        self.typed.add(word)
        return f" {word}{'.,;:'[self.count % 4]}" + ("\n" if self.count % 3 == 0 else "")

    def file(self, name: str) -> Path:
        return self.files / self.paths[name]

    # People

    @rule(tab=tabs, name=names, where=places, words=st.integers(1, 3), sent=st.booleans())
    def types(self, tab: str, name: str, where: int, words: int, sent: bool) -> None:
        if _may_type(shown := self.tabs[tab].documents[name]):
            at = _boundary(shown["text"], where)
            self.tabs[tab].edit(name, at, 0, "".join(self.word() for _ in range(words)))
        if sent:
            self.sends(tab, 9)

    @rule(name=names, where=places)
    def all_type(self, name: str, where: int) -> None:
        for tab in TABS:
            self.types(tab, name, where, 1, False)

    @rule(tab=tabs, name=names, where=places)
    def deletes(self, tab: str, name: str, where: int) -> None:
        shown = self.tabs[tab].documents[name]
        found = list(WHOLE.finditer(shown["text"]))
        if _may_type(shown) and found:
            one = found[where % len(found)]
            self.tabs[tab].edit(name, one.start(), one.end() - one.start(), "")
            self.removed.update(WORD.findall(one.group()))

    @rule(tab=tabs, name=names)
    def undoes(self, tab: str, name: str) -> None:
        if _may_type(shown := self.tabs[tab].documents[name]):
            self.tabs[tab].ask("undo", name=name)
            before, after = (
                Counter(WORD.findall(text)) for text in (shown["text"], self.tabs[tab].documents[name]["text"])
            )
            self.removed.update(set(before) - set(after))
            self.brought_back.update(after - before)

    # Their connections

    @rule()
    def everything_arrives(self) -> None:
        self._connect_all()
        self.run(self._exchange())

    @rule(tab=tabs, writes=mostly, online=st.booleans())
    def connects_or_disconnects(self, tab: str, writes: bool, online: bool) -> None:
        if online:
            self._connect(self.tabs[tab], Role.MEMBER if writes else Role.WATCHER)
        else:
            self._leave_behind(self.tabs[tab].disconnect())

    @rule(tab=tabs, back=st.booleans(), written=st.booleans(), most=st.integers(0, 3))
    def reloads(self, tab: str, back: bool, written: bool, most: int) -> None:
        self.sends(tab, most)
        self.run(asyncio.sleep(0))
        self.receives(tab, most)
        self._leave_behind(self.tabs[tab].reload(written=written))
        self._forgive()
        if back:
            self._connect(self.tabs[tab])
            self.run(self._exchange())

    @rule(tab=tabs, name=names, where=places, written=st.booleans())
    def types_and_is_gone(self, tab: str, name: str, where: int, written: bool) -> None:
        self.types(tab, name, where, 1, False)
        self.reloads(tab, False, written, 0)

    @rule(seconds=st.sampled_from((0.3, 3.1, 9.0)))
    def time_passes(self, seconds: float) -> None:
        self.tabs.elapse(seconds)

    @rule(tab=tabs, most=few)
    def sends(self, tab: str, most: int) -> None:
        if (connection := self.tabs[tab].connection) is not None:
            self.run(connection.deliver(most))

    @rule(tab=tabs, most=few)
    def receives(self, tab: str, most: int) -> None:
        self.tabs[tab].receive(most)

    @precondition(lambda self: self.stale)
    @rule(most=st.integers(0, 4))
    def a_lost_connection_ends(self, most: int) -> None:
        """The server gets some of what was sent on it, and notices that it ended."""
        connection = self.stale.pop(0)
        self.run(connection.deliver(most))
        self.run(self._call(connection.end))

    @rule(tab=tabs, behind=st.booleans())
    def falls_behind_or_catches_up(self, tab: str, behind: bool) -> None:
        if (connection := self.tabs[tab].connection) is not None:
            self.run(self._call(self.documents.paused if behind else self.documents.resumed, connection.member))

    # The server

    @rule(what=st.sampled_from(("save", "sync", "compact", "unload")), meanwhile=tabs)
    def works(self, what: str, meanwhile: str) -> None:
        """Whatever it does, what a tab types meanwhile may arrive just when it has written."""
        with pytest.MonkeyPatch.context() as patch:
            for owner, name in ((disk, "replace"), (store.Store, "write_compacted")):
                patch.setattr(owner, name, self._during(getattr(owner, name), self.tabs[meanwhile]))
            self.run(self._unload() if what == "unload" else self._each(what))

    @rule(full=st.booleans())
    def the_disk_is_full_or_has_room(self, full: bool) -> None:
        self.medium.full = full

    @rule(back=mostly)
    def is_killed(self, back: bool) -> None:
        self.run(self._kill())
        self._restart(back)

    @rule(
        tab=tabs, after=st.booleans(), power=st.booleans(), kept=st.floats(0, 1),
        then=st.sampled_from(("", "insert", "rename", "swap")), back=mostly,
    )  # fmt: skip
    def is_killed_while_saving(self, tab: str, after: bool, power: bool, kept: float, then: str, back: bool) -> None:
        power = power and not self.sound
        self.run(self._save_halfway(after, power, self.tabs[tab]))
        self.run(self._kill())
        if power:
            self._cut(after, kept, b"")
        self.run(self._start())
        if power:
            self._at_risk()
        if then == "insert":
            self.another_program_writes(NAMES[0], 1, "insert", False)
        elif then and not power:
            self.files_move(NAMES[1], then, False)
        if back:
            self.everything_arrives()

    @rule(damage=st.sampled_from(("power", "power", "names", "lost")), kept=st.floats(0, 1), noise=noises, back=mostly)
    def is_killed_and_damaged(self, damage: str, kept: float, noise: bytes, back: bool) -> None:
        """A cut of power that leaves less than was written, and maybe not even names; or every log is lost."""
        self.run(self._kill())
        if damage == "lost" and not self.sound:
            for log in (self.folder / "state" / "documents").glob("*/log"):
                log.unlink()
        elif not self.sound:
            self._cut(damage == "power", kept, noise)
        self._restart(back, damaged=not self.sound)

    # Other programs

    @rule(name=names, where=places, how=st.sampled_from(("insert", "delete", "again", "touch")), notice=st.booleans())
    def another_program_writes(self, name: str, where: int, how: str, notice: bool) -> None:
        text = self.file(name).read_text() if self.file(name).exists() else ""
        found = list(WHOLE.finditer(text))
        if how == "touch" and text:
            os.utime(self.file(name))
        elif how == "delete" and found:
            one = found[where % len(found)]
            self.removed.update(WORD.findall(one.group()))
            self._write(name, text[: one.start()] + text[one.end() :], notice)
        elif how == "again" and text:
            self._write(name, text, notice)
        elif how == "insert":
            at = _boundary(text, where)
            self._write(name, text[:at] + self.word() + text[at:], notice)

    @rule(name=names, how=st.sampled_from(("rename", "rename", "swap", "delete")), notice=st.booleans())
    def files_move(self, name: str, how: str, notice: bool) -> None:
        if how == "rename" and self.file(name).exists():
            self._rename(name)
        elif how == "swap" and all(self.file(one).exists() for one in NAMES):
            before = self._words()
            one, two = (self.file(one) for one in NAMES)
            one.rename(self.files / "between")
            two.rename(one)
            (self.files / "between").rename(two)
            self.returned |= self._words() & self.left
            self.left |= before
        elif how == "delete" and self.file(name).exists():
            self.removed.update(WORD.findall(self.file(name).read_text()))
            self.file(name).unlink()
        self.medium.settle(self.files)
        if notice:
            self.run(self._look())

    @rule(tab=tabs, name=names)
    def restores(self, tab: str, name: str) -> None:
        shown = self.tabs[tab].documents[name]
        if shown["gone"] and shown["joined"] and shown["writable"]:
            self.tabs[tab].ask("writeAgain", name=name)

    # How it must end

    def teardown(self) -> None:
        failing = sys.exception() is not None
        try:
            self.run(self._end())
        finally:
            self.medium.full = False
            self.run(self._kill())
            self.runner.close()
            self.patch.undo()
            shutil.rmtree(self.folder)
        if time.time() > UNTIL and not failing:
            # Hypothesis has no bound of time, and a skip ends its run. Before the end of a case it would be taken for a
            # failure: the case would draw less than the last time.
            pytest.skip(f"the time is over after {self.cases} cases")

    async def _end(self) -> None:
        self.medium.full = False
        while self.stale:
            self.stale.pop(0).end()
        for tab in self.tabs:
            if tab.connection is not None:
                self.documents.resumed(tab.connection.member)
                if tab.online and tab.connection.member.ticket.role is not Role.WATCHER:
                    continue
                tab.connection.end()
                tab.disconnect()
            tab.connect(self.documents)
        await self._exchange()
        # Before this, what was slow may have looked lost.
        said = {tab.name: len(tab.notices) for tab in self.tabs}
        for name in NAMES:
            if not self.file(name).exists():
                self.file(name).write_text(self.word())
        await self._look()
        for tab in self.tabs:
            for name in NAMES:
                if (shown := tab.documents[name])["phase"] != "open":
                    # What it had open it opens again; else the person opens what is in the tree.
                    tab.ask("show", name=name, path=shown["path"] if shown["phase"] == "offline" else self.paths[name])
        for _ in range(3):
            await self._exchange()
            for tab in self.tabs:
                for name in NAMES:
                    if tab.documents[name]["path"] != self.paths[name]:
                        # Its file went elsewhere, and another one is called that now. What this browser keeps of the
                        # one it was may lead there once more.
                        tab.ask("show", name=name, path=self.paths[name])
        for _ in range(15):
            await self._exchange()
            await self._save()
            # Longer than typing pauses before hashes are compared, which is done again while something is on its way.
            self.tabs.elapse(3.1)
            await self._exchange()
            proven = all(one["proven"] for tab in self.tabs for one in tab.documents.values())
            # What was refused while the disk was full is tried again within half a minute.
            if proven and not any(tab.waiting for tab in self.tabs):
                break
        self._agree()
        notices = [notice for tab in self.tabs for notice in tab.notices[said[tab.name] :]]
        assert not any("had another text" in notice for notice in notices), "a page had to heal"
        assert not any("had missed" in notice for notice in notices), "an update did not arrive"
        self._lose_nothing()

    def _agree(self) -> None:
        for name in NAMES:
            on_disk = self.file(name).read_text()
            shown = {tab.name: tab.documents[name] for tab in self.tabs}
            for tab in self.tabs:
                connection, one = tab.connection, shown[tab.name]
                assert connection is not None
                assert one["phase"] == "open", (tab.name, one)
                assert one["unconfirmed"] == 0, f"{tab.name} waits for something"
                assert one["text"] == on_disk, ({who: one["text"] for who, one in shown.items()}, on_disk)
                assert one["saved"], f"{tab.name} does not know that {name} is saved"
                assert one["proven"], f"{tab.name} does not know that everyone has the same text"

    def _lose_nothing(self) -> None:
        found = {name: WORD.findall(self.file(name).read_text()) for name in NAMES}
        for name, words in found.items():
            asked = self.brought_back + Counter(word for at, word in self.returned if at == name)
            doubled = {word for word, times in Counter(words).items() if times > max(1, asked[word])}
            assert not doubled, f"doubled: {doubled} of {found}"
        # A deleted file is written again where it was known to be.
        everywhere = WORD.findall(" ".join(file.read_text() for file in self.files.iterdir()))
        kept = {*everywhere} | self._in_named_versions() | self._of_deleted_files()
        lost = self.typed - self.removed - self.forgiven - kept
        assert not lost, f"lost: {lost} of {found}"

    def _in_named_versions(self) -> set[str]:
        rows = self.documents.history._database.execute("SELECT document, id FROM versions WHERE name != ''")
        texts = [self.documents.history.text(*row) for row in rows]
        return set(WORD.findall(" ".join(text or "" for text in texts)))

    # What may be missing after the medium was damaged

    def _at_risk(self) -> None:
        self.risk |= self.typed - self.removed - self._on_medium()
        self._forgive()

    def _forgive(self) -> None:
        if self.risk - self.forgiven:
            shown = set(WORD.findall(" ".join(tab.text for tab in self.tabs)))
            self.forgiven |= self.risk - shown - self._on_medium()

    def _on_medium(self) -> set[str]:
        texts = [self.file(name).read_text() for name in NAMES if self.file(name).exists()]
        logs = (self.folder / "state" / "documents").glob("*/log")
        return set(WORD.findall(" ".join((*texts, *map(_text_of, logs))))) | self._in_named_versions()

    def _of_deleted_files(self) -> set[str]:
        """A file that was replaced where nobody knew it to be is deleted: its text stays, and is shown as that."""
        catalogue = self.documents._catalogue
        there = {(one.inode, one.born) for one in map(self._stamp, self.files.iterdir()) if one}
        words: set[str] = set()
        for (identity,) in catalogue.database.execute("SELECT id FROM documents").fetchall():
            if not there & {(one.inode, one.born) for one in catalogue.files(identity)}:
                words.update(WORD.findall(_text_of(catalogue.folder(identity) / "log")))
        return words

    def _stamp(self, file: Path) -> disk.Stamp | None:
        return disk.stamp(self.root, file.name)

    # What rules have in common

    def _words(self) -> set[tuple[str, str]]:
        return {(name, word) for name in NAMES for word in WORD.findall(self.file(name).read_text())}

    async def _exchange(self) -> None:
        for _ in range(100):
            for tab in self.tabs:
                if tab.connection is not None:
                    await tab.connection.deliver()
            for one in self.documents.open_documents:
                one.room.flush()
            for tab in self.tabs:
                tab.receive()
            connections = [tab.connection for tab in self.tabs if tab.connection is not None]
            for connection in connections:
                member = connection.member
                assert member.closed is None, f"{member.ticket.user} was closed: {member.reason}"
            if not any(connection.sent or connection.member.inbox for connection in connections):
                return
        raise AssertionError("they never come to rest")

    async def _each(self, what: str) -> None:
        for one in self.documents.open_documents:
            await getattr(one, what)()

    async def _save(self) -> None:
        await self._each("save")

    async def _look(self) -> None:
        for _ in range(2):
            await self.documents.outside.look()

    async def _call(self, action: Callable[..., None], *given: Any) -> None:
        action(*given)

    def _leave_behind(self, connection: Connection | None) -> None:
        if connection is not None:
            self.stale.append(connection)

    def _write(self, name: str, text: str, notice: bool) -> None:
        other = self.files / "other"
        other.write_text(text)
        other.replace(self.file(name))
        self.medium.settle(self.files)
        if notice:
            self.run(self._look())

    def _rename(self, name: str) -> None:
        # One that is replaced and renamed before anybody looks cannot be told from one that was deleted.
        self.run(self._look())
        stamp = disk.stamp(self.root, self.paths[name])
        if stamp is None or not any(at == self.paths[name] for _, at in self.documents._catalogue.by_file(stamp)):
            return
        self.count += 1
        old, self.paths[name] = self.file(name), f"renamed-{self.count}.txt"
        old.rename(self.file(name))
        self.run(self._look())
        for tab in self.tabs:
            if tab.documents[name]["phase"] in ("opening", "failed"):
                tab.ask("show", name=name, path=self.paths[name])

    async def _unload(self) -> None:
        for one in self.documents.open_documents:
            if not one.room.members:
                await self.documents._unload(one)

    async def _kill(self) -> None:
        """End without saving or writing anything more."""
        self.stale.clear()
        for tab in self.tabs:
            tab.disconnect()
        await self.documents.stop(save=False)
        self.root.close()

    def _restart(self, back: bool, *, damaged: bool = False) -> None:
        self.run(self._start())
        if damaged:
            self._at_risk()
        if back:
            self.everything_arrives()

    def _connect(self, tab: Tab, role: Role = Role.MEMBER) -> None:
        if not tab.online:
            self._leave_behind(tab.connection)
            tab.connect(self.documents, role)

    def _connect_all(self) -> None:
        for tab in self.tabs:
            self._connect(tab)

    def _cut(self, named: bool, kept: float, noise: bytes) -> None:
        for folder in (self.files, *(self.folder / "state" / "documents").glob("*/")):
            self.medium.cut(folder, names=named, kept=kept, noise=noise)

    def _during(self, work: Callable[..., Any], tab: Tab) -> Callable[..., Any]:
        """Work of another thread, at whose end edits of a tab arrive."""
        loop = self.runner.get_loop()

        def worked(*arguments: Any) -> Any:
            done = work(*arguments)
            asyncio.run_coroutine_threadsafe(self._edits_arrive(tab), loop).result()
            return done

        return worked

    async def _edits_arrive(self, tab: Tab) -> None:
        connection = tab.connection
        # Other messages may wait for the work that is under way.
        while connection is not None and connection.sent and isinstance(connection.sent[0], DocumentEdit):
            await connection.deliver(1)
        for one in self.documents.open_documents:
            one.room.flush()

    async def _save_halfway(self, after: bool, power: bool, tab: Tab) -> None:
        real = self._during(disk.replace, tab)

        def replace(*arguments: Any) -> Any:
            if after:
                real(*arguments)
            raise KilledError

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(disk, "replace", replace)
            if power:
                patch.setattr(disk, "_sync_folder", lambda _folder: None)
            for one in self.documents.open_documents:
                with contextlib.suppress(KilledError):
                    await one.save()


def _text_of(log: Path) -> str:
    updates: list[bytes] = []
    for record in unpack(log.read_bytes())[0] if log.exists() else []:
        updates += [record.update] if isinstance(record, State) else []
        updates += record.updates if isinstance(record, Updates) else []
    return Replica(updates).text


def _may_type(shown: dict[str, Any]) -> bool:
    return bool(shown["writable"]) and shown["phase"] in ("open", "offline")


def _boundary(text: str, where: int) -> int:
    ends = [0, *(one.end() for one in WHOLE.finditer(text))]
    return ends[where % len(ends)]


def _fast() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


BOUNDS = settings(
    max_examples=int(os.environ.get("COTERIE_EXAMPLES", "400")),
    # A plain run is the same every time; `make soak` looks for more.
    derandomize="COTERIE_EXAMPLES" not in os.environ,
    database=None,
    stateful_step_count=50,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
"""A plain run is eight hundred cases of some 50 steps, half of them on either kind of medium."""
