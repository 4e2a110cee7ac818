"""The client against a running hub: two people and a workspace, from the printed link to the last sign-out."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from coterie.client import Client
from coterie.client.types import BlankSource, GoneEvent, MeEvent, SnapshotEvent, Workspace, WorkspaceEvent
from coterie.wire.capabilities import Role
from coterie.wire.errors import CoterieError, ErrorCode
from tests.support.hub import PASSWORD, RunningHub

OTHER_PASSWORD = "a different one altogether"


@pytest.fixture(scope="module")
def hub() -> Iterator[RunningHub]:
    # A short name: the paths of sockets below it have to fit.
    with tempfile.TemporaryDirectory(prefix="coterie-") as folder:
        running = RunningHub(Path(folder) / "data", {"COTERIE_DRIVER": "process"}).start()
        yield running
        running.close()


@pytest.fixture(scope="module")
def ada(hub: RunningHub) -> Iterator[Client]:
    """The administrator."""
    with Client(hub.address) as client:
        assert client.setup_state().needed
        me = client.set_up(hub.setup_link.partition("#")[2], "ada", "Ada Lovelace", PASSWORD)
        assert me.administrator and me == client.me() and not client.setup_state().needed
        yield client


@pytest.fixture(scope="module")
def grace(hub: RunningHub, ada: Client) -> Iterator[Client]:
    """Somebody whom Ada invited."""
    made = ada.invite("for Grace", days=1)
    assert made.link == f"{hub.address}/join#{made.token}"
    with Client(hub.address) as client:
        assert client.look_up_invitation(made.token).invited_by == "Ada Lovelace"
        assert client.register("grace", "Grace Hopper", PASSWORD, made.token).username == "grace"
        yield client


@contextmanager
def refused(code: ErrorCode) -> Iterator[None]:
    with pytest.raises(CoterieError) as error:
        yield
    assert error.value.code is code, error.value


def settled(client: Client, workspace: Workspace) -> Workspace:
    """The workspace once nothing is being done to it, as the events tell."""
    with closing(client.events()) as stream:
        for event in stream:
            seen = event.workspaces if isinstance(event, SnapshotEvent) else []
            if isinstance(event, WorkspaceEvent):
                seen = [event.workspace]
            for one in seen:
                if one.id == workspace.id and one.settled:
                    return one
    raise AssertionError("the stream of events ended")


@pytest.fixture(scope="module")
def engine(ada: Client) -> Iterator[Workspace]:
    """A workspace of Ada's that runs."""
    made = settled(ada, ada.create("Engine"))
    assert made.state == "running", made
    yield made
    ada.delete(made.id, made.name)


def test_oneself(hub: RunningHub, grace: Client) -> None:
    with closing(grace.events()) as stream:
        assert isinstance(next(stream), SnapshotEvent)
        assert grace.change_me(email="grace@example.org").email == "grace@example.org"
        told = next(event for event in stream if isinstance(event, MeEvent))
    assert told.me == grace.me() and told.me.display_name == "Grace Hopper"
    with refused(ErrorCode.WRONG_PASSWORD):
        grace.change_password("not it", OTHER_PASSWORD)
    with Client(hub.address) as elsewhere:
        elsewhere.sign_in("grace", PASSWORD)
        grace.change_password(PASSWORD, OTHER_PASSWORD)
        with refused(ErrorCode.SIGNED_OUT):
            elsewhere.me()
        assert elsewhere.sign_in("Grace", OTHER_PASSWORD) == grace.me()
        elsewhere.sign_out()
        with refused(ErrorCode.SIGNED_OUT):
            elsewhere.me()


def test_tokens(hub: RunningHub, grace: Client) -> None:
    made = grace.create_token("for a script", days=3)
    assert made.expires and made.token.startswith(made.prefix)
    with Client(hub.address, made.token) as script:
        assert script.me() == grace.me()
        with refused(ErrorCode.FORBIDDEN):
            script.create_token("another")
        assert [token.id for token in grace.tokens()] == [made.id]
        grace.delete_token(made.id)
        with refused(ErrorCode.SIGNED_OUT):
            script.me()
    with refused(ErrorCode.NOT_FOUND):
        grace.delete_token(made.id)


def test_invitations(hub: RunningHub, ada: Client, grace: Client) -> None:
    made = ada.invite("for nobody", uses=2)
    [listed] = [one for one in ada.invitations() if one.id == made.id]
    assert (listed.note, listed.uses_left) == ("for nobody", 2)
    assert listed.created_by and listed.created_by.username == "ada"
    ada.revoke_invitation(made.id)
    with Client(hub.address) as stranger, refused(ErrorCode.EXPIRED):
        stranger.register("nobody", "Nobody", PASSWORD, made.token)
    with refused(ErrorCode.FORBIDDEN):
        grace.invite()


