"""A program as people run them in a workspace: tells what it was asked, tries to set cookies, speaks WebSocket."""

from __future__ import annotations

import base64
import hashlib
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        if self.headers.get("upgrade"):
            self.talk()
            return
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        told = json.dumps(
            {
                "method": self.command,
                "path": self.path,
                "headers": [list(header) for header in self.headers.items()],
                "body": body.decode(),
            }
        ).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("set-cookie", "coterie_session=stolen; Path=/")
        self.send_header("set-cookie", "__Host-coterie_session=stolen; Path=/; Secure")
        self.send_header("set-cookie", "mine=1; Domain=localhost; Path=/")
        self.send_header("clear-site-data", '"cookies"')
        self.send_header("content-length", str(len(told)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(told)

    do_GET = do_POST = do_HEAD = answer  # noqa: N815 as the library calls them

    def talk(self) -> None:
        """Tell the request's headers, then say everything louder."""
        if self.path == "/no-socket":
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()
            self.close_connection = False
            return
        accept = base64.b64encode(hashlib.sha1((self.headers["sec-websocket-key"] + GUID).encode()).digest())
        self.send_response(101)
        self.send_header("upgrade", "websocket")
        self.send_header("connection", "upgrade")
        self.send_header("sec-websocket-accept", accept.decode())
        self.end_headers()
        told = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.wfile.write(b"\x81\x7e" + len(told).to_bytes(2, "big") + told)
        while data := self.connection.recv(65536):
            mask = data[2:6]
            text = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data[6 : 6 + (data[1] & 127)]))
            self.wfile.write(bytes((0x81, len(text))) + text.upper())
        self.close_connection = True

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 as the library calls it
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", 8123), Handler).serve_forever()
