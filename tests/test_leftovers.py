"""A process that a run leaves is found by whatever ties it to the run's folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import leftovers

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="there is no /proc to look in")

WAIT = "import sys; print(flush=True); sys.stdin.read()"


@pytest.mark.parametrize("tie", ["nothing", "argument", "environment", "directory", "open file", "deleted file"])
def test_what_is_left_is_found(tie: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "ENDED_WITHIN", 0)
    folder = tmp_path / "run"
    folder.mkdir()
    with (folder / "file").open("w") as file:
        if tie == "deleted file":
            (folder / "file").unlink()
        process = subprocess.Popen(
            [sys.executable, "-c", WAIT, str(folder) if tie == "argument" else ""],
            cwd=folder if tie == "directory" else "/",
            env={"TMPDIR": str(folder)} if tie == "environment" else {},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file if "file" in tie else None,
        )
    assert process.stdout and process.stdin
    with process.stdout, process.stdin, process:
        process.stdout.readline()
        found = leftovers.left(folder)
        assert [line.split()[0] for line in found] == ([] if tie == "nothing" else [str(process.pid)])
        process.stdin.close()
        process.wait(20)
        assert leftovers.left(folder) == []
