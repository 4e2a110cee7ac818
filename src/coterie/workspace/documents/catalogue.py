"""Which log belongs to which file: a small database, by which a renamed file keeps its history.

A document has a path and a file: inode and time of birth, and the digest of its bytes when the document last knew it.
While it is being saved it has a second file, the copy that is about to take the first one's place: noted before it
does, so that a server that was killed knows either.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

from coterie.wire.ids import new_id
from coterie.workspace.documents.disk import Stamp

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    id TEXT PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    inode INTEGER NOT NULL,
    born INTEGER NOT NULL,
    opened REAL NOT NULL,
    digest BLOB NOT NULL DEFAULT x''
);
CREATE INDEX IF NOT EXISTS documents_inode ON documents (inode);
CREATE TABLE IF NOT EXISTS next_files (
    document TEXT PRIMARY KEY,
    inode INTEGER NOT NULL,
    born INTEGER NOT NULL,
    digest BLOB NOT NULL DEFAULT x''
);
CREATE TABLE IF NOT EXISTS former_paths (
    path TEXT PRIMARY KEY,
    document TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS histories (
    epoch TEXT PRIMARY KEY,
    document TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS former_files (
    inode INTEGER NOT NULL,
    born INTEGER NOT NULL,
    document TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (inode, born)
);
"""

_MOST_FORMER = 10_000
"""Files remembered that another program put another file in the place of."""


