from __future__ import annotations

import asyncio
import errno
import gzip
import io
import os
import stat
import tarfile
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from coterie.wire import tickets
from coterie.wire.capabilities import ACCESS, Capability, Role
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.workspace.files import content, pack, unpack
from coterie.workspace.files.content import Content
from coterie.workspace.files.uploads import Uploads
from coterie.workspace.paths import Root
from tests.support.workspace import RunningWorkspace


@pytest.fixture
def http(server: RunningWorkspace) -> Any:
    class Ticketed(httpx.Auth):
        def auth_flow(self, request: httpx.Request) -> Any:
            request.headers.setdefault(tickets.HEADER, server.header(server.ticket()))
            yield request

    transport = httpx.HTTPTransport(uds=str(server.http))
    with httpx.Client(transport=transport, base_url="http://workspace/files/", auth=Ticketed(), timeout=20) as client:
        yield client


def test_a_file_is_written_and_read_back(http: httpx.Client, server: RunningWorkspace) -> None:
    data = os.urandom(3 << 20)
    assert http.put("new/folder/ä b.bin", content=data).status_code == 201
    answer = http.get("new/folder/ä b.bin")
    assert answer.content == data
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%A4%20b.bin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert [path.name for path in (server.files / "new/folder").iterdir()] == ["ä b.bin"]


def test_replacing_keeps_the_mode_and_follows_links(http: httpx.Client, server: RunningWorkspace) -> None:
    script = server.files / "script"
    script.write_text("old")
    script.chmod(0o750)
    (server.files / "link").symlink_to("script")
    assert http.put("link", content=b"new").status_code == 204
    assert script.read_text() == "new"
    assert stat.S_IMODE(script.stat().st_mode) == 0o750
    assert (server.files / "link").is_symlink()


def test_ranges_and_tags(http: httpx.Client) -> None:
    http.put("range", content=b"0123456789")
    whole = http.get("range")
    tag = whole.headers["etag"]
    for header, expected in [
        ("bytes=2-4", b"234"),
        ("bytes=7-", b"789"),
        ("bytes=-2", b"89"),
        ("bytes=5-99", b"56789"),
    ]:
        part = http.get("range", headers={"range": header})
        assert (part.status_code, part.content) == (206, expected)
    assert http.get("range", headers={"range": "bytes=3-4", "if-range": '"other"'}).content == b"0123456789"
    assert http.get("range", headers={"range": "bytes=10-"}).status_code == 416
    assert http.get("range", headers={"range": "nonsense"}).status_code == 200
    assert http.get("range", headers={"if-none-match": tag}).status_code == 304
    assert http.head("range").headers["content-length"] == "10"
    assert http.put("range", content=b"x", headers={"if-match": '"other"'}).json()["code"] == "conflict"
    assert http.put("range", content=b"x", headers={"if-none-match": "*"}).json()["code"] == "exists"
    assert http.put("range", content=b"x", headers={"if-match": tag}).status_code == 204


@pytest.mark.parametrize(
    ("name", "kind", "shown"),
    [
        ("page.html", "text/plain; charset=utf-8", True),
        ("page.xhtml", "text/plain; charset=utf-8", True),
        ("drawing.svg", "image/svg+xml", False),
        ("feed.xml", "text/plain; charset=utf-8", True),
        ("script.js", "text/plain; charset=utf-8", True),
        ("photo.PNG", "image/png", True),
        ("paper.pdf", "application/octet-stream", False),
        ("page.html.gz", "application/octet-stream", False),
        ("Makefile", "text/plain; charset=utf-8", True),
    ],
)
def test_nothing_is_sent_as_something_that_runs(http: httpx.Client, name: str, kind: str, shown: bool) -> None:
    http.put(name, content=b"<script>alert(1)</script>")
    answer = http.get(name)
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"].startswith("inline" if shown else "attachment")
    assert http.get(f"{name}?download=1").headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("method", "needed"), [("GET", Capability.FILE_READ), ("PUT", Capability.FILE_WRITE)])
