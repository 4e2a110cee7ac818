"""Archives: every format, and everything a hostile one may try; what is refused leaves nothing behind."""

from __future__ import annotations

import asyncio
import io
import os
import random
import stat
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.hub.sources.archive import unpack
from coterie.hub.sources.tree import UnpackLimits
from coterie.wire.errors import CoterieError, ErrorCode

Member = tuple[tarfile.TarInfo, bytes]


def member(name: str, data: bytes = b"x", **fields: object) -> Member:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in fields.items():
        setattr(info, key, value)
    if info.type != tarfile.REGTYPE:
        info.size = 0
    return info, data


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> Member:
    return member(name, b"", type=kind, linkname=target)


def tar_of(*members: Member) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zip_of(files: dict[str, bytes], modes: dict[str, int] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (modes or {}).get(name, 0o100644) << 16
            archive.writestr(info, data)
    return buffer.getvalue()


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 10_000):
        yield data[start : start + 10_000]


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "place" / "files"
    folder.mkdir(parents=True)
    return folder


def untouched(into: Path) -> bool:
    """Whether nothing was unpacked and nothing lies around."""
    return not list(into.iterdir()) and [entry.name for entry in into.parent.iterdir()] == [into.name]


async def refused(data: bytes, into: Path, limits: UnpackLimits | None = None) -> CoterieError:
    with pytest.raises(CoterieError) as raised:
        await unpack(chunks(data), into, lambda line: None, limits=limits)
    assert untouched(into)
    assert raised.value.sentence.endswith(".")
    return raised.value


def pack(tmp_path: Path, *options: str) -> bytes:
    source = tmp_path / "source" / "project"
    (source / "deep" / "er").mkdir(parents=True)
    (source / "deep" / "er" / "naïve 日本.txt").write_text("grüße\n")
    (source / "run.sh").write_text("#!/bin/sh\n")
    (source / "run.sh").chmod(0o755)
    (source / "empty").touch()
    (source / "link").symlink_to("deep/er")
    os.link(source / "run.sh", source / "same.sh")
    with (source / "sparse").open("wb") as sparse:
        sparse.truncate(1 << 20)
        sparse.seek(0, 2)
        sparse.write(b"end")
    return subprocess.run(
        ["tar", "--create", "--sparse", *options, "project"], cwd=source.parent, capture_output=True, check=True
    ).stdout


def as_is(data: bytes) -> bytes:
    return data


@pytest.mark.parametrize(
    ("options", "squeeze"),
    [
        ((), as_is),
        (("--format=gnu",), as_is),
        (("--format=posix",), as_is),
        (("--gzip",), as_is),
        (("--bzip2",), as_is),
        (("--xz",), as_is),
        ((), zstandard.ZstdCompressor().compress),
    ],
)
async def test_every_kind_of_tar(
    tmp_path: Path, into: Path, options: tuple[str, ...], squeeze: Callable[[bytes], bytes]
) -> None:
    lines: list[str] = []
    await unpack(chunks(squeeze(pack(tmp_path, *options))), into, lines.append)
    top = into / "project"
    assert (top / "deep" / "er" / "naïve 日本.txt").read_text() == "grüße\n"
    assert stat.S_IMODE((top / "run.sh").stat().st_mode) == 0o755
    assert (top / "empty").read_bytes() == b""
    assert (top / "link").readlink() == Path("deep/er")
    assert (top / "same.sh").read_text() == "#!/bin/sh\n"
    assert (top / "sparse").read_bytes() == bytes(1 << 20) + b"end"
    assert lines[0] == "Unpacking the archive" and lines[-1].startswith("Unpacked 5 files")
    assert [entry.name for entry in into.parent.iterdir()] == ["files"]


async def test_zip(into: Path) -> None:
    data = zip_of(
        {"a/b.txt": b"hello", "a/run": b"#!", "win\\dows.txt": b"1", "link": b"a/b.txt", "folder/": b""},
        {"a/run": 0o100755, "link": 0o120777},
    )
    await unpack(chunks(data), into, print)
    assert (into / "a" / "b.txt").read_text() == "hello"
    assert stat.S_IMODE((into / "a" / "run").stat().st_mode) == 0o755
    assert (into / "win" / "dows.txt").read_text() == "1"
    assert (into / "link").readlink() == Path("a/b.txt")
    assert (into / "folder").is_dir()


async def test_an_empty_zip(into: Path) -> None:
    await unpack(chunks(zip_of({})), into, print)
    assert not list(into.iterdir())


