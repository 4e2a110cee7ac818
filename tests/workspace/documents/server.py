"""A documents service for tests, moved step by step, and a door at which what runs beside it can be made to wait."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from coterie.workspace.documents.document import Document
from coterie.workspace.documents.service import Documents
from coterie.workspace.paths import Root
from tests.workspace.documents.people import Page


class Server:
    """Documents of a real folder; nothing is saved, looked at or closed by the clock."""

    def __init__(self, folder: Path, *, made: bool = False) -> None:
        self.files = folder / "files"
        self.files.mkdir(exist_ok=made)
        self._state = folder / "state"

    async def start(self) -> None:
        self.root = Root(self.files)
        self.documents = Documents(self.root, self._state)
        await self.documents.start()
        await self.documents.outside.stop()

    async def end(self, *, save: bool = False) -> None:
        await self.documents.stop(save=save)
        self.root.close()

    async def restart(self, *pages: Page) -> None:
        """Be killed, and come back for these pages."""
        for page in pages:
            page.disconnect()
        await self.end()
        await self.start()
        for page in pages:
            page.connect(self.documents)
        await self.exchange(*pages)

    def document(self, path: str) -> Document:
        return next(one for one in self.documents.open_documents if one.path == path)

    async def page(self, path: str, user: str = "ada") -> Page:
        page = Page(user, path)
        page.connect(self.documents)
        await self.exchange(page)
        return page

    async def exchange(self, *pages: Page) -> None:
        for _ in range(50):
            for page in pages:
                await page.deliver()
            for one in self.documents.open_documents:
                one.room.flush()
            for page in pages:
                page.receive()
            if not any(page.sent or (page.member and page.member.inbox) for page in pages):
                return
        raise AssertionError("they never come to rest")

    async def type(self, page: Page, at: int, text: str, *others: Page) -> None:
        page.edit(at, 0, text)
        await self.exchange(page, *others)

    async def look(self) -> None:
        for _ in range(2):
            await self.documents.outside.look()

    async def unload(self, path: str) -> None:
        await self.documents._unload(self.document(path))


def open_logs(folder: Path) -> list[Path]:
    """The documents' logs below a folder that this process has open."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found.append(descriptor.readlink())
    return [one for one in found if one.name == "log" and one.is_relative_to(folder)]


class Gate:
    """A blocking function that waits at its door: reached, then let through."""

    def __init__(self, real: Callable[..., Any], *, after: bool = False) -> None:
        self._real = real
        self._after = after
        self._reached = threading.Event()
        self._open = threading.Event()

    def __call__(self, *arguments: Any) -> Any:
        done = self._real(*arguments) if self._after else None
        self._reached.set()
        assert self._open.wait(20)
        return done if self._after else self._real(*arguments)

    async def reached(self) -> None:
        assert await asyncio.to_thread(self._reached.wait, 20)

    def open(self) -> None:
        self._open.set()
