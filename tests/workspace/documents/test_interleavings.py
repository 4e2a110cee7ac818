"""Whatever people, programs and kills do, in any order, on a medium that stays whole: every word is there, once.

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


class Sound(Interleavings):
    sound = True


@pytest.mark.timeout(900)
class TestSound(Sound.TestCase):  # type: ignore[valid-type,misc]
    settings = BOUNDS
