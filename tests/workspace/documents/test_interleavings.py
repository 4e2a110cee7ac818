"""Whatever people, programs and kills do, in any order, on a medium that stays whole: every word is there, once.

See `interleavings.py`.
"""

from __future__ import annotations

import pytest

from tests.workspace.documents.interleavings import BOUNDS, Interleavings


class Sound(Interleavings):
    sound = True


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("moved_by_hand")
class TestSound(Sound.TestCase):  # type: ignore[valid-type,misc]  # hypothesis makes it at run time
    settings = BOUNDS