def test_administration(hub: RunningHub, ada: Client, grace: Client) -> None:
    alan = ada.invite()
    with Client(hub.address) as client:
        me = client.register("alan", "Alan Turing", PASSWORD, alan.token)
        assert {"ada", "alan", "grace"} <= {user.username for user in ada.users()}
        assert ada.change_user(me.id, administrator=True).administrator and client.users()
        changed = ada.change_user(me.id, disabled=True, administrator=False)
        assert changed.disabled and not changed.administrator
        with refused(ErrorCode.SIGNED_OUT):
            client.me()
        assert not ada.change_user(me.id, disabled=False).disabled
        ada.give_password(me.id, OTHER_PASSWORD)
        client.sign_in("alan", OTHER_PASSWORD)
        client.sign_out_everywhere()
        with refused(ErrorCode.SIGNED_OUT):
            client.me()
    newest = ada.audit()
    assert newest[0].actor == "alan" and all(entry.id < newest[1].id for entry in ada.audit(before=newest[1].id))
    with refused(ErrorCode.FORBIDDEN):
        grace.audit()


def test_members(ada: Client, grace: Client, engine: Workspace) -> None:
    [found] = ada.find_people("grac")
    with refused(ErrorCode.NOT_FOUND):
        grace.workspace(engine.id)
    with closing(grace.events()) as stream:
        next(stream)
        assert ada.add_member(engine.id, "grace").user == found
        told = next(stream)
        assert isinstance(told, WorkspaceEvent) and told.workspace == grace.workspace(engine.id)
        assert [workspace.id for workspace in grace.workspaces()] == [engine.id]
        assert {member.user.username: member.role for member in grace.members(engine.id)} == {
            "ada": Role.OWNER,
            "grace": told.workspace.role,
        }
        with refused(ErrorCode.FORBIDDEN):
            grace.remove_member(engine.id, engine.owner.id)
        ada.remove_member(engine.id, found.id)
        assert next(event for event in stream if isinstance(event, GoneEvent)).id == engine.id
    ada.add_member(engine.id, "grace")
    grace.leave(engine.id)
    assert grace.workspaces() == []
    assert {"ada"} == {entry.actor for entry in ada.audit(engine.id)} - {"", "grace"}


def test_files(ada: Client, engine: Workspace, tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(bytes(range(256)) * 4096)
    assert ada.write_file(engine.id, "notes/ä #1.txt", b"one") is True
    assert ada.write_file(engine.id, "notes/ä #1.txt", b"two") is False
    assert ada.read_file(engine.id, "notes/ä #1.txt") == b"two"
    ada.write_file(engine.id, "big", big)
    assert b"".join(ada.download(engine.id, "big")) == big.read_bytes()
    packed = zipfile.ZipFile(io.BytesIO(b"".join(ada.download(engine.id, "notes", "zip"))))
    assert [packed.read(name) for name in packed.namelist() if name.endswith(".txt")] == [b"two"]
    archive = tmp_path / "more.zip"
    with zipfile.ZipFile(archive, "w") as more:
        more.writestr("a.txt", "a")
        more.writestr("b.txt", "b")
    assert ada.unpack(engine.id, "more", archive).files == 2
    assert ada.read_file(engine.id, "more/b.txt") == b"b"
    whole = b"".join(ada.download(engine.id, "", "zip"))
    assert any(name.endswith("more/a.txt") for name in zipfile.ZipFile(io.BytesIO(whole)).namelist())
    with refused(ErrorCode.NOT_FOUND):
        ada.read_file(engine.id, "nothing")


def test_what_else_belongs_to_a_workspace(hub: RunningHub, ada: Client, engine: Workspace) -> None:
    assert ada.layout(engine.id) is None
    ada.keep_layout(engine.id, {"panes": [1, 2]})
    assert ada.layout(engine.id) == {"panes": [1, 2]}
    origin = f"http://3000--{engine.id}.localhost:{hub.port}/"
    assert ada.port_address(engine.id, 3000).url == origin
    assert ada.open_port(engine.id, 3000, "/docs").startswith(origin)
    text, end = ada.log(engine.id)
    assert "Running" in text and ada.log(engine.id, end) == ("", end)
    assert ada.address(engine.id) == f"{hub.address}/w/{engine.id}"


def test_a_workspaces_life(ada: Client, tmp_path: Path) -> None:
    archive = tmp_path / "first.zip"
    with zipfile.ZipFile(archive, "w") as first:
        first.writestr("a.txt", "hello")
    made = settled(ada, ada.create_from_archive("First", archive))
    assert ada.read_file(made.id, "a.txt") == b"hello" and not isinstance(made.source, BlankSource)
    assert settled(ada, ada.stop(made.id)).state == "stopped"
    with refused(ErrorCode.NOT_RUNNING):
        ada.read_file(made.id, "a.txt")
    assert settled(ada, ada.start(made.id)).state == "running"
    with refused(ErrorCode.INVALID):
        ada.delete(made.id, "something else")
    ada.delete(made.id, "First")
    with refused(ErrorCode.NOT_FOUND):
        ada.workspace(made.id)
