"""Whatever is sent to any route: the answer is one that the OpenAPI document tells of, and never the hub's failure."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coterie.hub.openapi import document
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.ids import new_id
from tests.hub.conftest import Caller, House, MakeSettings

DOCUMENT = document()
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = [
    (method, path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if operation["operationId"] != "get_events"  # a stream, which does not end
]
Json = st.SearchStrategy[Any]

CHARACTERS = st.characters(min_codepoint=0, max_codepoint=0x10FFFF, exclude_categories=())
"""Every character, also the halves of surrogate pairs, which JSON can say and UTF-8 cannot."""

NASTY = st.sampled_from(["", "\0", "\ud800", "a\nb", "../..", "x" * 100_000, "%00", "'; --", "\u202e", "ada", " "])
TEXTS = st.text(CHARACTERS, max_size=40) | NASTY
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**31, 2**63, -(2**63) - 1, 10**400, 1e308, float("inf"), float("nan"), -0.0])
    | TEXTS
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)


def fitting(schema: dict[str, Any]) -> Json:
    """Values that the schema describes, or nearly: lengths and patterns are kept more often than not."""
    if "$ref" in schema:
        return fitting(SCHEMAS[schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema or "oneOf" in schema:
        return st.one_of(*(fitting(each) for each in schema.get("anyOf", []) + schema.get("oneOf", [])))
    if "const" in schema or "enum" in schema:
        return st.sampled_from([schema["const"]] if "const" in schema else schema["enum"])
    match schema.get("type"):
        case "object" if "properties" in schema:
            required = set(schema.get("required", ()))
            kinds = {name: fitting(each) for name, each in schema["properties"].items()}
            return st.fixed_dictionaries(
                {name: kind for name, kind in kinds.items() if name in required},
                optional={name: kind for name, kind in kinds.items() if name not in required},
            )
        case "object":
            return st.dictionaries(TEXTS, ANYTHING, max_size=3)
        case "integer":
            return st.integers(schema.get("minimum", -5), schema.get("maximum", 10**6)) | st.integers()
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case "string":
            plain = st.text("abcdefgh-", min_size=schema.get("minLength", 1), max_size=schema.get("maxLength", 30))
            return plain | TEXTS
    return ANYTHING


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, dict[str, Any], dict[str, Any]]:
    """A method, a path, what httpx is to send with it, and the operation; WORKSPACE and USER stand for real ones."""
    method, path, operation = draw(st.sampled_from(OPERATIONS))
    query = {}
    for parameter in operation.get("parameters", ()):
        value = draw(fitting(parameter["schema"]))
        text = str(value).encode(errors="replace").decode()[:300]
        if parameter["in"] == "query":
            if draw(st.booleans()):
                query[parameter["name"]] = text
            continue
        real = {"id": "WORKSPACE", "user": "USER"}.get(parameter["name"], new_id())
        chosen = real if draw(st.integers(0, 3)) else quote(text.strip("./") or "x", safe="")
        path = path.replace(f"{{{parameter['name']}}}", chosen)
    options: dict[str, Any] = {"params": query}
    kinds = operation.get("requestBody", {}).get("content", {})
    if "application/json" in kinds:
        body = draw(fitting(kinds["application/json"]["schema"]) | ANYTHING)
        if isinstance(body, dict) and draw(st.integers(0, 3)) == 0:
            body = {**body, draw(TEXTS): draw(ANYTHING)}
        options["content"] = json.dumps(body).encode()
        options["headers"] = {"content-type": "application/json"}
    if method != "get" and draw(st.integers(0, 5)) == 0:
        kind = draw(st.sampled_from(["application/json", "text/plain", "multipart/form-data", "application/json; x"]))
        options |= {"content": draw(st.binary(max_size=60)), "headers": {"content-type": kind}}
    return method.upper(), path, options, operation


async def looked_at(caller: Caller, request: tuple[str, str, dict[str, Any], dict[str, Any]]) -> None:
    """Send it and look at the answer."""
    method, path, options, operation = request
    answer = await caller.http.request(method, path, **options)
    told = (method, path, options, answer.status_code, answer.text)
    # A path that text made into another one leads elsewhere, or nowhere.
    known = answer.status_code in {int(status) for status in operation["responses"]} | {404, 405}
    assert known, told
    if answer.status_code >= 400 and operation["operationId"] != "get_readiness":
        failure = answer.json()
        assert failure["code"] in set(ErrorCode) - {ErrorCode.INTERNAL} and failure["sentence"].endswith("."), told


def test_nothing_that_is_sent_breaks_the_hub(make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_clone(*_: object, **__: object) -> None:
        raise CoterieError(ErrorCode.GIT_UNREACHABLE, "Nothing is cloned in this test.")

    monkeypatch.setattr("coterie.hub.sources.git.clone", no_clone)
    house = House(make_settings())
    with asyncio.Runner() as runner:
        opened = contextlib.AsyncExitStack()
        runner.run(opened.enter_async_context(house.open()))
        ada = runner.run(house.administrator())
        grace = runner.run(house.person(ada, "grace"))
        token = runner.run(ada.post("/me/tokens", {"name": "abuse"}))["token"]
        # A token goes on when its owner signs out everywhere.
        caller = house.stranger()
        caller.http.headers["authorization"] = f"Bearer {token}"

        async def workspace() -> str:
            listed = await caller.get("/workspaces")
            return str(listed[0]["id"] if listed else (await caller.workspace())["id"])

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        @given(request=requests())
        def each(request: tuple[str, str, dict[str, Any], dict[str, Any]]) -> None:
            method, path, options, operation = request
            path = path.replace("WORKSPACE", runner.run(workspace())).replace("USER", grace.me["id"])
            runner.run(looked_at(caller, (method, path, options, operation)))

        try:
            each()
        finally:
            runner.run(opened.aclose())
