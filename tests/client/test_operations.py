"""The client against the OpenAPI document: a method for every operation, which asks and understands as written there.

Nothing here lists methods or operations: every public method is called with every argument, and what it asked for is
looked up in the document, whose example it gets as the answer.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import httpx
import msgspec
import pytest

from coterie.client import Client
from coterie.client.types import GitSource, Layout
from coterie.hub.openapi import document
from coterie.wire.errors import CoterieError, ErrorCode

DOCUMENT = document()
BASE = "/api/v1"
OPERATIONS: dict[tuple[str, str], dict[str, Any]] = {
    (method.upper(), path): operation
    for path, operations in DOCUMENT["paths"].items()
    if path.startswith(BASE)
    for method, operation in operations.items()
}
NO_REQUEST = {"close", "address"}
METHODS = [
    name for name, _ in inspect.getmembers(Client, inspect.isfunction) if name[0] != "_" and name not in NO_REQUEST
]
FOR_BROWSERS = {"download"}
"""Parameters that only tell a browser what to do with the answer."""
BYTES = b"some bytes"


def find(request: httpx.Request) -> tuple[dict[str, Any], str]:
    """The operation that is asked for, and its path as written in the document."""
    asked = request.url.path
    exact = OPERATIONS.get((request.method, asked))
    if exact:
        return exact, asked
    found = [
        (operation, path)
        for (method, path), operation in OPERATIONS.items()
        if method == request.method
        and re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path).replace(r"\{path\}", ".+")), asked)
    ]
    assert len(found) == 1, f"{request.method} {asked} is {[path for _, path in found] or 'nothing'}"
    return found[0]


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself, where it is named elsewhere."""
    if "$ref" in schema:
        named: dict[str, Any] = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return named
    return schema


def example(schema: dict[str, Any]) -> Any:
    """Something that fits a schema, with everything that may be there."""
    schema = resolved(schema)
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return example(options[-1] if options[0].get("type") == "null" else options[0])
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if schema["type"] == "object":
        return {name: example(of) for name, of in schema.get("properties", {"any": {"type": "integer"}}).items()}
    if schema["type"] == "array":
        return [example(schema["items"])]
    text = "2026-01-02T03:04:05Z" if schema.get("format") == "date-time" else "text"
    return {"string": text, "integer": 7, "boolean": True}[schema["type"]]


def events() -> list[Any]:
    """One event of each kind."""
    kinds = DOCUMENT["components"]["schemas"]["Event"]["discriminator"]["mapping"].values()
    return [example({"$ref": kind}) for kind in kinds]


def answer(operation: dict[str, Any]) -> httpx.Response:
    """What the document says that the operation answers, done."""
    status = min(operation["responses"], key=int)
    headers = {"location": "https://elsewhere.test/"} if status == "303" else {}
    for kind, content in operation["responses"][status].get("content", {}).items():
        if kind == "application/json":
            return httpx.Response(int(status), json=example(content["schema"]))
        if kind == "text/event-stream":
            return httpx.Response(int(status), text="".join(f"data: {json.dumps(event)}\n\n" for event in events()))
        return httpx.Response(int(status), content=BYTES)
    return httpx.Response(int(status), headers=headers)


def argument(kind: Any, file: Path) -> Any:
    """A value for a parameter that is annotated like this; never its default."""
    if kind == Layout:
        return {"any": 7}
    if get_origin(kind) is Literal:
        return get_args(kind)[-1]
    kinds = set(get_args(kind) or (kind,)) - {NoneType}
    values = {
        Path: file,
        GitSource: GitSource("https://example.org/x.git", "branch"),
        str: "a" * 16,
        bool: True,
        int: 7,
    }
    return next(value for of, value in values.items() if of in kinds)


@pytest.fixture
def perform(tmp_path: Path) -> Callable[[str], tuple[httpx.Request, Any]]:
    """A function that calls a method with every argument; returns what it asked and what it gave."""
    file = tmp_path / "file.zip"
    file.write_bytes(BYTES)

    def call(name: str) -> tuple[httpx.Request, Any]:
        asked: list[httpx.Request] = []

        def serve(request: httpx.Request) -> httpx.Response:
            request.read()
            asked.append(request)
            return answer(find(request)[0])

        method = getattr(Client, name)
        hints = get_type_hints(method)
        arguments = {of: argument(kind, file) for of, kind in hints.items() if of != "return"}
        with Client("https://hub.test", "secret", transport=httpx.MockTransport(serve)) as client:
            given = method(client, **arguments)
            if isinstance(given, Iterator):
                given = list(given)
        [request] = asked
        return request, given

    return call


Perform = Callable[[str], tuple[httpx.Request, Any]]


def test_every_operation_has_a_method_and_every_argument_a_place(perform: Perform) -> None:
    queries: dict[str, set[str]] = {}
    for name in METHODS:
        request, _ = perform(name)
        operation, _ = find(request)
        queries.setdefault(operation["operationId"], set()).update(request.url.params)
    declared = {
        operation["operationId"]: {of["name"] for of in operation.get("parameters", []) if of["in"] == "query"}
        for operation in OPERATIONS.values()
    }
    missing = set(declared) - set(queries)
    assert not missing, f"the client has no method for {sorted(missing)}"
    for identifier, names in declared.items():
        assert queries[identifier] == names - FOR_BROWSERS, identifier


@pytest.mark.parametrize("name", METHODS)
def test_the_body_is_the_documents(perform: Perform, name: str) -> None:
    request, _ = perform(name)
    operation, _ = find(request)
    body = operation.get("requestBody", {}).get("content", {})
    if not body:
        assert not request.content
        return
    assert request.headers["content-type"] in body
    if "application/json" not in body:
        assert request.content == BYTES
        return
    schema = resolved(body["application/json"]["schema"])
    sent = json.loads(request.content)
    if "properties" in schema:
        assert set(sent) == set(schema["properties"])
    else:
        assert sent == {"any": 7}


@pytest.mark.parametrize("name", METHODS)
def test_nothing_of_the_answer_is_lost(perform: Perform, name: str) -> None:
    request, given = perform(name)
    operation, path = find(request)
    done = answer(operation)
    if path.endswith("/events"):
        assert [msgspec.to_builtins(event) for event in given] == events()
    elif name == "open_port":
        assert given == done.headers["location"]
    elif name == "log":
        assert given == (BYTES.decode(), 7 + len(BYTES))
    elif path.endswith("/files/{path}") and request.method == "GET":
        assert given == BYTES if name == "read_file" else b"".join(given) == BYTES
    elif name == "write_file":
        assert given is False
    elif done.content:
        assert msgspec.to_builtins(given) == done.json()
    else:
        assert given is None


@pytest.mark.parametrize("path", ["..", "../members", "src/../../x", "./x"])
def test_a_path_leads_to_files_only(path: str) -> None:
    with Client("https://hub.test", transport=httpx.MockTransport(lambda _: httpx.Response(500))) as client:
        for ask in (client.read_file, lambda w, p: client.write_file(w, p, b"")):
            with pytest.raises(CoterieError) as refused:
                ask("a" * 16, path)
            assert refused.value.code is ErrorCode.INVALID


def test_paths_are_sent_as_they_are_called() -> None:
    asked: list[bytes] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path)
        return httpx.Response(200)

    with Client("https://hub.test", transport=httpx.MockTransport(serve)) as client:
        client.read_file("w", "a b/100%?#ä")
    assert asked == [b"/api/v1/workspaces/w/files/a%20b/100%25%3F%23%C3%A4"]