def test_every_role_may_do_what_it_may(
    http: httpx.Client, server: RunningWorkspace, role: Role, method: str, needed: Capability
) -> None:
    (server.files / "shared").write_text("shared")
    headers = {tickets.HEADER: server.header(server.ticket(role))}
    answer = http.request(method, "shared", headers=headers, content=b"shared" if method == "PUT" else None)
    assert (answer.status_code == 403) == (needed not in ACCESS[role])


def test_without_a_ticket_there_is_nothing(http: httpx.Client, server: RunningWorkspace) -> None:
    for header in ("nonsense", server.header(server.ticket(expires=0)), server.header(server.ticket(workspace="x"))):
        assert http.get("shared", headers={tickets.HEADER: header}).status_code == 403


def test_what_cannot_be_read_gets_a_sentence(http: httpx.Client, server: RunningWorkspace) -> None:
    (server.files / "out").symlink_to("/etc/passwd")
    (server.files / "somewhere").mkdir()
    for path, code in [("missing", "not-found"), ("out", "outside"), ("somewhere", "invalid"), ("%2e%2e/x", "invalid")]:
        answer = http.get(path).json()
        assert answer["code"] == code
        assert answer["sentence"]


def test_folders_go_out_and_come_in_as_archives(http: httpx.Client, server: RunningWorkspace) -> None:
    folder = server.files / "project"
    (folder / "sub" / "empty").mkdir(parents=True)
    (folder / "run.sh").write_text("echo")
    (folder / "run.sh").chmod(0o755)
    (folder / "sub" / "large").write_bytes(os.urandom(1 << 20))
    (folder / "inside").symlink_to("sub/large")
    for name in ("zip", "tar.gz"):
        packed = http.get(f"project?archive={name}")
        assert packed.status_code == 200
        target = f"unpacked-{name}"
        answer = http.put(f"{target}?unpack=1", content=packed.content)
        assert answer.json()["files"] == 5, answer.text
        into = server.files / target / "project"
        assert (into / "sub" / "large").read_bytes() == (folder / "sub" / "large").read_bytes()
        assert os.access(into / "run.sh", os.X_OK)
        assert (into / "sub" / "empty").is_dir()
        assert (into / "inside").readlink() == Path("sub/large")


def test_links_out_of_a_folder_are_packed_as_links(http: httpx.Client, server: RunningWorkspace) -> None:
    (server.files / "leaky").mkdir()
    (server.files / "leaky" / "passwd").symlink_to("/etc/passwd")
    packed = http.get("leaky?archive=tar.gz").content
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        assert [(member.name, member.issym()) for member in archive] == [("leaky/passwd", True)]


