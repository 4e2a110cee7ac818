from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.messages.connection import Done, Failed
from coterie.wire.messages.files import (
    FileCreate,
    FileDelete,
    FileFind,
    FileKind,
    FileList,
    FileMove,
    FilesChanged,
    FileWatch,
)
from coterie.workspace.files import changes, listing
from coterie.workspace.files.find import best
from coterie.workspace.paths import Root
from tests.support.waiting import eventually
from tests.support.workspace import RunningWorkspace


def test_folders_come_first_and_names_as_people_sort(tmp_path: Path) -> None:
    for name in ("b.txt", "A.txt", "Ä.txt"):
        (tmp_path / name).write_text("text")
    (tmp_path / "zoo").mkdir()
    (tmp_path / "to-folder").symlink_to("zoo")
    (tmp_path / "out").symlink_to("/etc")
    (tmp_path / "nowhere").symlink_to("missing")
    os.mkfifo(tmp_path / "pipe")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")).touch()
    found = [(entry.name, entry.kind) for entry in listing.entries(Root(tmp_path), "")]
    assert found == [
        ("to-folder", FileKind.FOLDER),
        ("zoo", FileKind.FOLDER),
        ("A.txt", FileKind.FILE),
        ("b.txt", FileKind.FILE),
        ("nowhere", FileKind.LINK),
        ("out", FileKind.LINK),
        ("pipe", FileKind.OTHER),
        ("Ä.txt", FileKind.FILE),
        ("\ufffd", FileKind.OTHER),
    ]


def test_what_is_being_uploaded_is_not_listed(tmp_path: Path) -> None:
    for name in ("notes.txt", f".0123456789abcdef{listing.UPLOADING}"):
        (tmp_path / name).touch()
    assert [entry.name for entry in listing.entries(Root(tmp_path), "")] == ["notes.txt"]


def test_a_folder_that_no_tree_can_show_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_NAMES", 3)
    for number in range(4):
        (tmp_path / str(number)).touch()
    with pytest.raises(CoterieError) as caught:
        listing.entries(Root(tmp_path), "")
    assert caught.value.code is ErrorCode.TOO_BIG


def test_changes_say_what_is_wrong(tmp_path: Path) -> None:
    root = Root(tmp_path)
    changes.create(root, "deep/in/file", folder=False)
    changes.create(root, "folder", folder=True)
    (tmp_path / "out").symlink_to("/tmp")
    wrong: list[tuple[Callable[[], None], ErrorCode]] = [
        (lambda: changes.create(root, "folder", folder=True), ErrorCode.EXISTS),
        (lambda: changes.create(root, "deep/in/file/below", folder=False), ErrorCode.INVALID),
        (lambda: changes.create(root, "out/file", folder=False), ErrorCode.OUTSIDE),
        (lambda: changes.create(root, "", folder=True), ErrorCode.INVALID),
        (lambda: changes.move(root, "missing", "elsewhere"), ErrorCode.NOT_FOUND),
        (lambda: changes.move(root, "deep", "folder"), ErrorCode.EXISTS),
        (lambda: changes.move(root, "deep", "deep/in/itself"), ErrorCode.INVALID),
        (lambda: changes.delete(root, "missing"), ErrorCode.NOT_FOUND),
        (lambda: changes.delete(root, ""), ErrorCode.INVALID),
    ]
    for number, (change, code) in enumerate(wrong):
        with pytest.raises(CoterieError) as caught:
            change()
        assert caught.value.code is code, number
    changes.move(root, "deep/in/file", "moved/there")
    assert (tmp_path / "moved" / "there").is_file()


def test_deleting_a_link_leaves_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").touch()
    (tmp_path / "link").symlink_to("folder")
    changes.delete(Root(tmp_path), "link")
    assert (tmp_path / "folder" / "file").exists()
    changes.delete(Root(tmp_path), "folder")
    assert list(tmp_path.iterdir()) == []


def test_the_best_match_is_first() -> None:
    paths = ["src/readme/tool.py", "docs/README.md", "READ.txt", "r/e/a/d/m/e", "unrelated"]
    assert best(paths, "readme", 10) == ["docs/README.md", "src/readme/tool.py", "r/e/a/d/m/e"]
    assert best(paths, "", 2) == ["READ.txt", "unrelated"]
    assert best(paths, "zzz", 10) == []
    assert best(paths, "re", 1) == ["READ.txt"]


async def test_the_tree_over_the_socket(server: RunningWorkspace) -> None:
    page = await server.open()
    assert isinstance(await page.request(FileCreate(0, "tree/file")), Done)
    page.send(FileWatch(["tree", "not/there", "../outside"]))
    await page.succeed(FileList(0, "tree"))
    watcher = await server.open()
    await watcher.succeed(FileCreate(0, "tree/other"))
    assert (await page.wait(FilesChanged)).folders == ["tree"]
    await watcher.succeed(FileMove(0, "tree/other", "tree/moved"))
    await watcher.succeed(FileDelete(0, "tree/file"))
    listed = await page.succeed(FileList(0, "tree"))
    assert [entry.name for entry in listed.entries] == ["moved"]
    assert (await page.succeed(FileFind(0, "tremov"))).paths == ["tree/moved"]
    failed = await page.request(FileMove(0, "tree/moved", "tree/moved/below"))
    assert isinstance(failed, Failed)
    assert failed.code is ErrorCode.INVALID
    page.close()
    watcher.close()


async def test_a_file_that_is_only_written_to_is_no_change_of_the_tree(server: RunningWorkspace) -> None:
    page = await server.open()
    await page.succeed(FileCreate(0, "quiet/file"))
    page.send(FileWatch(["quiet"]))
    await page.succeed(FileList(0, "quiet"))
    replacement = server.files / "quiet" / ".replacement"
    replacement.write_text("new")
    replacement.replace(server.files / "quiet" / "file")
    (server.files / "quiet" / "added").touch()
    await page.wait(FilesChanged)
    listed = await page.succeed(FileList(0, "quiet"))
    assert [entry.name for entry in listed.entries] == ["added", "file"]
    page.close()


async def test_what_git_ignores_is_marked_and_not_found(server: RunningWorkspace) -> None:
    subprocess.run(["git", "init", "-q", str(server.files)], check=True)
    (server.files / ".gitignore").write_text("*.log\nbuild/\n")
    (server.files / "noise.log").touch()
    (server.files / "build").mkdir()
    (server.files / "build" / "output-of-build").touch()
    (server.files / "signal.txt").touch()
    page = await server.open()

    # Answers are given without git when that is slow, as it is the first time on a busy machine.
    async def marked() -> bool:
        listed = await page.succeed(FileList(0, ""))
        return {entry.name for entry in listed.entries if entry.ignored} == {"noise.log", "build"}

    async def found() -> bool:
        # The list of files is made anew after this.
        await page.succeed(FileCreate(0, f"signal-{next(numbers)}.txt"))
        paths = (await page.succeed(FileFind(0, "signal"))).paths
        return (
            paths[:2] == ["signal.txt", "signal-2.txt"] and not (await page.succeed(FileFind(0, "outputofbuild"))).paths
        )

    numbers = itertools.count(2)
    await eventually(marked)
    await eventually(found)
    page.close()
