"""The same where cuts of power and lost logs damage the medium: what was left on it or in a page is there, once.

See `interleavings.py`.
"""

from __future__ import annotations

import pytest

from tests.workspace.documents.interleavings import BOUNDS, Interleavings


class Damaged(Interleavings):
    sound = False


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("moved_by_hand")
class TestDamaged(Damaged.TestCase):  # type: ignore[valid-type,misc]  # hypothesis makes it at run time
    settings = BOUNDS
