"""Finding files that were moved."""

from __future__ import annotations

import os
from pathlib import Path

from coterie.workspace.documents import disk, inplace, moves
from coterie.workspace.paths import Root


def test_a_name_that_is_no_text_is_left_alone(tmp_path: Path) -> None:
    root = Root(tmp_path)
    (tmp_path / "a.txt").write_text("hello")
    known = disk.read(root, "a.txt")
    unsayable = tmp_path / os.fsdecode(b"\xff.txt")
    (tmp_path / "a.txt").rename(unsayable)
    assert moves.find(root, "a.txt", known.stamp, known.digest) is None
    unsayable.rename(tmp_path / "b.txt")
    assert moves.find(root, "a.txt", known.stamp, known.digest) == "b.txt"
    root.close()


def test_a_pipe_in_the_place_of_a_file_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        inplace.overwrite(folder, "pipe", "pipe", b"text", tmp_path / "journal")
    except OSError:
        pass
    else:
        raise AssertionError("a pipe was written to")
    finally:
        os.close(folder)