def tar_of(*members: tuple[str, bytes, str]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, kind, target in members:
            entry = tarfile.TarInfo(name)
            entry.type = kind
            entry.linkname = target
            entry.size = 4 if kind == tarfile.REGTYPE else 0
            archive.addfile(entry, io.BytesIO(b"evil") if entry.size else None)
    return data.getvalue()


HOSTILE = {
    "climbs": tar_of(("../evil", tarfile.REGTYPE, "")),
    "absolute": tar_of(("/tmp/evil", tarfile.REGTYPE, "")),
    "through a link": tar_of(("link", tarfile.SYMTYPE, ".."), ("link/evil", tarfile.REGTYPE, "")),
    "a link out": tar_of(("link", tarfile.SYMTYPE, "../../etc")),
    "an absolute link": tar_of(("link", tarfile.SYMTYPE, "/etc")),
    "a device": tar_of(("null", tarfile.CHRTYPE, "")),
    "a pipe": tar_of(("pipe", tarfile.FIFOTYPE, "")),
    "a hard link out": tar_of(("link", tarfile.LNKTYPE, "../../evil")),
    "a hard link to nothing": tar_of(("link", tarfile.LNKTYPE, "evil")),
    "a hard link to a link": tar_of(("soft", tarfile.SYMTYPE, "x"), ("link", tarfile.LNKTYPE, "soft")),
    "through a link inside": tar_of(
        ("real", tarfile.DIRTYPE, ""), ("link", tarfile.SYMTYPE, "real"), ("link/evil", tarfile.REGTYPE, "")
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused(http: httpx.Client, server: RunningWorkspace, name: str) -> None:
    answer = http.put("trap/inner?unpack=1", content=HOSTILE[name])
    assert answer.json()["code"] == "archive-unsafe"
    assert not list(server.files.rglob("evil"))


@pytest.mark.parametrize("data", [b"", b"nonsense" * 1000, b"PK\x05\x06" + bytes(18) + b"tail"])
def test_what_is_no_archive_is_said_so(http: httpx.Client, data: bytes) -> None:
    answer = http.put("nothing?unpack=1", content=data)
    assert answer.status_code == 200 or answer.json()["code"] == "archive-unreadable"


async def test_archives_that_nobody_takes_hold_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "noise").write_bytes(b"noise")
    asked, taken = asyncio.Event(), asyncio.Event()

    async def send(data: bytes) -> None:
        asked.set()
        await taken.wait()

    folder = os.open(tmp_path, os.O_RDONLY)
    packing = [asyncio.ensure_future(pack.pack(folder, "a", "zip", send)) for _ in range(40)]
    await asked.wait()
    assert await asyncio.wait_for(asyncio.to_thread(lambda: "saved"), 30) == "saved"
    assert not any(each.done() for each in packing)
    taken.set()
    await asyncio.gather(*packing)
    taken.clear()
    monkeypatch.setattr(pack, "TAKEN_WITHIN", 0.01)
    with pytest.raises(TimeoutError):
        await pack.pack(folder, "a", "zip", send)
    os.close(folder)


def test_hard_links_stay_one_file(http: httpx.Client, server: RunningWorkspace) -> None:
    data = tar_of(("a/one", tarfile.REGTYPE, ""), ("two", tarfile.LNKTYPE, "a/one"))
    assert http.put("linked?unpack=1", content=data).json() == {"files": 2}
    assert (server.files / "linked" / "two").samefile(server.files / "linked" / "a" / "one")


def test_an_archive_cannot_take_the_servers_memory(http: httpx.Client) -> None:
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, 1 << 30
    data = gzip.compress(info.tobuf(tarfile.USTAR_FORMAT) + bytes(16 << 20))
    assert http.put("huge?unpack=1", content=data).json()["code"] == "archive-unreadable"


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def test_bombs_end_at_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(8):
            archive.writestr(str(number), bytes(1 << 20))
    folder = os.open(tmp_path, os.O_RDONLY)
    for limit, value in (("MOST_BYTES", 3 << 20), ("MOST_FILES", 5)):
        with monkeypatch.context() as patch:
            patch.setattr(unpack, limit, value)
            with pytest.raises(CoterieError) as caught:
                await unpack.unpack(folder, pieces(bomb.getvalue()), 1 << 30, "")
        assert caught.value.code is ErrorCode.TOO_BIG
        assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 6 << 20
    with pytest.raises(CoterieError) as caught:
        await unpack.unpack(folder, pieces(bomb.getvalue()), 100, "")
    assert caught.value.code is ErrorCode.TOO_BIG
    os.close(folder)


class Asked:
    """An exchange without a connection."""

    method = "PUT"
    path = "/files/precious"

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.query: dict[str, str] = {}

    def need(self, capability: Capability) -> None: ...

    async def body(self) -> AsyncIterator[bytes]:
        yield b"new"
        yield b"newer"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
async def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "precious").write_text("old")
    plain: Callable[[int, bytes], None] = content._write_all

    def full(descriptor: int, data: bytes) -> None:
        plain(descriptor, data[:1])
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(content, "_write_all", full)
    with pytest.raises(CoterieError) as caught:
        root = Root(files)
        await Content(root, Uploads(root, tmp_path / "uploads")).serve(cast(Any, Asked()))
    assert caught.value.code is ErrorCode.DISK_FULL
    assert "precious" in caught.value.sentence
    assert (files / "precious").read_text() == "old"
    assert [entry.name for entry in files.iterdir()] == ["precious"]


def test_an_upload_that_breaks_off_leaves_the_old_file(http: httpx.Client, server: RunningWorkspace) -> None:
    http.put("broken", content=b"old")

    def body() -> Any:
        yield b"new"
        raise RuntimeError("the line broke")

    with pytest.raises(RuntimeError):
        http.put("broken", content=body())
    assert http.get("broken").content == b"old"
