"""What listens in a machine, as the workspace tells it; through a hub and a real machine in tests/hub/ports."""

from __future__ import annotations

import socket
from typing import cast
from unittest.mock import Mock

import pytest

from coterie.machine.ports import Listener
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.workspace import ports
from coterie.workspace.member import Member
from coterie.workspace.processes import Spawner
from tests.support.waiting import eventually


class Machine:
    """Of a spawner what is asked here."""

    def __init__(self) -> None:
        self.programs: list[Listener] = []

    async def ports(self) -> list[Listener]:
        return self.programs


async def test_a_program_that_ends_as_it_is_connected_to_is_on_the_list_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = Machine()
    monkeypatch.setattr(ports, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(ports, "listening", lambda: {port: ("", port) for port, _, _ in machine.programs})
    service = ports.Ports(cast(Spawner, machine))
    # Bound and not listening, for as long as it is asked for: nobody else comes to listen there.
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        machine.programs = [(port, "127.0.0.1", "python3")]
        with pytest.raises(CoterieError) as refused:
            await service.connect(port)
    assert refused.value.code is ErrorCode.UNAVAILABLE
    machine.programs = []
    service.joined(Mock(Member))

    async def gone() -> bool:
        with pytest.raises(CoterieError) as refused:
            await service.connect(port)
        return refused.value.code is ErrorCode.NOT_FOUND

    await eventually(gone)
    await service.stop()
