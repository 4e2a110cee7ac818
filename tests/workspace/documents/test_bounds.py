"""What one connection may have of documents at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.messages.documents import DocumentCheck, DocumentClose, DocumentOpen, DocumentOpened
from coterie.workspace.documents import service
from coterie.workspace.documents.service import LONGEST_STATE_VECTOR, Documents
from coterie.workspace.paths import Root
from tests.workspace.documents.people import FakeMember


async def test_open_documents_and_state_vectors_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_OPEN", 1)
    (tmp_path / "files").mkdir()
    for name in ("a", "b"):
        (tmp_path / "files" / name).write_text(name)
    root = Root(tmp_path / "files")
    documents = Documents(root, tmp_path / "state")
    await documents.start()
    ada = FakeMember("ada")
    documents.joined(ada)
    await documents._open(ada, DocumentOpen(1, "a"))
    opened = next(message for message in ada.inbox if isinstance(message, DocumentOpened))
    with pytest.raises(CoterieError) as refused:
        await documents._open(ada, DocumentOpen(2, "b"))
    assert refused.value.code is ErrorCode.LIMIT
    long = bytes(LONGEST_STATE_VECTOR + 1)
    with pytest.raises(CoterieError) as refused:
        documents._check(ada, DocumentCheck(opened.document, long, 0, 0))
    assert refused.value.code is ErrorCode.TOO_BIG
    documents._close(ada, DocumentClose(opened.document))
    with pytest.raises(CoterieError) as refused:
        await documents._open(ada, DocumentOpen(3, "b", "epoch", long))
    assert refused.value.code is ErrorCode.TOO_BIG
    await documents._open(ada, DocumentOpen(4, "b"))
    await documents.stop()
    root.close()
