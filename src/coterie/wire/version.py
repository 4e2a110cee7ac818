"""The version of the protocol between browser, gate and workspace server."""

PROTOCOL = 1
"""Raised when a message changes so that an older page cannot go on; such a page is told to reload."""
