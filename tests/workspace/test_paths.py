from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.wire.errors import CoterieError, ErrorCode
from coterie.workspace import paths
from coterie.workspace.paths import Root, parts, rename_new

NAMES = st.sampled_from(["a", "b", "c"])
PLACES = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
TARGETS = st.one_of(
    st.lists(st.sampled_from(["a", "b", "c", "..", "."]), min_size=1, max_size=5).map("/".join),
    st.sampled_from(
        ["/", "ROOT", "ROOT/a", "ROOT/../secret", "/shown/b", "/shown", "OUTSIDE/secret", "/proc/self/root"]
    ),
)
TREES = st.lists(st.tuples(PLACES, st.sampled_from(["folder", "file", "link"]), TARGETS), max_size=10)


def build(base: Path, tree: list[tuple[str, str, str]]) -> Path:
    root = base / "root"
    root.mkdir()
    (base / "secret").write_text("secret")
    for place, kind, target in tree:
        path = root / place
        try:
            if kind == "link":
                path.symlink_to(target.replace("ROOT", str(root)).replace("OUTSIDE", str(base)))
            elif os.path.realpath(path).startswith(str(root)):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.mkdir() if kind == "folder" else path.write_text(place)
        except OSError:
            continue
    return root


@pytest.mark.parametrize("by_kernel", [True, False])
@given(
    tree=TREES, path=PLACES, flags=st.sampled_from([os.O_RDONLY, os.O_RDWR | os.O_CREAT, os.O_RDONLY | os.O_DIRECTORY])
)
@settings(max_examples=150, deadline=None)
def test_nothing_opened_is_outside(by_kernel: bool, tree: list[tuple[str, str, str]], path: str, flags: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "_LINUX", by_kernel)
        base = Path(os.path.realpath(folder))
        where = build(base, tree)
        # The tree may have been built through a link of its own.
        before = sorted(entry.name for entry in base.iterdir())
        root = Root(where, "/shown")
        try:
            descriptor = root.open(path, flags)
        except CoterieError:
            pass
        else:
            real = Path(f"/proc/self/fd/{descriptor}").readlink()
            assert real.is_relative_to(where)
            assert Path(root.resolve(path)) == real.relative_to(where)
            os.close(descriptor)
        finally:
            root.close()
        assert sorted(entry.name for entry in base.iterdir()) == before
        assert (base / "secret").read_text() == "secret"


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "a\0b", "x" * 5000, "\udc80"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(CoterieError) as caught:
        parts(path)
    assert caught.value.code is ErrorCode.INVALID


def test_a_link_out_of_the_files_is_named_so(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to("/etc")
    with pytest.raises(CoterieError) as caught:
        Root(tmp_path).open("out/passwd", os.O_RDONLY)
    assert caught.value.code is ErrorCode.OUTSIDE


def test_links_that_stay_inside_are_followed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("text")
    (tmp_path / "relative").symlink_to("folder/../folder/file")
    (tmp_path / "absolute").symlink_to(tmp_path / "folder" / "file")
    (tmp_path / "as-shown").symlink_to("/workspace/folder/file")
    root = Root(tmp_path, "/workspace")
    for name in ("relative", "absolute", "as-shown"):
        assert root.resolve(name) == "folder/file"
        descriptor = root.open_file(name)
        assert os.read(descriptor, 10) == b"text"
        os.close(descriptor)


def test_pipes_and_devices_are_not_opened_and_do_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CoterieError) as caught:
        Root(tmp_path).open_file("pipe")
    assert caught.value.code is ErrorCode.INVALID


def test_rename_replaces_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    folder = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(FileExistsError):
        rename_new(folder, "one", folder, "two")
    monkeypatch.setattr(paths, "_libc", object())
    with pytest.raises(FileExistsError):
        rename_new(folder, "one", folder, "two")
    rename_new(folder, "one", folder, "three")
    os.close(folder)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["three", "two"]
