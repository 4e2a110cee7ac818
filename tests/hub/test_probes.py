"""Health, readiness, figures, the audit log and the log."""

from __future__ import annotations

import json
import logging

import pytest

from coterie.hub import logs
from tests.hub.conftest import Caller, House, MakeSettings


async def test_health_and_readiness(house: House) -> None:
    stranger = house.stranger()
    assert (await stranger.http.get("/healthz")).json() == {"ok": True, "sentence": ""}
    assert (await stranger.http.get("/readyz")).status_code == 200

    async def down() -> None:
        raise OSError("gone")

    house.hub.database.ping = down  # type: ignore[method-assign]
    answer = await stranger.http.get("/readyz")
    assert answer.status_code == 503 and answer.json()["sentence"]


async def test_figures(house: House, ada: Caller, grace: Caller) -> None:
    await house.running(ada)
    local = house.stranger("127.0.0.1")
    text = (await local.http.get("/metrics")).text
    assert 'coterie_workspaces{state="running"} 1.0' in text
    assert 'route="/api/v1/workspaces/{id}"' in text and "coterie_sign_ins_total" in text
    assert (await local.http.get("/metrics", headers={"x-forwarded-for": "1.2.3.4"})).status_code == 403
    assert (await grace.http.get("/metrics")).status_code == 403
    assert (await ada.http.get("/metrics")).status_code == 200


@pytest.mark.parametrize(("who", "status"), [("open", 200), ("off", 404)])
async def test_who_may_read_figures(make_settings: MakeSettings, who: str, status: int) -> None:
    async with House(make_settings(metrics=who)).open() as house:
        assert (await house.stranger().http.get("/metrics")).status_code == status


async def test_the_audit_log(house: House, ada: Caller, grace: Caller) -> None:
    made = await house.running(grace, "Hers")
    await grace.post(f"/workspaces/{made['id']}/members", {"username": "ada"})
    path = f"/audit?workspace={made['id']}"
    entries = await grace.get(path)
    assert [entry["action"] for entry in entries] == ["member.add", "workspace.running", "workspace.create"]
    assert entries[0]["actor"] == "grace" and entries[0]["target"] == "ada" and entries[0]["address"] == "192.0.2.1"
    assert [e["action"] for e in await grace.get(f"{path}&before={entries[0]['id']}")] == [
        "workspace.running",
        "workspace.create",
    ]
    await grace.get("/audit", 403)
    await house.stranger().get(path, 401)
    assert {entry["action"] for entry in await ada.get("/audit")} > {"user.create", "invitation.create", "login.start"}
    alan = await house.person(ada, "alan")
    await alan.get(path, 404)
    await grace.post(f"/workspaces/{made['id']}/members", {"username": "alan"})
    await alan.get(path, 403)


def test_log_lines() -> None:
    record = logging.makeLogRecord({"msg": "started %s", "args": ("it",), "levelno": 20, "levelname": "INFO"})
    record.workspace = "abc"
    token = logs.request_id.set("r1")
    try:
        line = json.loads(logs.JsonLines().format(record))
        assert (line["message"], line["workspace"], line["request"]) == ("started it", "abc", "r1")
        assert logs.Console().format(record).endswith("started it workspace=abc request=r1")
    finally:
        logs.request_id.reset(token)


def test_nobody_forges_lines_of_the_log() -> None:
    record = logging.makeLogRecord({"msg": "GET /a\n00:00:00 info all is well\x1b[2J", "detail": "b\rc\u2028d"})
    line = logs.Console().format(record)
    assert line.isprintable()
    assert r"/a\n00:00:00 info all is well\x1b[2J detail=b\rc" in line
