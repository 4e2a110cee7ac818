"""The OpenAPI document says what the hub does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from coterie.hub.openapi import document

DOCUMENT = document()
OPERATIONS = [operation for path in DOCUMENT["paths"].values() for operation in path.values()]


def test_operations_have_stable_names_and_say_who_may() -> None:
    names = [operation["operationId"] for operation in OPERATIONS]
    assert len(names) == len(set(names)) and all(name.isidentifier() for name in names)
    for operation in OPERATIONS:
        assert operation["x-needs"] and operation["description"]
        assert (operation["security"] == []) is (operation["x-needs"] == "public")


def test_errors_are_failures() -> None:
    for operation in OPERATIONS:
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and operation["operationId"] != "get_readiness":
                schema = answer["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Failure"}, operation["operationId"]


def test_references_lead_somewhere() -> None:
    text = json.dumps(DOCUMENT)
    for part in text.split('"$ref": "')[1:]:
        name = part.partition('"')[0].rpartition("/")[2]
        assert name in DOCUMENT["components"]["schemas"], name


def test_events_are_described() -> None:
    event = DOCUMENT["components"]["schemas"]["Event"]
    assert set(event["discriminator"]["mapping"]) == {"snapshot", "workspace", "gone", "me"}


def test_written_by_a_command(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    subprocess.run([sys.executable, "-m", "coterie.hub.openapi", str(file)], check=True)
    assert json.loads(file.read_text()) == json.loads(json.dumps(DOCUMENT))
