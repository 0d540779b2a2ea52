"""The description of the API for programs: what Ninja knows of it, and what holds for every operation besides."""

from typing import Any

from marops.site.repeats import HEADER, REPLAYED, WRITES

PROBLEM = "application/problem+json"
_FAULT = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {
        "code": {"type": "string"},
        "message": {"type": "string"},
        "remedy": {"type": "string"},
        "pointer": {"type": "string", "description": "Where in the body, as a JSON pointer."},
        "row": {"type": "integer"},
        "field": {"type": "string"},
    },
}
_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "A refusal in words (RFC 9457), with what can be done about it.",
    "required": ["type", "title", "status", "detail", "remedy", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "remedy": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}},
    },
}
_RETRY = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
_SAID = {
    "400": "It cannot be read.",
    "401": "Nobody is signed in, or the key opens nothing.",
    "403": "The right is missing.",
    "404": "Not there, or not yours to see.",
    "409": "Somebody changed it meanwhile, or it cannot be done now.",
    "422": "Something in what was sent; `errors` says what.",
    "429": "Too much in this time.",
}
_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "Sent again with the same key within 24 hours, a request is answered again and not done again.",
}


def described(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` with every refusal, the limits, and the header by which writes are done once."""
    components = schema.setdefault("components", {}).setdefault("schemas", {})
    components |= {"Problem": _PROBLEM, "Fault": _FAULT}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            operation["responses"] = {str(status): answer for status, answer in operation["responses"].items()}
            _add_refusals(operation, with_object="{" in path)
            if method.upper() in WRITES and not path.startswith("/api/v1/intake/"):
                operation.setdefault("parameters", []).append(_KEY)
                for answer in operation["responses"].values():
                    answer.setdefault("headers", {})[REPLAYED] = {"schema": {"type": "string"}, "required": False}
    return schema


def _add_refusals(operation: dict[str, Any], *, with_object: bool) -> None:
    for status, says in _SAID.items():
        if status == "404" and not with_object:
            continue
        answer = operation["responses"].setdefault(status, {"description": says})
        answer["content"] = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        if status == "429":
            answer["headers"] = dict(_RETRY)
    operation["responses"].setdefault(
        "default",
        {
            "description": "Any other refusal.",
            "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        },
    )
