"""pycrdt-websocket under uvicorn, on uvloop; on SIGUSR2 it collects its garbage and gives back what is free."""

import asyncio
import ctypes
import gc
import signal
import sys

import uvicorn
import uvloop
from pycrdt.websocket import ASGIServer, WebsocketServer

server = WebsocketServer()


def collect() -> None:
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


async def main() -> None:
    config = uvicorn.Config(
        ASGIServer(server), host="127.0.0.1", port=int(sys.argv[1]), log_level="error", lifespan="off"
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, collect)
    async with server:
        await uvicorn.Server(config).serve()


uvloop.run(main())
