"""A typed client of the hub's HTTP API, over HTTPX; it knows the wire's words and nothing of the hub's code."""

from __future__ import annotations

from coterie.client.accounts import Accounts
from coterie.client.files import Files
from coterie.client.workspaces import Workspaces


class Client(Accounts, Workspaces, Files):
    """One hub, as one person. Every method raises CoterieError with the hub's own code and sentence.

    UNAVAILABLE is raised when the hub cannot be reached at all.
    """
