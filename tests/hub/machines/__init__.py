"""Tests of `coterie.hub.machines`; what all drivers must do is in `tests/contract`."""
