"""Commands as a sender writes them: JSON to typed commands, and the JSON Schema of each."""
from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NamedTuple, Union, cast, get_args, get_origin, get_type_hints
from unicodedata import normalize
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.catalogue import AGENCY_COMMANDS, CASE_COMMANDS
from domain.events import Actor
from domain.outside import ID_LENGTH_MAX, OutsideId, is_source
from domain.refusals import Refused
from domain.submission import COMMANDS, Command
from domain.zones import is_zone

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""No asserted time is outside: beyond lie times that can be written down and not be reckoned with."""
TEXT_LENGTH_MAX = 200_000  # a policy pack is the longest text that a command carries
LIST_LENGTH_MAX = 1_000
OF_A_LINE = frozenset({"command", "command_id", "agency", "case", "actor", "occurred_at", "learned_at", "data"})
AGENCY = re.compile(r"[A-Z0-9][A-Z0-9-]{0,39}")
ZONED = re.compile(r"(?P<moment>[^\[\]]+)\[(?P<zone>[A-Za-z0-9_+\-/]+)\]")
CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
RULE = "COMMAND-FORM"
MISSING_FIELD = "this field is missing"
OF_ONE_LINE = (ValueError, ArithmeticError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)
"""Errors of reckoning with what a line says; a message of theirs may quote it, so they are told by class alone."""


class Line(NamedTuple):
    """One command as it was sent, checked for form only."""

    command: Command
    command_id: UUID
    stream: str
    agency: str
    case_id: UUID | None
    actor: Actor
    occurred_at: datetime
    learned_at: datetime
    content: bytes  # canonical JSON of everything above but the id: what must be the same when it comes again
    outside: tuple[OutsideId, ...] = ()


Ours = Callable[[str, str, str], UUID]
"""Our id for (agency, source, id of that source)."""


class _Naming:
    """Turns the outside ids of one command into ours, and keeps which they were."""

    def __init__(self, agency: str, ours: Ours | None) -> None:
        self._agency, self._ours = agency, ours
        self.named: dict[UUID, OutsideId] = {}

    def __call__(self, value: dict[str, Any], path: str) -> UUID:
        source, outside = value.get("source"), value.get("id")
        if self._ours is None or set(value) != {"source", "id"}:
            raise Refused("an id of another system is written {source, id}", rule=RULE, field=path)
        if not isinstance(source, str) or not is_source(source):
            because = "a source is named in small letters, digits, full stops and hyphens, such as cms.child"
            raise Refused(because, rule=RULE, field=f"{path}.source")
        if not isinstance(outside, str) or not 0 < len(outside) <= ID_LENGTH_MAX or outside != outside.strip():
            because = f"an outside id is a text of at most {ID_LENGTH_MAX} signs without blanks around it"
            raise Refused(because, rule=RULE, field=f"{path}.id")
        our_id = self._ours(self._agency, source, outside)
        self.named[our_id] = OutsideId(source=source, id=outside, our_id=our_id)
        return our_id


def parse_line(raw: Mapping[str, Any], ours: Ours | None = None) -> Line:
    """Check the form of a command; raises Refused naming the field. `ours` says what ids of other systems mean."""
    for name in raw:
        if name not in OF_A_LINE:
            raise Refused("no such field in a command", rule=RULE, field=name)
    declared = COMMANDS.get(_string(raw, "command"))
    if declared is None:
        raise Refused("no such command: `casebridge commands` lists them", rule=RULE, field="command")
    agency = _string(raw, "agency")
    if not AGENCY.fullmatch(agency):
        raise Refused("an agency's code has capitals, digits and hyphens", rule=RULE, field="agency")
    naming = _Naming(agency, ours)
    case_id = None if raw.get("case") is None else _convert(UUID, raw["case"], "case", naming)
    if (case_id is None) is (declared in CASE_COMMANDS):
        because = "this command needs its case" if case_id is None else "this command is about the agency, not a case"
        raise Refused(because, rule=RULE, field="case")
    assert declared in CASE_COMMANDS or declared in AGENCY_COMMANDS
    occurred_at = _convert(datetime, raw.get("occurred_at"), "occurred_at")
    learned_at = occurred_at if raw.get("learned_at") is None else _convert(datetime, raw["learned_at"], "learned_at")
    return Line(
        command=_convert(declared, raw.get("data", {}), "data", naming),
        command_id=_convert(UUID, raw.get("command_id"), "command_id"),
        stream=f"agency-{agency}" if case_id is None else f"case-{case_id}",
        agency=agency, case_id=case_id, actor=_convert(Actor, raw.get("actor"), "actor"),
        occurred_at=occurred_at, learned_at=learned_at,
        content=_canonical(raw), outside=tuple(naming.named.values()),
    )


def _canonical(raw: Mapping[str, Any]) -> bytes:
    told = {name: value for name, value in raw.items() if name != "command_id"}
    try:
        return normalize("NFC", CANONICAL.encode(told)).encode()
    except UnicodeEncodeError as error:
        raise Refused("a text holds half of a sign", rule=RULE) from error


def _string(raw: Mapping[str, Any], name: str) -> str:
    return cast(str, _convert(str, raw.get(name), name))


@cache
def _hints(declared: type) -> dict[str, Any]:
    return get_type_hints(declared)


Convert = Callable[[Any, str, _Naming | None], Any]


def _convert(hint: Any, value: Any, path: str, naming: _Naming | None = None) -> Any:
    """A JSON value as the type that its field declares; raises Refused naming the field, never the value."""
    return _converter(hint)(value, path, naming)


@cache
def _converter(hint: Any) -> Convert:
    """What `_convert` does for one type, found once: types are declared, so they are few."""
    if get_origin(hint) in (Union, UnionType):
        return _optional(next(item for item in get_args(hint) if item is not NoneType))
    if get_origin(hint) is tuple:
        return _list(get_args(hint)[0])
    if is_dataclass(hint):
        return _object(cast(type, hint))
    if hint is bool or hint is int:
        return _exactly(hint)
    return _scalar(hint)


def _optional(hint: Any) -> Convert:
    inner = _converter(hint)
    return lambda value, path, naming: None if value is None else inner(value, path, naming)


def _list(hint: Any) -> Convert:
    item = _converter(hint)

    def convert(value: Any, path: str, naming: _Naming | None) -> Any:
        if not isinstance(value, list) or len(value) > LIST_LENGTH_MAX:
            raise Refused(f"a list of at most {LIST_LENGTH_MAX} is wanted", rule=RULE, field=path)
        return tuple(item(one, f"{path}[{index}]", naming) for index, one in enumerate(value))

    return convert


def _exactly(hint: type) -> Convert:
    wanted = "true or false is wanted" if hint is bool else "a whole number is wanted"

    def convert(value: Any, path: str, naming: _Naming | None) -> Any:
        if type(value) is not hint:
            raise Refused(MISSING_FIELD if value is None else wanted, rule=RULE, field=path)
        return value

    return convert


def _scalar(hint: Any) -> Convert:
    is_enum = isinstance(hint, type) and issubclass(hint, StrEnum)
    wanted = f"{'one of ' + ', '.join(hint) if is_enum else _WANTED.get(hint, 'a text')} is wanted"
    read = hint if is_enum else _READ.get(hint)

    def convert(value: Any, path: str, naming: _Naming | None) -> Any:
        if not isinstance(value, str) or len(value) > TEXT_LENGTH_MAX:
            if hint is UUID and naming is not None and isinstance(value, dict):
                return naming(value, path)
            raise Refused(MISSING_FIELD if value is None else "a text is wanted", rule=RULE, field=path)
        if read is not None:
            try:
                return read(value)
            except (ValueError, OverflowError) as error:
                raise Refused(wanted, rule=RULE, field=path) from error
        if not value.strip():
            raise Refused("leave the field out rather than empty", rule=RULE, field=path)
        return normalize("NFC", value)  # One letter with its accent, however the sender's keyboard made it.

    return convert


_WANTED = {
    UUID: "a uuid",
    date: "a date such as 2026-08-13",
    datetime: "a time from 1900 on with its zone, such as 2026-08-13T16:10:00-06:00[America/Denver],",
}


def _moment(value: str) -> datetime:
    """RFC 3339 with an offset, and the zone's name behind it in brackets where it is known (RFC 9557).

    Raises ValueError or OverflowError for what is none, or is not between EARLIEST and LATEST.
    """
    zoned = ZONED.fullmatch(value)
    moment = datetime.fromisoformat(zoned["moment"] if zoned else value)
    offset = moment.utcoffset()
    if offset is None or offset.microseconds:
        raise ValueError("no offset of whole seconds")
    if not EARLIEST <= moment.astimezone(UTC) < LATEST:
        raise ValueError("a time out of reach")
    if zoned is None:
        return moment
    if not is_zone(zoned["zone"]):
        raise ValueError("no such zone")
    named = moment.astimezone(ZoneInfo(zoned["zone"]))
    if named.utcoffset() != offset:
        raise ValueError("the offset is not that of the zone")
    return named


_READ: dict[Any, Callable[[str], Any]] = {UUID: UUID, datetime: _moment, date: date.fromisoformat}


def _object(declared: type) -> Convert:
    hints = _hints(declared)
    known = tuple((item.name, _converter(hints[item.name]), _absent(item, hints[item.name])) for item in fields(declared))

    def convert(value: Any, path: str, naming: _Naming | None) -> Any:
        if not isinstance(value, dict):
            raise Refused(MISSING_FIELD if value is None else "an object is wanted", rule=RULE, field=path)
        for name in value:
            if name not in hints:
                raise Refused("no such field here", rule=RULE, field=f"{path}.{name}")
        given: dict[str, Any] = {}
        for name, convert_field, absent in known:
            told = value.get(name)
            if told is not None:
                given[name] = convert_field(told, f"{path}.{name}", naming)
            elif absent is MISSING:
                raise Refused(MISSING_FIELD, rule=RULE, field=f"{path}.{name}")
            else:
                given[name] = absent
        return declared(**given)

    return convert


def _absent(item: Field[Any], hint: Any) -> Any:
    """What stands for a field that is left out; MISSING where it may not be."""
    return None if item.default is MISSING and _is_optional(hint) else item.default


def _is_optional(hint: Any) -> bool:
    return get_origin(hint) in (Union, UnionType) and NoneType in get_args(hint)


def json_schema(declared: type[Command]) -> dict[str, Any]:
    """JSON Schema (2020-12) of a command's `data`, described by the command's docstring."""
    schema = _schema(declared)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": declared.__name__, **schema}


def _schema(hint: Any) -> dict[str, Any]:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _schema(next(item for item in get_args(hint) if item is not NoneType))
    if origin is tuple:
        return {"type": "array", "maxItems": LIST_LENGTH_MAX, "items": _schema(get_args(hint)[0])}
    if is_dataclass(hint):
        declared = cast(type, hint)
        hints = _hints(declared)
        required = [f.name for f in fields(cast(Any, declared)) if f.default is MISSING and not _is_optional(hints[f.name])]
        return {
            "type": "object", "description": " ".join((declared.__doc__ or "").split()), "additionalProperties": False,
            "properties": {name: _schema(hints[name]) for name in hints}, "required": required,
        }
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"type": "string", "enum": [str(item) for item in hint]}
    return dict(_JSON[hint])


_JSON: dict[Any, dict[str, Any]] = {
    str: {"type": "string", "minLength": 1, "maxLength": TEXT_LENGTH_MAX},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    UUID: {
        "format": "uuid", "anyOf": [
            {"type": "string"},
            {"type": "object", "description": "an id that another system gave", "additionalProperties": False,
             "required": ["source", "id"],
             "properties": {"source": {"type": "string"}, "id": {"type": "string", "maxLength": ID_LENGTH_MAX}}},
        ],
    },
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "description": "RFC 3339 with offset, the zone in brackets behind it (RFC 9557)"},
}
