"""What git did, in words: how many files, counted by git as the machine's user."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from coterie.wire.messages.connection import Notice
from coterie.workspace.documents.service import Documents
from coterie.workspace.files import listing
from coterie.workspace.files.git import Git
from coterie.workspace.paths import Root
from coterie.workspace.processes import DirectSpawner
from tests.workspace.documents.people import Page

IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")


async def test_a_checkout_says_how_many_files(tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()

    def git(*arguments: str) -> str:
        command = ["git", *IDENTITY, *arguments]
        done = subprocess.run(command, cwd=files, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "-q", "-b", "main")
    for number in range(14):
        (files / f"{number}.txt").write_text("main\n")
    git("add", ".")
    git("commit", "-qm", "first")
    first = git("rev-parse", "HEAD")
    git("checkout", "-qb", "feature")
    for number in range(14):
        (files / f"{number}.txt").write_text("feature\n")
    git("commit", "-qam", "second")
    root, spawner = Root(files), DirectSpawner()
    asked = Git(spawner, root, os.fspath(files))
    assert await asked.differing("", first, git("rev-parse", "HEAD")) == 14
    assert await asked.differing("", "0" * 40, first) is None, "there is no such commit"
    documents = Documents(root, tmp_path / "state", asked.differing)
    await documents.start()
    await documents.outside.stop()
    page = Page("ada", "3.txt")
    page.connect(documents)
    await page.deliver()
    await documents.outside.follow()
    git("checkout", "-q", "main")
    await documents.outside.look()
    await documents.outside._tell()
    assert page.member
    (notice,) = [message for message in page.member.inbox if isinstance(message, Notice)]
    assert notice.sentence == "Ada checked out main, 14 files"
    await documents.stop()
    await spawner.close()
    root.close()


def test_files_that_are_being_saved_are_in_no_listing(tmp_path: Path) -> None:
    for name in ("a.txt", ".coterie-saving-0123456789abcdef", ".env"):
        (tmp_path / name).write_text("")
    root = Root(tmp_path)
    assert [one.name for one in listing.entries(root, "")] == [".env", "a.txt"]
    root.close()
