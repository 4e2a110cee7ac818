"""A git server over HTTP, as `git http-backend` serves it, for tests that clone."""

from __future__ import annotations

import base64
import contextlib
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

USERNAME = "ada"
TOKEN = "s3cret-token"
_AUTHOR = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def git(folder: Path, *arguments: str) -> str:
    """Run git in `folder`, as nobody in particular; return what it prints."""
    command = ["git", "-c", "init.defaultBranch=main", *arguments]
    environment = {**os.environ, **_AUTHOR}
    return subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout


class GitServer:
    """Serves the repositories below `root` at `http://127.0.0.1:PORT/NAME.git` while its context is open."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.private: set[str] = set()
        """Names of repositories that ask for `USERNAME` and `TOKEN`."""
        self.redirects: dict[str, str] = {}
        """Where requests for a path that begins so are sent instead."""
        self.failing = False
        """Whether contents are cut off in the middle, as by a broken line."""
        self.pause: threading.Event | None = None
        """What everything waits for, when set, once half of a repository's contents was sent."""
        self.requests: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"git": self}))
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, name: str, *, credentials: str = "") -> str:
        """The address of a repository, with `NAME:TOKEN` in it if given."""
        return f"http://{credentials + '@' if credentials else ''}127.0.0.1:{self.port}/{name}.git"

    def add(self, name: str, files: dict[str, str], *, private: bool = False) -> Path:
        """Make a repository with one commit; return its working copy, from which `git push` publishes more."""
        work = self.root / "work" / name
        work.mkdir(parents=True)
        for path, text in files.items():
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            (work / path).write_text(text)
        git(work, "init", "--quiet")
        git(work, "add", "--all")
        git(work, "commit", "--quiet", "--allow-empty", "--message", "First")
        bare = self.root / "served" / f"{name}.git"
        git(self.root, "clone", "--quiet", "--bare", str(work), str(bare))
        git(work, "remote", "add", "origin", str(bare))
        if private:
            self.private.add(name)
        return work

    def __enter__(self) -> GitServer:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    git: GitServer

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 the base class's name
        self.git.requests.append(format % arguments)

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self._body())

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _serve(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        for prefix, target in self.git.redirects.items():
            if self.path.startswith(prefix):
                self.send_response(302)
                self.send_header("Location", target + self.path[len(prefix) :])
                self.end_headers()
                return
        name = parts.path.lstrip("/").split("/")[0].removesuffix(".git")
        expected = "Basic " + base64.b64encode(f"{USERNAME}:{TOKEN}".encode()).decode()
        if name in self.git.private and self.headers.get("Authorization") != expected:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="repositories"')
            self.end_headers()
            return
        environment = {
            **os.environ,
            **_AUTHOR,
            "GIT_PROJECT_ROOT": str(self.git.root / "served"),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        answer = subprocess.run(
            ["git", "http-backend"], input=body, env=environment, capture_output=True, check=False
        ).stdout
        head, _, content = answer.partition(b"\r\n\r\n")
        fields = [line.partition(": ")[::2] for line in head.decode().split("\r\n") if line]
        status = next((value for key, value in fields if key.lower() == "status"), "200 OK")
        self.send_response(int(status.split()[0]))
        for key, value in fields:
            if key.lower() != "status":
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if b"packfile" not in content:
            self.wfile.write(content)
            return
        half = len(content) // 2
        self.wfile.write(content[:half])
        if self.git.pause:
            self.git.pause.wait(60)
        if not self.git.failing:
            with contextlib.suppress(OSError):  # whoever asked may be gone by now
                self.wfile.write(content[half:])
