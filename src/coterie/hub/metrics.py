"""What the hub counts about itself, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

REQUESTS = Counter(
    "coterie_http_requests_total", "Answered HTTP requests.", ["method", "route", "status"], registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "coterie_http_request_seconds", "Seconds from a request to its answer's head.", ["route"], registry=REGISTRY
)
STARTS = Counter("coterie_workspace_starts_total", "Starts of workspaces, by their end.", ["end"], registry=REGISTRY)
START_SECONDS = Histogram(
    "coterie_workspace_start_seconds", "Seconds a successful start took, cloning included.", registry=REGISTRY
)
ENDS = Counter("coterie_machine_ends_total", "Machines that ended by themselves.", registry=REGISTRY)
SIGN_INS = Counter("coterie_sign_ins_total", "Sign-ins, by how they went.", ["end"], registry=REGISTRY)
WORKSPACES = Gauge("coterie_workspaces", "Workspaces by state.", ["state"], registry=REGISTRY)
LISTENERS = Gauge("coterie_event_listeners", "Pages that listen for events at this replica.", registry=REGISTRY)
