"""Terminals: PTYs of the machine with kept output, shared by everyone, each reader at its own place."""

from coterie.workspace.terminals.service import Terminals

__all__ = ["Terminals"]
