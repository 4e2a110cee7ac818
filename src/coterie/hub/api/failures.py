"""Every error leaves the hub as a `Failure`: a stable code and a sentence."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from coterie.hub.api.schemas import Failure
from coterie.wire.errors import CoterieError, ErrorCode

logger = logging.getLogger(__name__)

_FIELDS = {
    "username": "1 to 39 small letters, digits and hyphens, beginning with a letter.",
    "password": "At least 8 characters.",
    "new": "At least 8 characters.",
    "email": "An e-mail address, or nothing.",
}
_KINDS = {
    "missing": "This is needed.",
    "string_too_short": "This is too short.",
    "string_too_long": "This is too long.",
    "extra_forbidden": "There is no such field.",
    "string_pattern_mismatch": "There are characters in this that cannot be used here.",
}
_SENTENCES = {
    ErrorCode.NOT_FOUND: "There is nothing at this address.",
    ErrorCode.TOO_BIG: "This is more than can be sent here at once.",
}
_STATUSES = {404: ErrorCode.NOT_FOUND, 405: ErrorCode.NOT_FOUND, 413: ErrorCode.TOO_BIG}


def failure(error: CoterieError, fields: dict[str, str] | None = None) -> JSONResponse:
    """The answer for an error."""
    body = Failure(code=error.code, sentence=error.sentence, fields=fields)
    headers = {"www-authenticate": "Bearer"} if error.code is ErrorCode.SIGNED_OUT else None
    return JSONResponse(body.model_dump(mode="json", exclude_none=True), error.code.status, headers)


def install(app: FastAPI) -> None:
    """Make the application answer errors this way."""
    app.add_exception_handler(CoterieError, _coterie)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _coterie(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CoterieError)
    if error.detail:
        logger.info("refused", extra={"code": error.code, "detail": error.detail})
    return failure(error)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    fields = {_name(each["loc"]): _sentence(each) for each in error.errors()}
    sentence = next(iter(fields.values())) if set(fields) == {""} else "Something in this form is not right."
    return failure(CoterieError(ErrorCode.INVALID, sentence), fields)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = _STATUSES.get(error.status_code, ErrorCode.INVALID)
    response = failure(CoterieError(code, _SENTENCES.get(code, "This could not be read.")))
    if error.status_code != 400:
        # A body that is no text is as wrong as one that is no JSON.
        response.status_code = error.status_code
    response.headers.update(error.headers or {})
    return response


def _name(location: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in location[1:] if not isinstance(part, int))


def _sentence(each: dict[str, Any]) -> str:
    kind, location = each["type"], each["loc"]
    if kind == "json_invalid":
        return "The body is not JSON."
    if kind in ("missing", "extra_forbidden"):
        return _KINDS[kind]
    return _FIELDS.get(str(location[-1])) or _KINDS.get(kind) or f"{each['msg']}."
