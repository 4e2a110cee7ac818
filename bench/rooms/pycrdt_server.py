"""pycrdt-websocket as its documentation serves it, under uvicorn."""

import asyncio
import sys

import uvicorn
from pycrdt.websocket import ASGIServer, WebsocketServer

server = WebsocketServer()


async def main() -> None:
    config = uvicorn.Config(
        ASGIServer(server), host="127.0.0.1", port=int(sys.argv[1]), log_level="error", lifespan="off"
    )
    async with server:
        await uvicorn.Server(config).serve()


asyncio.run(main())