class Catalogue:
    """Documents by path. Calls take well under a millisecond and run on the event loop's thread."""

    def __init__(self, folder: Path) -> None:
        """Open or make the catalogue in `folder`; an unreadable one is set aside. Raises OSError."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "catalogue.db"
        try:
            self.database = self._open(path)
        except sqlite3.DatabaseError:
            path.replace(path.with_suffix(".damaged"))
            self.database = self._open(path)

    def find(self, path: str) -> str | None:
        """Return the identity of the document at `path`."""
        row = self.database.execute("SELECT id FROM documents WHERE path = ?", (path,)).fetchone()
        return row[0] if row else None

    def last_at(self, path: str) -> tuple[str, str] | None:
        """Return identity and path now of the document that is or was at `path`."""
        row = self.database.execute(
            "SELECT id, path FROM documents WHERE path = :path"
            " UNION ALL SELECT id, documents.path FROM former_paths JOIN documents ON id = document"
            " WHERE former_paths.path = :path",
            {"path": path},
        ).fetchone()
        return (row[0], row[1]) if row else None

    def with_history(self, epoch: str) -> tuple[str, str] | None:
        """Return identity and path of the document that has or had this history, or took the place of one that had."""
        row = self.database.execute(
            "SELECT id, path FROM histories JOIN documents ON id = document WHERE epoch = ?", (epoch,)
        ).fetchone()
        return (row[0], row[1]) if row else None

    def began(self, identity: str, epoch: str) -> None:
        """Note a history of a document."""
        known = self.with_history(epoch)
        if known is None or known[0] != identity:
            with self.database:
                self.database.execute(
                    "INSERT OR REPLACE INTO histories (epoch, document) VALUES (?, ?)", (epoch, identity)
                )

    def by_file(self, stamp: Stamp) -> list[tuple[str, str]]:
        """Return identity and last known path of the documents whose file has this stamp's inode and birth.

        Several for a file with several names, or where another took it over without a look at both.
        """
        return self.database.execute(
            "SELECT id, path FROM documents WHERE inode = :inode AND born = :born"
            " UNION SELECT id, path FROM next_files JOIN documents ON id = document"
            " WHERE next_files.inode = :inode AND next_files.born = :born",
            {"inode": stamp.inode, "born": stamp.born},
        ).fetchall()

    def files(self, identity: str) -> list[Stamp]:
        """Return the files that may be a document's, as stamps of no size: the one it had last, and one being saved."""
        return [file for file, _ in self.held(identity)]

    def held(self, identity: str) -> list[tuple[Stamp, bytes]]:
        """Return the same with the digests of their bytes, as last known."""
        rows = self.database.execute(
            "SELECT inode, born, digest FROM documents WHERE id = :id"
            " UNION ALL SELECT inode, born, digest FROM next_files WHERE document = :id",
            {"id": identity},
        ).fetchall()
        return [(Stamp(0, 0, inode, born), digest) for inode, born, digest in rows]

    def replaced(self, identity: str, inode: int, born: int, version: int) -> None:
        """Another program put another file in the place of a document's; its versions up to `version` are of both.

        The one that was there may be somewhere else now. Without a time of birth it could not be told from another.
        """
        if not born:
            return
        with self.database:
            self.database.execute(
                "INSERT OR REPLACE INTO former_files (inode, born, document, version) VALUES (?, ?, ?, ?)",
                (inode, born, identity, version),
            )
            self.database.execute(
                "DELETE FROM former_files WHERE rowid <= (SELECT max(rowid) FROM former_files) - ?", (_MOST_FORMER,)
            )

    def former(self, stamp: Stamp) -> tuple[str, int] | None:
        """Return the document whose file this one was, and the last version that is also this file's."""
        row = self.database.execute(
            "SELECT document, version FROM former_files WHERE inode = ? AND born = ?", (stamp.inode, stamp.born)
        ).fetchone()
        return (row[0], row[1]) if row else None

    def add(self, path: str, stamp: Stamp) -> str:
        """Return the identity of a new document at `path`."""
        identity = new_id()
        with self.database:
            self.database.execute(
                "INSERT INTO documents (id, path, inode, born, opened) VALUES (?, ?, ?, ?, ?)",
                (identity, path, stamp.inode, stamp.born, time.time()),
            )
        return identity

    def move(self, identity: str, path: str) -> None:
        """The document is at `path` now; one that was there is gone, its former paths and histories lead here."""
        replaced = self.find(path)
        with self.database:
            if replaced is not None and replaced != identity:
                self.database.execute("DELETE FROM next_files WHERE document = ?", (replaced,))
                self.database.execute("DELETE FROM documents WHERE id = ?", (replaced,))
                self.database.execute("UPDATE former_paths SET document = ? WHERE document = ?", (identity, replaced))
                self.database.execute("UPDATE histories SET document = ? WHERE document = ?", (identity, replaced))
            self.database.execute(
                "INSERT OR REPLACE INTO former_paths (path, document) SELECT path, id FROM documents WHERE id = ?",
                (identity,),
            )
            self.database.execute("DELETE FROM former_paths WHERE path = ?", (path,))
            self.database.execute("UPDATE documents SET path = ? WHERE id = ?", (path, identity))

    def seen(self, identity: str, stamp: Stamp, digest: bytes) -> None:
        """Note which file is a document's, and the digest of what the document knows it to hold."""
        with self.database:
            self.database.execute("DELETE FROM next_files WHERE document = ?", (identity,))
            self.database.execute(
                "UPDATE documents SET inode = ?, born = ?, opened = ?, digest = ? WHERE id = ?",
                (stamp.inode, stamp.born, time.time(), digest, identity),
            )

    def saving(self, identity: str, stamp: Stamp, digest: bytes) -> None:
        """Note which file is about to take the place of a document's, and its bytes; on the medium when this returns.

        Blocks, meant for another thread. Raises OSError, sqlite3.Error.
        """
        path = self._folder / "catalogue.db"
        with closing(sqlite3.connect(path)) as database, database:
            database.execute(
                "INSERT OR REPLACE INTO next_files (document, inode, born, digest) VALUES (?, ?, ?, ?)",
                (identity, stamp.inode, stamp.born, digest),
            )
        # The write-ahead log, which SQLite itself would only synchronise with everybody waiting for it.
        with suppress(FileNotFoundError):
            fd = os.open(f"{path}-wal", os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

    def folder(self, identity: str) -> Path:
        """Return the directory of a document's log."""
        return self._folder / identity

    def close(self) -> None:
        self.database.close()

    @staticmethod
    def _open(path: Path) -> sqlite3.Connection:
        database = sqlite3.connect(path, check_same_thread=False)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.executescript(_SCHEMA)
        for table, column, kind in (
            ("documents", "born", "INTEGER NOT NULL DEFAULT 0"),
            ("documents", "digest", "BLOB NOT NULL DEFAULT x''"),
            ("next_files", "digest", "BLOB NOT NULL DEFAULT x''"),
        ):
            if column not in {known[1] for known in database.execute(f"PRAGMA table_info({table})")}:
                database.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
        return database