async def test_the_later_of_two_counts(into: Path) -> None:
    await unpack(chunks(tar_of(member("a", b"1"), link("b", "a"), member("a", b"2"), member("b", b"3"))), into, print)
    assert ((into / "a").read_text(), (into / "b").read_text()) == ("2", "3")
    assert not (into / "b").is_symlink()


async def test_dangerous_modes_are_dropped(into: Path) -> None:
    await unpack(chunks(tar_of(member("a", mode=0o6777), member("b", mode=0))), into, print)
    assert stat.S_IMODE((into / "a").stat().st_mode) == 0o777
    assert stat.S_IMODE((into / "b").stat().st_mode) == 0o600


UNSAFE = {
    "parent": tar_of(member("../evil")),
    "parent inside": tar_of(member("a/../../evil")),
    "absolute": tar_of(member("/etc/evil")),
    "device": tar_of(member("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3)),
    "block device": tar_of(member("disk", type=tarfile.BLKTYPE)),
    "pipe": tar_of(member("pipe", type=tarfile.FIFOTYPE)),
    "link to absolute": tar_of(link("a", "/etc/passwd")),
    "link to parent": tar_of(link("a", "..")),
    "link up and out": tar_of(link("d/a", "../../x")),
    "links that together lead out": tar_of(member("d/x"), link("d/b", ".."), link("d/a", "b/../x")),
    "link that comes back by name": tar_of(link("a", "../files/x")),
    "through a link": tar_of(link("a", "d"), member("d/x"), member("a/evil")),
    "hard link out": tar_of(link("a", "../../etc/passwd", tarfile.LNKTYPE)),
    "hard link to absolute": tar_of(link("a", "/etc/passwd", tarfile.LNKTYPE)),
    "hard link to nothing": tar_of(link("a", "later", tarfile.LNKTYPE)),
    "hard link to link": tar_of(link("s", "x"), link("a", "s", tarfile.LNKTYPE)),
    "folder over file": tar_of(member("a"), member("a/b")),
    "file over folder": tar_of(member("a/b"), member("a")),
    "control characters": tar_of(member("a\nb")),
    "escape sequence": tar_of(member("a\x1b[2Jb")),
    "not UTF-8": tar_of(member("a\udcff")),
    "long name": tar_of(member("a" * 300)),
    "deep": tar_of(member("d/" * 80 + "a")),
    "no name": tar_of(member("./.")),
    "zip parent": zip_of({"../evil": b""}),
    "zip backslash parent": zip_of({"..\\evil": b""}),
    "zip absolute": zip_of({"/evil": b""}),
    "zip link out": zip_of({"a": b"../../etc"}, {"a": 0o120777}),
    "zip device": zip_of({"a": b""}, {"a": 0o020666}),
}


@pytest.mark.parametrize("name", UNSAFE)
async def test_unsafe_is_refused_whole(name: str, into: Path) -> None:
    error = await refused(UNSAFE[name], into)
    assert error.code == ErrorCode.ARCHIVE_UNSAFE, error
    assert "\n" not in error.sentence and "\x1b" not in error.sentence


async def test_links_that_stay_are_kept(into: Path) -> None:
    await unpack(
        chunks(tar_of(member("d/x"), link("d/up", "../d/x"), link("loop", "loop"), link("gone", "d/y"))), into, print
    )
    assert (into / "d" / "up").read_text() == "x"
    assert (into / "loop").is_symlink() and (into / "gone").is_symlink()


BOMB = UnpackLimits(size=1 << 20, entries=50, ratio=20, ratio_from=1 << 18, upload=1 << 20)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (zip_of({"zeros": bytes(900_000)}), ErrorCode.ARCHIVE_UNSAFE),
        (zip_of({f"z{n}": random.Random(n).randbytes(1000) * 60 for n in range(20)}), ErrorCode.ARCHIVE_UNSAFE),
        (tar_of(member("zeros", bytes(1 << 20))), ErrorCode.TOO_BIG),
        (tar_of(*(member(f"f{n}") for n in range(51))), ErrorCode.TOO_BIG),
        (zip_of({f"f{n}": b"" for n in range(51)}), ErrorCode.TOO_BIG),
        (zip_of({"f" * 200 + str(n): b"" for n in range(500)}), ErrorCode.TOO_BIG),
        (zip_of({"noise": random.Random(1).randbytes(2 << 20)}), ErrorCode.TOO_BIG),
        (zstandard.ZstdCompressor().compress(tar_of(member("zeros", bytes(900_000)))), ErrorCode.ARCHIVE_UNSAFE),
    ],
)
async def test_bombs(data: bytes, code: ErrorCode, into: Path) -> None:
    assert (await refused(data, into, BOMB)).code == code


