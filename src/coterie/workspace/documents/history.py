"""The versions of files: texts they had, kept beside the logs, bounded in number and size, oldest thinned first."""

from __future__ import annotations

import json
import sqlite3
import time
from dataclasses import dataclass
from enum import StrEnum

import zstandard

from coterie.workspace.documents.disk import digest

EVERY = 60.0
"""Seconds between two versions made while people type."""

MOST = 200
"""Versions of one document."""

MOST_BYTES = 16 << 20
"""Compressed bytes of one document's versions."""

MOST_BYTES_OF_ALL = 512 << 20
"""Compressed bytes of all documents' versions."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document TEXT NOT NULL,
    time REAL NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    authors TEXT NOT NULL,
    size INTEGER NOT NULL,
    digest BLOB NOT NULL,
    data BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS versions_document ON versions (document, id);
"""


class Kind(StrEnum):
    """Why a version was made."""

    TYPED = "typed"
    OVERWRITTEN = "overwritten"
    """What there was before another program changed the file."""
    EVENT = "event"
    """What there was before a named event: a branch was checked out."""
    KEPT = "kept"
    """What somebody typed and what did not fit any more."""
    RESTORED = "restored"
    """What there was before an older version was restored."""


@dataclass(frozen=True)
class Version:
    """One version without its text. `time` in Unix seconds, `size` in characters."""

    id: int
    time: float
    kind: Kind
    name: str
    authors: tuple[str, ...]
    size: int


@dataclass(frozen=True)
class Packed:
    """A text as it is kept; `size` in characters."""

    data: bytes
    digest: bytes
    size: int

    @classmethod
    def of(cls, text: str) -> Packed:
        """Pack a text: some 20 ms for the longest. May run on another thread."""
        data = text.encode(errors="replace")
        return cls(zstandard.compress(data), digest(data), len(text))


