"""Nothing is lost or doubled by typing, connections, kills, lost state, other programs and renames in any order."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from coterie.workspace.documents import disk, document, outside, room, service
from coterie.workspace.documents.service import Documents
from coterie.workspace.paths import Root
from tests.workspace.documents.people import Page

PATH = "notes.txt"
PEOPLE = ("ada", "bob", "cy")
WORD = re.compile(r"\d+")


class Server:
    """A workspace server's documents on a real directory, that can end at any point."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = Root(folder / "files")
        self.documents = Documents(self.root, folder / "state")

    async def start(self) -> None:
        await self.documents.start()
        await self.documents.outside.stop()

    async def kill(self) -> None:
        """End without saving or writing anything more."""
        await self.documents.stop(save=False)
        self.root.close()


class Interleavings(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.typed: set[str] = set()
        self.removed: set[str] = set()
        self.path = PATH
        self.runner = asyncio.Runner()
        self.pages = {user: Page(user, PATH) for user in PEOPLE}

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    @initialize(words=st.integers(0, 5))
    def begin(self, words: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="coterie-", dir=_fast()))
        (self.folder / "files").mkdir()
        text = "".join(self.word() for _ in range(words))
        (self.folder / "files" / PATH).write_text(text)
        self.run(self._start())

    async def _start(self) -> None:
        self.server = Server(self.folder)
        await self.server.start()

    async def _do(self, action: Callable[[], None]) -> None:
        action()

    def word(self) -> str:
        self.count += 1
        word = f" {self.count}{'.,;:!?'[self.count % 6]}" + ("\n" if self.count % 4 == 0 else "")
        self.typed.add(str(self.count))
        return word

    @property
    def file(self) -> Path:
        return self.folder / "files" / self.path

    # People

    @rule(user=st.sampled_from(PEOPLE), where=st.integers(0, 1000), words=st.integers(1, 3))
    def types(self, user: str, where: int, words: int) -> None:
        page = self.pages[user]
        if page.epoch:
            page.edit(_boundary(page.text, where), 0, "".join(self.word() for _ in range(words)))

    @rule(user=st.sampled_from(PEOPLE), where=st.integers(0, 1000))
    def deletes(self, user: str, where: int) -> None:
        page = self.pages[user]
        found = list(re.finditer(r" \d+[.,;:!?]\n?", page.text))
        if page.epoch and found:
            one = found[where % len(found)]
            page.edit(one.start(), one.end() - one.start(), "")
            self.removed.add(WORD.findall(one.group())[0])

    @rule(user=st.sampled_from(PEOPLE))
    def connects(self, user: str) -> None:
        page = self.pages[user]
        if page.member is None:
            page.connect(self.server.documents)

    @rule(user=st.sampled_from(PEOPLE))
    def disconnects(self, user: str) -> None:
        self.run(self._do(self.pages[user].disconnect))

    @rule(user=st.sampled_from(PEOPLE))
    def reloads(self, user: str) -> None:
        self.run(self._do(self.pages[user].reload))

    @rule(user=st.sampled_from(PEOPLE), most=st.integers(1, 4))
    def sends(self, user: str, most: int) -> None:
        self.run(self.pages[user].deliver(most))

    @rule(user=st.sampled_from(PEOPLE), most=st.integers(1, 4))
    def receives(self, user: str, most: int) -> None:
        self.pages[user].receive(most)

    @rule()
    def everything_arrives(self) -> None:
        self.run(self._exchange())

    @rule(user=st.sampled_from(PEOPLE))
    def falls_behind(self, user: str) -> None:
        page = self.pages[user]
        if page.member is not None:
            self.server.documents.paused(page.member)

    @rule(user=st.sampled_from(PEOPLE))
    def catches_up(self, user: str) -> None:
        page = self.pages[user]
        if page.member is not None:
            self.server.documents.resumed(page.member)

    # The server

    @rule()
    def flushes(self) -> None:
        self.run(asyncio.sleep(0))

    @rule()
    def saves(self) -> None:
        self.run(self._save())

    @rule()
    def compacts(self) -> None:
        for one in self.server.documents.open_documents:
            self.run(one.compact())

    @rule()
    def is_killed(self) -> None:
        self.run(self._restart())

    @rule(after=st.booleans())
    def is_killed_while_saving(self, after: bool) -> None:
        self.run(self._killed_in_replace(after))

    @rule()
    def loses_its_state(self) -> None:
        self.run(self._restart(lose=True))

    # Other programs

    @rule(where=st.integers(0, 1000), notice=st.booleans())
    def another_program_inserts(self, where: int, notice: bool) -> None:
        text = self.file.read_text()
        at = _boundary(text, where)
        self._write(text[:at] + self.word() + text[at:], notice)

    @rule(where=st.integers(0, 1000), notice=st.booleans())
    def another_program_deletes(self, where: int, notice: bool) -> None:
        text = self.file.read_text()
        found = list(re.finditer(r" \d+[.,;:!?]\n?", text))
        if found:
            one = found[where % len(found)]
            self.removed.add(WORD.findall(one.group())[0])
            self._write(text[: one.start()] + text[one.end() :], notice)

    @rule(inplace=st.booleans())
    def is_touched(self, inplace: bool) -> None:
        if inplace:
            os.utime(self.file)
        else:
            self._write(self.file.read_text(), notice=True)

    @rule()
    def is_renamed(self) -> None:
        self.count += 1
        target = f"renamed-{self.count}.txt"
        # One that is replaced and renamed before anybody looks cannot be told from one that was deleted.
        self.run(self._look())
        followed = bool(self.server.documents.open_documents)
        self.file.rename(self.folder / "files" / target)
        self.path = target
        self.run(self._renamed(followed))

    async def _renamed(self, followed: bool) -> None:
        await self._look()
        for page in self.pages.values():
            if not page.epoch or not followed:
                page.disconnect()
                page.path = self.path

    # How it must end

    def teardown(self) -> None:
        try:
            self.run(self._end())
        finally:
            self.run(self.server.kill())
            self.runner.close()
            shutil.rmtree(self.folder)

    async def _end(self) -> None:
        for page in self.pages.values():
            if not page.epoch:
                page.path = self.path
            if page.member is not None:
                self.server.documents.resumed(page.member)
            else:
                page.connect(self.server.documents)
        await self._exchange()
        await self._look()
        await self._save()
        await self._exchange()
        await self._save()
        await self._exchange()
        texts = {user: page.text for user, page in self.pages.items()}
        on_disk = self.file.read_text()
        for user, page in self.pages.items():
            assert page.member is not None and page.member.closed is None, f"{user} was closed"
            assert page.joined and not page.pending, f"{user} waits for something"
            assert page.text == on_disk, (texts, on_disk)
        found = WORD.findall(on_disk)
        assert len(found) == len(set(found)), f"doubled: {found}"
        versions = self._versions()
        kept = set(found).union(*(WORD.findall(text) for text in versions))
        assert self.typed - self.removed <= kept, f"lost: {self.typed - self.removed - kept} of {found}"

    def _versions(self) -> list[str]:
        history, (one,) = self.server.documents.history, self.server.documents.open_documents
        identity = self.server.documents.identity_of(one)
        return [history.text(identity, version.id) or "" for version in history.all(identity)]

    async def _exchange(self) -> None:
        for _ in range(100):
            for page in self.pages.values():
                await page.deliver()
            for one in self.server.documents.open_documents:
                one.room.flush()
            for page in self.pages.values():
                page.receive()
            if not any(page.sent or (page.member and page.member.inbox) for page in self.pages.values()):
                return
        raise AssertionError("they never come to rest")

    async def _save(self) -> None:
        for one in self.server.documents.open_documents:
            await one.save()

    async def _look(self) -> None:
        for _ in range(2):
            await self.server.documents.outside.look()

    def _write(self, text: str, notice: bool) -> None:
        other = self.file.with_name("other")
        other.write_text(text)
        other.replace(self.file)
        if notice:
            self.run(self._look())

    async def _restart(self, lose: bool = False) -> None:
        for page in self.pages.values():
            page.disconnect()
        await self.server.kill()
        if lose:
            for log in (self.folder / "state" / "documents").glob("*/log"):
                log.unlink()
        await self._start()

    async def _killed_in_replace(self, after: bool) -> None:
        real = disk.replace

        def replace(*arguments: Any) -> Any:
            if after:
                real(*arguments)
            raise KilledError

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(disk, "replace", replace)
            for one in self.server.documents.open_documents:
                if one.dirty:
                    with pytest.raises(KilledError):
                        await one.save()
        await self._restart()


class KilledError(Exception):
    """Stands for a SIGKILL in the middle of a save."""


def _boundary(text: str, where: int) -> int:
    places = [0, *(one.end() for one in re.finditer(r"\d+[.,;:!?]\n?", text))]
    return places[where % len(places)]


def _fast() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing happens by the clock: saving, looking and unloading are rules."""
    monkeypatch.setattr(document, "PAUSE", 1e6)
    monkeypatch.setattr(document, "LONGEST", 1e6)
    monkeypatch.setattr(document, "RETRY", 1e6)
    monkeypatch.setattr(service, "IDLE", 1e6)
    monkeypatch.setattr(outside, "MISSING_FOR", 0.0)
    monkeypatch.setattr(room, "WINDOW", 0.0)


@pytest.mark.timeout(300)
class TestInterleavings(Interleavings.TestCase):  # type: ignore[valid-type,misc]
    settings = settings(
        max_examples=int(os.environ.get("COTERIE_EXAMPLES", "150")),
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
