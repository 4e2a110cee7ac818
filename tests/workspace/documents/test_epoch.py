"""A log against a file that another program changed around a save that the log does not know the end of."""

from __future__ import annotations

import pytest

from coterie.workspace.documents import epoch
from coterie.workspace.documents.disk import digest
from coterie.workspace.documents.replica import Replica
from coterie.workspace.documents.store import Disk, Record, Updates
from coterie.workspace.documents.text import Edit


def about_to_write(base: str, typed: str) -> list[Record]:
    """The log of a file that held `base`, with something typed after it and a save that was begun."""
    history = epoch.begin(base, digest(base.encode()))
    update = Replica([history.base]).edit([Edit(len(base), len(base), typed)])
    about = Disk(digest((base + typed).encode()), written=False)
    return [*history.records, Updates([update]), about]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("text one", "text one"),  # it was saved, and most of it deleted
        ("text one two three and more", "text one two three and more"),  # it was saved, and added to
        ("old text", "old text one two three"),  # it was not saved
        ("te", "te one two three"),
    ],
)
def test_what_was_being_saved_is_not_doubled(file: str, text: str) -> None:
    history = epoch.restore(about_to_write("text", " one two three"), file, digest(file.encode()))
    assert history.replica.text == text
    assert Replica([history.base]).text == file
