"""The pull feed as an OpenAPI 3.1 document: what an engineer of an office reads before writing a line."""
from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from adapters.disclosure.pull import ENTRIES_MAX
from adapters.http.limits import READINGS, UNPROVEN_TRIES

EPOCH = (
    "Only after your agency brought its log back from an older copy: a sign that is new with each such restore. An earlier "
    "epoch, or none, may have had the same number for another entry, of which your agency does not know any more."
)
EVENT: dict[str, Any] = {
    "type": "object",
    "description": "A CloudEvent 1.0 in structured mode. `data_base64` is the published event in single-object Avro: the "
                   "same bytes, number and id as on every other channel.",
    "required": ["specversion", "id", "source", "type", "time", "sequence", "feednumber", "datacontenttype", "data_base64"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {
            "type": "string",
            "description": "Feed, number, and epoch if it has one: the same entry never comes under another id, nor another "
                           "entry under this one.",
        },
        "source": {"type": "string", "description": "Feed and your reference of the case."},
        "type": {"type": "string", "description": "Full name of the published event; a Placeholder has no content."},
        "time": {"type": "string", "format": "date-time", "description": "When the entry was made, to the hour, in UTC."},
        "sequence": {"type": "string", "description": "Place among the entries of its case, 20 digits."},
        "feednumber": {"type": "string", "description": "Gapless over the feed, from 1."},
        "feedepoch": {"type": "string", "description": EPOCH},
        "feedfrom": {"type": "string", "description": "Only with an epoch: the number with which that began."},
        "datacontenttype": {"const": "application/avro"},
        "salt": {"type": "string", "description": "Proves, with the bytes, the digest that the agency keeps."},
        "releases": {"type": "string", "description": "Only on what was held back: the number that it had first."},
        "data_base64": {"type": "string", "contentEncoding": "base64"},
    },
}
PROBLEM: dict[str, Any] = {"application/problem+json": {"schema": {
    "type": "object", "properties": {"status": {"type": "integer"}, "title": {"type": "string"}},
}}}
RETRY = {"headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "In how many seconds to come again."}}}


def _problem(description: str, more: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """What was wrong, as RFC 9457 has it."""
    return {"description": description, **more, "content": PROBLEM}


def _parameter(name: str, most: int, default: int, description: str, *, least: int = 0) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": least, "maximum": most, "default": default}
    return {"name": name, "in": "query", "description": description, "schema": schema}


DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Casebridge feed", "version": "1",
        "description": "Everything that your office is given, numbered from 1 without a gap. Read after the last number "
                       "that you have kept: by that you say that you have all up to it. Keep each entry once, by its id.",
    },
    "security": [{"credential": []}],
    "paths": {"/feeds/{office}/events": {"get": {
        "operationId": "readFeed",
        "summary": "Read the entries after a number",
        "parameters": [
            {"name": "office", "in": "path", "required": True, "schema": {"type": "string"},
             "description": "The code of your office, such as cons-mx.el-paso."},
            _parameter("after", 2**53, 0, "The last number that you have kept; 0 at first."),
            {"name": "epoch", "in": "query", "schema": {"type": "string", "default": ""},
             "description": "The `feedepoch` of the entry with that number, where it had one; `Link` has it."},
            _parameter("limit", ENTRIES_MAX, ENTRIES_MAX, "How many entries at the most.", least=1),
            _parameter("wait", 30, 0, "How many seconds to wait where there is nothing new yet (long poll)."),
            {"name": "If-None-Match", "in": "header", "schema": {"type": "string"},
             "description": "The ETag of an earlier answer: 304 where this one would be the same."},
        ],
        "responses": {
            "200": {
                "description": "The entries, in order; an empty list where there is nothing new. `Link` has where to go on.",
                "headers": {name: {"schema": {"type": "string"}} for name in ("ETag", "Link")},
                "content": {"application/cloudevents-batch+json": {"schema": {
                    "type": "array", "maxItems": ENTRIES_MAX, "items": {"$ref": "#/components/schemas/Event"},
                }}},
            },
            "304": {"description": "The same as before."},
            "410": _problem(
                "Your agency brought its log back from an older copy: what you have after the number that `Link` names, it "
                "does not know any more. Keep that, tell the agency, and go on by `Link`.",
                {"headers": {"Link": {"schema": {"type": "string"}}}},
            ),
            "400": _problem("A number is none, or is not reached yet; the title names it."),
            "401": _problem("The credential does not open this feed, or there is no such feed: which, is not told."),
            "429": _problem(
                f"Too many readings of this feed: {READINGS.a_second:g} a second, {READINGS.burst_max:g} at once. Or too "
                f"many tries from your address with credentials that have opened no feed: {UNPROVEN_TRIES.a_second:g} a "
                f"second, {UNPROVEN_TRIES.burst_max:g} at once; a credential that has opened its feed reads on.", RETRY,
            ),
            "503": _problem("The feed is not live now, or cannot be read now.", RETRY),
        },
    }}},
    "components": {
        "schemas": {"Event": EVENT},
        "securitySchemes": {"credential": {
            "type": "http", "scheme": "bearer",
            "description": "From your agency, which has it by `casebridge partner show OFFICE --secret`.",
        }},
    },
}
