"""Files of a running workspace: requests carried to its workspace server, whose answers are not believed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Query, Request
from fastapi.responses import JSONResponse, Response

from coterie.hub import footprint
from coterie.hub.api.failures import failure
from coterie.hub.api.routing import Caller, Router, TheRole
from coterie.hub.api.schemas import Output
from coterie.hub.gate.gate import Gate
from coterie.hub.identity import Identity
from coterie.wire import kinds
from coterie.wire.capabilities import Capability, Role
from coterie.wire.errors import CoterieError, ErrorCode

if TYPE_CHECKING:
    from coterie.hub.gate.transfer import Transfer

router = Router("files")


class Unpacked(Output):
    """How many files and folders an archive had."""

    files: int


NOT_THERE = (ErrorCode.NOT_RUNNING, ErrorCode.UNAVAILABLE)


@router.route(
    "GET",
    "/workspaces/{id}/files/{path:path}",
    Capability.FILE_READ,
    *NOT_THERE,
    response_class=Response,
    responses={200: {"description": "The file's bytes, or the folder as an archive.", "content": {"*/*": {}}}},
)
async def read_file(
    *,
    id: str,  # noqa: A002 the path's name
    path: str,
    request: Request,
    caller: Caller,
    role: TheRole,
    download: Annotated[bool, Query(description="Have browsers save it.")] = False,
    archive: Annotated[str, Query(description="For a folder: `zip` or `tar.gz`.")] = "",
) -> Response:
    """Read a file, by ranges if wanted, or a folder as an archive."""
    name = path.rstrip("/").rpartition("/")[2]
    if archive:
        if archive not in kinds.ARCHIVES:
            formats = " or ".join(kinds.ARCHIVES)
            raise CoterieError(ErrorCode.INVALID, f"Folders can be had as {formats}.", repr(archive))
        content, inline, name = kinds.ARCHIVES[archive], False, f"{name or 'workspace'}.{archive}"
    else:
        content, inline = kinds.kind(name)
    headers = {
        **kinds.GUARDS,
        "content-type": content,
        "content-disposition": kinds.disposition(name, inline and not download),
    }
    transfer = _transfer(request, id, caller, role, Capability.FILE_READ)
    await transfer.open("GET", path, {"archive": archive} if archive else {}, request.headers)
    return transfer.answer(headers)


@router.route(
    "PUT",
    "/workspaces/{id}/files/{path:path}",
    Capability.FILE_WRITE,
    *NOT_THERE,
    ErrorCode.TOO_BIG,
    ErrorCode.DISK_FULL,
    ErrorCode.CONFLICT,
    response_class=Response,
    responses={
        200: {"model": Unpacked, "description": "An archive was unpacked."},
        201: {"description": "A new file was written."},
        204: {"description": "The file was replaced."},
    },
    openapi_extra={"requestBody": {"content": {"application/octet-stream": {}}, "required": True}},
)
async def write_file(
    *,
    id: str,  # noqa: A002
    path: str,
    request: Request,
    caller: Caller,
    role: TheRole,
    unpack: Annotated[bool, Query(description="The body is an archive to unpack into the folder.")] = False,
) -> Response:
    """Write a file from the body, whole or not at all, or unpack an archive into a folder."""
    transfer = _transfer(request, id, caller, role, Capability.FILE_WRITE)
    try:
        await transfer.open("PUT", path, {"unpack": "1"} if unpack else {}, request.headers, request.stream())
    except CoterieError as error:
        # The rest of the body is still coming, and nobody wants it.
        refused = failure(error)
        refused.headers["connection"] = "close"
        return refused
    if unpack:
        return JSONResponse(Unpacked(files=await transfer.number("files")).model_dump())
    return transfer.answer({})


def _transfer(request: Request, workspace: str, caller: Identity, role: Role, capability: Capability) -> Transfer:
    with footprint.without("httpx._main", "zstandard"):  # its command line, and decoding what is never encoded
        from coterie.hub.gate.transfer import Transfer  # noqa: PLC0415 loaded by the first transfer

    return Transfer(_gate(request), workspace, caller, role, capability)


def _gate(request: Request) -> Gate:
    gate: Gate | None = request.app.state.gate
    if gate is None:
        raise CoterieError(ErrorCode.UNAVAILABLE, "Coterie is just starting or stopping. Try again in a moment.")
    return gate
