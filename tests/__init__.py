"""Tests mirror `src/`; what they share is in `support/`."""
