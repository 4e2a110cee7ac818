"""What the design was measured with: a relay of Yjs updates that does what a room must do, and nothing else.

Every update is framed once and passed on as it came, everything of one turn of the event loop in one write for each
receiver; the document is made of merged updates now and then. No tickets, rights, log, disk, presence, or bounds.

    prototype_server.py PORT        a room for each path, in the y-websocket protocol
"""

import asyncio
import logging
import sys
from collections import defaultdict
from typing import Any

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server
from pycrdt import Doc, merge_updates

from coterie.workspace.documents.update import number
from coterie.workspace.frames import binary

APPLY_AFTER, MOST_WAITING = 0.2, 1000
"""Seconds, and updates, after which what was relayed is applied to the document."""


class Room:
    def __init__(self) -> None:
        self.listeners: list[Listener] = []
        self.document = Doc[Any]()
        self.waiting: list[bytes] = []
        self.out: list[tuple[Listener, bytes]] = []
        self.timer: asyncio.TimerHandle | None = None

    def state(self) -> bytes:
        self.apply()
        return self.document.get_update()

    def apply(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.waiting:
            self.document.apply_update(merge_updates(*self.waiting) if len(self.waiting) > 1 else self.waiting[0])
            self.waiting.clear()

    def relay(self, sender: "Listener", message: bytes, update: bytes) -> None:
        loop = asyncio.get_running_loop()
        self.waiting.append(update)
        if len(self.waiting) >= MOST_WAITING:
            self.apply()
        elif self.timer is None:
            self.timer = loop.call_later(APPLY_AFTER, self.apply)
        if not self.out:
            loop.call_soon(self.flush)
        self.out.append((sender, binary(message)))

    def flush(self) -> None:
        out, self.out = self.out, []
        everything = b"".join(frame for _, frame in out)
        senders = {sender for sender, _ in out}
        for listener in self.listeners:
            if listener not in senders:
                listener.write(everything)
            elif len(senders) > 1:
                listener.write(b"".join(frame for sender, frame in out if sender is not listener))


class Listener(WSListener):
    def __init__(self, room: Room) -> None:
        self.room = room

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.write = transport.underlying_transport.write
        self.room.listeners.append(self)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.room.listeners.remove(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
        elif frame.msg_type == WSMsgType.BINARY:
            message = frame.get_payload_as_bytes()
            size = 2
            while message[size] & 128:
                size += 1
            payload = message[size + 1 :]
            if message[1] == 0:
                state = self.room.state()
                self.write(binary(b"\0\1" + number(len(state)) + state))
            elif len(payload) > 2:
                self.room.relay(self, message, payload)


async def main() -> None:
    rooms: defaultdict[str, Room] = defaultdict(Room)

    def listener(request: WSUpgradeRequest) -> Listener:
        return Listener(rooms[request.path.decode()])

    logging.getLogger("picows").setLevel(logging.ERROR)
    server = await ws_create_server(listener, "127.0.0.1", int(sys.argv[1]), backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
