"""The same where cuts of power and lost logs damage the medium: what was left on it or in a page is there, once.

See `interleavings.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.workspace.documents.interleavings import BOUNDS, Interleavings, by_hand


@pytest.fixture(autouse=True)
def _by_hand() -> Iterator[None]:
    with by_hand():
        yield


class Damaged(Interleavings):
    sound = False


@pytest.mark.timeout(900)
class TestDamaged(Damaged.TestCase):  # type: ignore[valid-type,misc]
    settings = BOUNDS
