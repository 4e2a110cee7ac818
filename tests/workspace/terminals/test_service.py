"""Terminals as people use them: open, type, share, leave, come back, end."""

from __future__ import annotations

from coterie.workspace.terminals import Terminals
from tests.workspace.terminals.people import Tab


async def test_what_is_typed_is_seen_by_everyone(terminals: Terminals) -> None:
    ada, bob = Tab(terminals), Tab(terminals, "bob")
    number = await ada.open()
    await bob.attach(number)
    ada.type(number, "echo $((6 * 7))\r")
    for tab in (ada, bob):
        await tab.sees(number, "\r\n42\r\n")


async def test_exit_code_is_shown(terminals: Terminals) -> None:
    ada = Tab(terminals)
    number = await ada.open()
    ada.type(number, "exit 3\r")
    assert (await ada.ended(number)).exit_code == 3
