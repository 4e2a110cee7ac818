"""Terminals: PTYs of the machine, shared."""
