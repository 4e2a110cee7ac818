"""The states of a workspace and the moves between them (semantics: Workspace)."""

from __future__ import annotations

from enum import StrEnum


class WorkspaceState(StrEnum):
    """`stopped → starting → running → stopping → stopped`, and `failed` with a reason."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    FAILED = "failed"