def huge_header() -> bytes:
    """A tar.gz whose extended header claims a gigabyte and has it, in zeros."""
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, 1 << 30
    squeezer = zstandard.ZstdCompressor().compressobj()
    parts = [squeezer.compress(info.tobuf(tarfile.USTAR_FORMAT))]
    parts += [squeezer.compress(bytes(1 << 20)) for _ in range(16)]
    return b"".join([*parts, squeezer.flush()])


def endless_sparse() -> bytes:
    """A tar whose list of a sparse file's parts goes on for longer than any honest one."""
    info = tarfile.TarInfo("sparse")
    info.type = tarfile.GNUTYPE_SPARSE
    head = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    head[482] = 1
    head[148:156] = b"%06o\0 " % tarfile.calc_chksums(bytes(head))[0]  # type: ignore[attr-defined]
    more = b"00000000001\0" * 42 + b"\1" + bytes(7)
    return zstandard.ZstdCompressor().compress(bytes(head) + more * 20_000)


def many_headers() -> bytes:
    """A tar that says a megabyte about everything, again and again, before its first file."""
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = tarfile.XGLTYPE, 1 << 20
    head = info.tobuf(tarfile.USTAR_FORMAT)
    records = (b"%d k%03d=" % (1 << 20, n) for n in range(8))
    bodies = [record + b"x" * ((1 << 20) - len(record) - 1) + b"\n" for record in records]
    return zstandard.ZstdCompressor().compress(b"".join(head + body for body in bodies) + tar_of(member("a")))


def encrypted() -> bytes:
    data = bytearray(zip_of({"a": b"1"}))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\x7fELF" + bytes(1000),
        b"PK\x03\x04" + bytes(100),
        b"\x1f\x8b" + bytes(100),
        b"\x28\xb5\x2f\xfd" + bytes(100),
        b"BZh9" + bytes(100),
        b"\xfd7zXZ\x00" + bytes(100),
        huge_header(),
        endless_sparse(),
        many_headers(),
        encrypted(),
        zip_of({"a": b"1" * 1000})[:-30],
        tar_of(member("a", b"1" * 5000))[:3000],
    ],
)
async def test_what_is_no_whole_archive(data: bytes, into: Path) -> None:
    assert (await refused(data, into)).code == ErrorCode.ARCHIVE_UNREADABLE


async def test_a_broken_upload_leaves_nothing(into: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"PK\x03\x04"
        raise ConnectionResetError

    with pytest.raises(CoterieError):
        await unpack(broken(), into, print)
    assert untouched(into)


async def test_cancelled_while_unpacking(into: Path) -> None:
    data = tar_of(*(member(f"f{n}", bytes(5000)) for n in range(2000)))
    working: asyncio.Task[None]

    def cancel(line: str) -> None:
        working.cancel()

    working = asyncio.create_task(unpack(chunks(data), into, cancel))
    with pytest.raises(asyncio.CancelledError):
        await working
    assert untouched(into)


async def test_a_full_disk_is_called_so(into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    assert (await refused(tar_of(member("a")), into)).code == ErrorCode.DISK_FULL


PART = st.sampled_from(["..", ".", "", "a", "b", "link", "deep", "...", "é", "\x00", "\n", "a" * 260, "~", "C:"])
NAMES = st.lists(PART, min_size=1, max_size=6).map("/".join)
ENTRIES = st.lists(st.tuples(st.sampled_from(["file", "folder", "link", "hard"]), NAMES, NAMES), min_size=1, max_size=8)


def built(plan: list[tuple[str, str, str]]) -> bytes:
    kinds = {"file": tarfile.REGTYPE, "folder": tarfile.DIRTYPE, "link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE}
    return tar_of(
        *(
            member(name, b"evil", type=kinds[kind], linkname=target if kind in ("link", "hard") else "")
            for kind, name, target in plan
        )
    )


@settings(max_examples=150, deadline=None)
@given(ENTRIES)
def test_whatever_the_names_nothing_reaches_outside(plan: list[tuple[str, str, str]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        outside = Path(place)
        into = outside / "work" / "files"
        into.mkdir(parents=True)
        (outside / "link").write_text("mine")
        accepted = True
        try:
            asyncio.run(unpack(chunks(built(plan)), into, lambda line: None))
        except CoterieError:
            accepted = False
        assert (outside / "link").read_text() == "mine"
        assert sorted(entry.name for entry in outside.iterdir()) == ["link", "work"]
        assert [entry.name for entry in into.parent.iterdir()] == ["files"]
        assert accepted or not list(into.iterdir())
        for path in into.rglob("*"):
            reached = path.resolve(strict=False) if not path.is_symlink() else Path(os.path.realpath(path))
            assert reached.is_relative_to(into.resolve())
