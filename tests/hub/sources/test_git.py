"""Cloning: from a real server, over real HTTP, and against what a hostile address may try."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvloop

from coterie.hub.sources import git as sources_git
from coterie.hub.sources.git import CloneLimits, clone
from coterie.wire.errors import CoterieError, ErrorCode
from tests.support.git_server import TOKEN, USERNAME, GitServer, git
from tests.support.hub import free_port


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    root = tmp_path / "git"
    root.mkdir()
    with GitServer(root) as running:
        yield running


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


async def test_a_clone_is_whole_and_clean(server: GitServer, into: Path) -> None:
    server.add("calc", {"calc.py": "def add(a, b):\n    return a + b\n", "tests/test_calc.py": "import calc\n"})
    lines: list[str] = []
    await clone(server.url("calc"), None, into, lines.append, allow_local=True)
    assert (into / "calc.py").read_text() == "def add(a, b):\n    return a + b\n"
    assert git(into, "status", "--porcelain") == ""
    assert git(into, "remote", "get-url", "origin").strip() == server.url("calc")
    assert git(into, "branch", "--show-current").strip() == "main"
    assert not list((into / ".git" / "hooks").glob("*")) if (into / ".git" / "hooks").exists() else True
    assert lines[0].startswith("Cloning http://127.0.0.1") and lines[-1] == "Cloned"
    assert not any(str(into) in line for line in lines)


async def test_a_branch(server: GitServer, into: Path) -> None:
    work = server.add("calc", {"a": "main\n"})
    git(work, "switch", "--quiet", "--create", "topic/1")
    (work / "a").write_text("topic\n")
    git(work, "commit", "--quiet", "--all", "--message", "Topic")
    git(work, "push", "--quiet", "origin", "topic/1")
    await clone(server.url("calc"), "topic/1", into, print, allow_local=True)
    assert (into / "a").read_text() == "topic\n"


async def test_an_empty_repository(server: GitServer, into: Path) -> None:
    bare = server.root / "served" / "empty.git"
    bare.mkdir(parents=True)
    git(bare, "init", "--quiet", "--bare")
    await clone(server.url("empty"), None, into, print, allow_local=True)
    assert (into / ".git").is_dir()


@pytest.mark.parametrize("branch", ["gone", "--upload-pack=touch", "a b", "a..b", "-x"])
async def test_a_branch_that_is_not_there(server: GitServer, into: Path, branch: str) -> None:
    server.add("calc", {"a": "main\n"})
    with pytest.raises(CoterieError) as refused:
        await clone(server.url("calc"), branch, into, print, allow_local=True)
    assert refused.value.code == (ErrorCode.GIT_FAILED if branch == "gone" else ErrorCode.INVALID)
    assert branch in refused.value.sentence
    assert not list(into.iterdir())


async def test_a_private_repository_is_named_as_such(server: GitServer, into: Path) -> None:
    server.add("secret", {"a": "1"}, private=True)
    with pytest.raises(CoterieError) as refused:
        await clone(server.url("secret"), None, into, print, allow_local=True)
    assert refused.value.code == ErrorCode.GIT_PRIVATE
    assert "private or does not exist" in refused.value.sentence


async def test_credentials_open_it_and_are_kept_nowhere(server: GitServer, into: Path) -> None:
    server.add("secret", {"a": "1"}, private=True)
    lines: list[str] = []
    await clone(server.url("secret", credentials=f"{USERNAME}:{TOKEN}"), None, into, lines.append, allow_local=True)
    assert (into / "a").read_text() == "1"
    assert TOKEN not in "\n".join(lines)
    kept = subprocess.run(["grep", "-r", "-l", TOKEN, str(into)], capture_output=True, text=True, check=False)
    assert kept.stdout == ""


async def test_wrong_credentials(server: GitServer, into: Path) -> None:
    server.add("secret", {"a": "1"}, private=True)
    with pytest.raises(CoterieError) as refused:
        await clone(server.url("secret", credentials="ada:wrong-one"), None, into, print, allow_local=True)
    assert refused.value.code == ErrorCode.GIT_PRIVATE
    assert "wrong-one" not in str(refused.value)


async def test_nobody_answers(into: Path) -> None:
    with pytest.raises(CoterieError) as refused:
        await clone(f"http://127.0.0.1:{free_port()}/x.git", None, into, print, allow_local=True)
    assert refused.value.code == ErrorCode.GIT_UNREACHABLE
    assert "does not answer" in refused.value.sentence


async def test_an_unknown_name(into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    with pytest.raises(CoterieError) as refused:
        await clone("https://no-such-host.invalid/x.git", None, into, print, allow_local=True)
    assert refused.value.code == ErrorCode.GIT_UNREACHABLE


async def test_no_repository_there(server: GitServer, into: Path) -> None:
    with pytest.raises(CoterieError) as refused:
        await clone(server.url("nothing"), None, into, print, allow_local=True)
    assert refused.value.code == ErrorCode.GIT_UNREACHABLE
    assert "no git repository" in refused.value.sentence


async def test_a_line_that_breaks_leaves_nothing_behind(server: GitServer, into: Path) -> None:
    server.add("calc", {f"f{n}": "x" * 1000 for n in range(50)})
    server.failing = True
    with pytest.raises(CoterieError) as refused:
        await clone(server.url("calc"), None, into, print, allow_local=True)
    assert refused.value.code in (ErrorCode.GIT_UNREACHABLE, ErrorCode.GIT_FAILED)
    assert not list(into.iterdir())


async def test_redirects_are_followed_and_the_given_address_is_remembered(server: GitServer, into: Path) -> None:
    server.add("calc", {"a": "1"})
    server.redirects["/old"] = f"http://127.0.0.1:{server.port}/calc"
    await clone(server.url("old"), None, into, print, allow_local=True)
    assert (into / "a").read_text() == "1"
    assert git(into, "remote", "get-url", "origin").strip() == server.url("old")


async def test_redirects_in_circles(server: GitServer, into: Path) -> None:
    server.redirects["/a.git"] = "/b.git"
    server.redirects["/b.git"] = "/a.git"
    with pytest.raises(CoterieError, match="circles"):
        await clone(server.url("a"), None, into, print, allow_local=True)


async def test_credentials_do_not_follow_a_redirect_to_another_host(server: GitServer, into: Path) -> None:
    server.add("secret", {"a": "1"}, private=True)
    server.redirects["/old"] = f"http://localhost:{server.port}/secret"
    with pytest.raises(CoterieError) as refused:
        await clone(server.url("old", credentials=f"{USERNAME}:{TOKEN}"), None, into, print, allow_local=True)
    assert refused.value.code == ErrorCode.GIT_PRIVATE


async def test_too_large(server: GitServer, into: Path) -> None:
    work = server.add("big", {"a": "1"})
    (work / "noise").write_bytes(os.urandom(3 << 20))
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "Noise")
    git(work, "push", "--quiet", "origin", "main")
    with pytest.raises(CoterieError) as refused:
        await clone(server.url("big"), None, into, print, allow_local=True, limits=CloneLimits(size=0))
    assert refused.value.code == ErrorCode.TOO_BIG
    assert not list(into.iterdir())


async def test_too_long(into: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(CoterieError, match="longer than"):
        port = silent.getsockname()[1]
        await clone(
            f"http://127.0.0.1:{port}/x.git", None, into, print, allow_local=True, limits=CloneLimits(seconds=0.3)
        )


async def test_cancelled(into: Path) -> None:
    def cancel(line: str) -> None:
        cloning.cancel()

    cloning = asyncio.create_task(clone("http://127.0.0.1:9/x.git", None, into, cancel, allow_local=True))
    with pytest.raises(asyncio.CancelledError):
        await cloning
    assert not list(into.iterdir())


TWO = """
import os, sys
alive, held = os.pipe()
if os.fork():
    os.read(os.pipe()[0], 1)