class History:
    """Versions of every document of the workspace, in the catalogue's database."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.executescript(SCHEMA)

    def add(
        self, document: str, text: str | Packed, kind: Kind, *, name: str = "", authors: tuple[str, ...] = (),
        now: float | None = None,
    ) -> int:  # fmt: skip
        """Keep a text; return its number. One that is the same as the newest is not kept twice unless it has a name.

        What people type within a minute is one version, the last of it, however often the document is closed meanwhile.
        Raises sqlite3.Error, when the disk is full for one.
        """
        now = time.time() if now is None else now
        packed = text if isinstance(text, Packed) else Packed.of(text)
        newest = self._database.execute(
            "SELECT id, digest, time, kind, name, authors FROM versions WHERE document = ? ORDER BY id DESC LIMIT 1",
            (document,),
        ).fetchone()
        if newest and newest[1] == packed.digest and not name:
            return int(newest[0])
        with self._database:
            if newest and kind is Kind.TYPED and authors and not name:
                id_, _, made, its_kind, its_name, its_authors = newest
                writers = json.loads(its_authors)
                # The text from before the typing has no authors, and stays.
                if writers and (its_kind, its_name) == (Kind.TYPED, "") and 0 <= now - made < EVERY:
                    writers = list(dict.fromkeys((*writers, *authors)))
                    self._database.execute(
                        "UPDATE versions SET authors = ?, size = ?, digest = ?, data = ? WHERE id = ?",
                        (json.dumps(writers), packed.size, packed.digest, packed.data, id_),
                    )
                    return int(id_)
            row = self._database.execute(
                "INSERT INTO versions (document, time, kind, name, authors, size, digest, data)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                (
                    document,
                    now,
                    kind,
                    name,
                    json.dumps(authors),
                    packed.size,
                    packed.digest,
                    packed.data,
                ),
            ).fetchone()
            self._thin(document)
        return int(row[0])

    def all(self, document: str) -> list[Version]:
        """Return a document's versions, newest first."""
        rows = self._database.execute(
            "SELECT id, time, kind, name, authors, size FROM versions WHERE document = ? ORDER BY id DESC", (document,)
        )
        return [
            Version(id_, at, Kind(kind), name, tuple(json.loads(authors)), size)
            for id_, at, kind, name, authors, size in rows
        ]

    def join(self, document: str, into: str) -> None:
        """The versions of a document are another's now, which took its place."""
        with self._database:
            self._database.execute("UPDATE versions SET document = ? WHERE document = ?", (into, document))

    def copy(self, document: str, into: str, upto: int) -> None:
        """Give another document the versions of this one up to number `upto`."""
        with self._database:
            self._database.execute(
                "INSERT INTO versions (document, time, kind, name, authors, size, digest, data)"
                " SELECT ?, time, kind, name, authors, size, digest, data FROM versions"
                " WHERE document = ? AND id <= ? ORDER BY id",
                (into, document, upto),
            )
            self._thin(into)

    def name_event(self, document: str, since: float, name: str) -> None:
        """Name the text that a document had before an event that began then (Unix time).

        It is what was kept first since, or the newest version where nothing was, being the same text already.
        """
        made = self._database.execute(
            "SELECT id FROM versions WHERE document = ? AND time >= ? AND kind IN (?, ?) ORDER BY id",
            (document, since, Kind.EVENT, Kind.OVERWRITTEN),
        ).fetchall()
        if made:
            # What came after it within the event is nothing that anybody would look for.
            between = [(Kind.OVERWRITTEN, "", id_) for (id_,) in made[1:]]
            with self._database:
                self._database.executemany(
                    "UPDATE versions SET kind = ?, name = ? WHERE id = ?", [(Kind.EVENT, name, made[0][0]), *between]
                )
            return
        newest = self._database.execute(
            "SELECT id, authors FROM versions WHERE document = ? ORDER BY id DESC LIMIT 1", (document,)
        ).fetchone()
        if newest:
            text = self.text(document, newest[0])
            self.add(document, text or "", Kind.EVENT, name=name, authors=tuple(json.loads(newest[1])))

    def last(self, document: str) -> int:
        """Return the number of a document's newest version, 0 when there is none."""
        row = self._database.execute("SELECT max(id) FROM versions WHERE document = ?", (document,)).fetchone()
        return int(row[0] or 0)

    def text(self, document: str, version: int) -> str | None:
        """Return the text of a version, None when there is no such version of this document."""
        row = self._database.execute(
            "SELECT data FROM versions WHERE id = ? AND document = ?", (version, document)
        ).fetchone()
        return zstandard.decompress(row[0]).decode() if row else None

    def _thin(self, document: str) -> None:
        """Drop versions until the bounds hold: among the older half the one that its neighbours tell most about."""
        rows: list[tuple[int, float, str, int]] = self._database.execute(
            "SELECT id, time, name, length(data) FROM versions WHERE document = ? ORDER BY id", (document,)
        ).fetchall()
        total = sum(row[3] for row in rows)
        while len(rows) > 1 and (len(rows) > MOST or total > MOST_BYTES):
            total -= self._drop(rows.pop(_least_telling(rows)))
        (everything,) = self._database.execute("SELECT coalesce(sum(length(data)), 0) FROM versions").fetchone()
        if everything > MOST_BYTES_OF_ALL:
            oldest = self._database.execute("SELECT id, time, name, length(data) FROM versions ORDER BY id").fetchall()
            for row in oldest:
                if everything <= MOST_BYTES_OF_ALL:
                    break
                everything -= self._drop(row)

    def _drop(self, row: tuple[int, float, str, int]) -> int:
        self._database.execute("DELETE FROM versions WHERE id = ?", (row[0],))
        return row[3]


def _least_telling(rows: list[tuple[int, float, str, int]]) -> int:
    """Index of the version to drop: of the older half, unnamed if possible, the closest to the one before it."""
    older = range(max(1, len(rows) // 2))
    unnamed = [index for index in older if not rows[index][2]] or list(older)
    return min(unnamed, key=lambda index: rows[index + 1][1] - rows[index][1])
