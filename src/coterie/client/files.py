"""The client's part about the files of a running workspace."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from coterie.client.connection import Connection, pieces
from coterie.client.types import Unpacked
from coterie.wire.errors import CoterieError, ErrorCode

_SILENCE = 90.0
"""Seconds without a byte after which a download is taken for dead: more than the hub waits for the workspace."""


class Files(Connection):
    """Files by their path from the workspace's root; the workspace has to run."""

    def download(
        self, workspace: str, path: str, archive: Literal["", "zip", "tar.gz"] = ""
    ) -> Generator[bytes, None, None]:
        """The bytes of a file as they come; with `archive` those of a whole folder, packed ("" is the root).

        A download that breaks off raises UNAVAILABLE, so that what came to its end is whole. Close it
        (`contextlib.closing`) when you leave it early: it holds a connection.
        """
        parameters = {"archive": archive} if archive else {}
        with self._stream(_address(workspace, path), silence=_SILENCE, params=parameters) as answer:
            yield from answer.iter_bytes()

    def read_file(self, workspace: str, path: str) -> bytes:
        """A whole file, for one that fits in memory."""
        return b"".join(self.download(workspace, path))

    def write_file(self, workspace: str, path: str, content: bytes | Path) -> bool:
        """Write a file, whole or not at all, with the folders it lies in; return whether it is new."""
        return self._upload("PUT", _address(workspace, path), pieces(content)).status_code == 201

    def unpack(self, workspace: str, path: str, archive: bytes | Path) -> Unpacked:
        """Unpack an archive into a folder ("" is the root), which is made if need be."""
        answer = self._upload("PUT", _address(workspace, path), pieces(archive), params={"unpack": "1"})
        return self._decode(Unpacked, answer)


def _address(workspace: str, path: str) -> str:
    # HTTPX would resolve it and ask for something that is no file.
    if not {".", ".."}.isdisjoint(path.split("/")):
        raise CoterieError(ErrorCode.INVALID, "A path within a workspace has no “.” and no “..” in it.", repr(path))
    return f"/workspaces/{quote(workspace)}/files/{quote(path.strip('/'))}"
