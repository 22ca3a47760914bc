"""The API's own description, OpenAPI 3.1, made from the definitions that requests are read by and answers made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import msgspec
from flask import Blueprint, Response

import bot
from bot.web.answers import Envelope
from bot.web.endpoint import Endpoint, Parameter

PATH = "/api/v1/openapi.json"

Json = dict[str, Any]

_REF = "#/components/schemas/{name}"
_ABOUT = (
    "What the Atmos CLI calls, and what your own tools may. Every answer but this document is in the same envelope, "
    "errors included. A refusal (4xx) is final; 503 means: send the same again in a moment, nothing was taken."
)
_MEANS = {
    400: "The body or a parameter does not have the expected form; `data.validationErrors` lists where.",
    401: "There is no valid key or session.",
    403: "The key or the session may not do this, or it belongs to another repository.",
    404: "There is no such thing.",
    405: "This address does not take that method.",
    409: "It contradicts what is there already.",
    413: "The body is too large.",
    415: "The body is compressed, which is not taken.",
    503: "Nothing was taken; send it again in a moment.",
}
_MACHINES: Json = {"X-Request-Id": {"description": "The answer's `traceId`.", "schema": {"type": "string"}}}


def document(endpoints: Iterable[Endpoint]) -> Json:
    """Describe endpoints and what they have in common."""
    listed = sorted(endpoints, key=lambda one: (one.path, one.method))
    shapes = [shape for one in listed for shape in (one.body, one.data) if shape is not None]
    schemas, components = msgspec.json.schema_components([*shapes, Envelope], ref_template=_REF)
    found = iter(schemas)
    paths: Json = {PATH: {"get": _own()}}
    for one in listed:
        body = next(found) if one.body is not None else None
        data = next(found) if one.data is not None else None
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, body, data)
    statuses = sorted({status for one in listed for status in one.refusals})
    return {
        "openapi": "3.1.0",
        "info": {"title": "Switchyard", "version": bot.__version__, "summary": _ABOUT, "license": _LICENSE},
        "servers": [{"url": "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted((components | {"Refusal": _REFUSAL}).items())),
            "responses": {_name(status): _refused(status) for status in statuses},
            "securitySchemes": {"bearer": _BEARER},
        },
    }


_LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "A key that `switchyard keys create` made, or the session that the exchange gives a workflow run.",
}
#: What an envelope holds besides where it is no success.
_REFUSAL: Json = {
    "allOf": [{"$ref": _REF.format(name="Envelope")}],
    "type": "object",
    "properties": {
        "success": {"const": False},
        "errorMessage": {"type": "string", "minLength": 1, "description": "What happened, and what to do next."},
        "data": {
            "type": ["object", "null"],
            "properties": {"validationErrors": {"type": "array", "items": {"type": "string"}}},
        },
    },
    "required": ["errorMessage"],
}


def blueprint(endpoints: Iterable[Endpoint]) -> Blueprint:
    """Make the endpoint that tells the document; it is written when it is first asked for."""
    openapi = Blueprint("openapi", __name__)

    @cache
    def written() -> bytes:
        return msgspec.json.encode(document(endpoints))

    @openapi.get(PATH)
    def read() -> Response:
        return Response(written(), content_type="application/json")

    return openapi


def _operation(one: Endpoint, body: Json | None, data: Json | None) -> Json:
    told: Json = {"operationId": _id(one), "summary": one.summary}
    if one.scope:
        told["description"] = f"A key must be allowed `{one.scope}`."
    told["security"] = [{"bearer": []}] if one.scope else []
    if one.parameters:
        told["parameters"] = [_parameter(parameter) for parameter in one.parameters]
    if body is not None:
        told["requestBody"] = {"required": True, "content": _json(body)}
    answers: Json = {} if one.data is None else {"200": _success(data or {})}
    told["responses"] = answers | {
        str(status): {"$ref": f"#/components/responses/{_name(status)}"} for status in sorted(one.refusals)
    }
    return told


def _own() -> Json:
    answer = {"description": "This document.", "content": _json({"type": "object"})}
    return {"operationId": "get_openapi", "summary": "Tell what is here.", "security": [], "responses": {"200": answer}}


def _parameter(parameter: Parameter) -> Json:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "description": parameter.help,
        "required": parameter.required,
        "schema": parameter.schema or {"type": "string"},
    }


def _success(data: Mapping[str, Any]) -> Json:
    schema = {
        "allOf": [{"$ref": _REF.format(name="Envelope")}],
        "type": "object",
        "properties": {"success": {"const": True}, "status": {"const": 200}, "data": data},
        "required": ["data"],
    }
    return {"description": "Done.", "headers": _MACHINES, "content": _json(schema)}


def _refused(status: int) -> Json:
    schema = {"allOf": [{"$ref": _REF.format(name="Refusal")}], "properties": {"status": {"const": status}}}
    headers = dict(_MACHINES)
    if status == 401:
        headers["WWW-Authenticate"] = {"description": "`Bearer`.", "schema": {"type": "string"}}
    return {"description": _MEANS[status], "headers": headers, "content": _json(schema)}


def _json(schema: Mapping[str, Any]) -> Json:
    return {"application/json": {"schema": schema}}


def _name(status: int) -> str:
    return f"Refused{status}"


def _id(one: Endpoint) -> str:
    words = one.path.removeprefix("/api/v1/").replace("{", "").replace("}", "").replace("-", "_").split("/")
    return "_".join([one.method.lower(), *words])