os.setsid()
os.close(held)
print("second", file=sys.stderr, flush=True)
os.read(alive, 1)
for number in range(5_000_000):
    pass
for path in sys.argv[1:]:
    open(path, "w").close()
"""
"""A git of two processes, as in a sandbox: the second is not killed with the first, and writes when that is dead."""


def test_nothing_of_it_goes_on_once_it_was_given_up(
    server: GitServer, into: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = (into / "late", tmp_path / "last")
    monkeypatch.setattr(sources_git, "_jailed", lambda *_: [sys.executable, "-c", TWO, *map(str, written)])
    server.add("calc", {"a": "1"})

    async def give_up() -> None:
        told: asyncio.Queue[str] = asyncio.Queue()
        cloning = asyncio.create_task(clone(server.url("calc"), None, into, told.put_nowait, allow_local=True))
        async with asyncio.timeout(30):
            while await told.get() != "second":
                pass
        cloning.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cloning

    # The hub's own loop, in which a process that ended may have left others that hold its pipes.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(give_up())
    assert written[1].exists() and not list(into.iterdir())


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("git@example.org:people/project.git", ErrorCode.GIT_PRIVATE),
        ("ssh://git@example.org/people/project.git", ErrorCode.GIT_PRIVATE),
        ("file:///etc", ErrorCode.INVALID),
        ("/etc", ErrorCode.INVALID),
        ("ext::sh -c id", ErrorCode.INVALID),
        ("ftp://example.org/x.git", ErrorCode.INVALID),
        ("https://", ErrorCode.INVALID),
        ("https://example.org:99999/x.git", ErrorCode.INVALID),
        ("https://exa mple.org/x.git", ErrorCode.INVALID),
        ("https://example.org/x\n.git", ErrorCode.INVALID),
        ("https://-oProxyCommand=id/x.git", ErrorCode.INVALID),
        ("--upload-pack=id", ErrorCode.INVALID),
        ("", ErrorCode.INVALID),
    ],
)
async def test_addresses_that_are_none(url: str, code: ErrorCode, into: Path) -> None:
    with pytest.raises(CoterieError) as refused:
        await clone(url, None, into, print, allow_local=True)
    assert refused.value.code == code
    assert refused.value.sentence.endswith((".", "…"))
