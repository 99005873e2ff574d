"""A form is what one Python type is on the wire: its Avro schema, and the two conversions, built once.

Conversions run on raw longs and strings: fastavro's own logical types are several times slower. The
declared schema names the logical types all the same; they do not enter fingerprint or bytes.

| Python | Avro |
|---|---|
| str, bool | string, boolean |
| int | long, range checked |
| UUID | string, logicalType uuid |
| datetime | long, logicalType timestamp-micros; aware only; comes back in UTC |
| date | int, logicalType date |
| StrEnum | string (docs/decisions/0003-enums-on-the-wire.md) |
| tuple[T, ...] | array |
| frozen dataclass | record in the namespace of the topic |
| T or None | ["null", T] |
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, NewType, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from adapters.avro.errors import Misfit, SchemaRefused

Schema = dict[str, Any]  # JSON of an Avro schema
AvroType = str | Schema | list[Any]
Raw = Any  # what fastavro takes and gives: None, bool, int, str, bytes, list, dict
Convert = Callable[[Any], Raw]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = datetime.min.replace(tzinfo=UTC) - EPOCH, datetime.max.replace(tzinfo=UTC) - EPOCH
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
LONG_MAX = 2**63 - 1
UUIDS_CACHED_MAX = 16_384


@dataclass(frozen=True, slots=True)
class Form:
    """`read` is None where the raw value is the value. `symbols` maps a field path ('' for itself) to an enum's."""

    avro: AvroType
    write: Convert
    read: Convert | None
    symbols: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=UUIDS_CACHED_MAX)
def uuid_of(text: str) -> UUID:
    """Ids of cases, persons and commands come again in event after event: parse them once."""
    return UUID(text)


def uuid_text(value: object) -> str:
    if not isinstance(value, UUID):
        raise Misfit(f"a UUID is needed, not {type(value).__name__}")
    return _text_of(value)


@lru_cache(maxsize=UUIDS_CACHED_MAX)
def _text_of(value: UUID) -> str:
    return str(value)


def micros_of(value: object) -> int:
    """Microseconds since 1970 in UTC, of an aware datetime. Raises Misfit for one that UTC's calendar does not have."""
    if not isinstance(value, datetime):
        raise Misfit(f"a datetime is needed, not {type(value).__name__}")
    try:
        since = value - EPOCH
    except TypeError:
        raise Misfit("a datetime without zone is no moment") from None
    if not FIRST <= since <= LAST:  # In its own zone it is within the years 1 to 9999; it would never be read again.
        raise Misfit("a moment outside the years 1 to 9999 of UTC cannot be read back")
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment_of(micros: int) -> datetime:
    return EPOCH + timedelta(0, 0, micros)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Misfit(f"a str is needed, not {type(value).__name__}")
    return value


def _whole(value: object) -> int:
    if type(value) is not int:
        raise Misfit(f"an int is needed, not {type(value).__name__}")
    if not -LONG_MAX - 1 <= value <= LONG_MAX:
        raise Misfit("an int beyond 64 bits cannot be stored")
    return value


def _truth(value: object) -> bool:
    if value is True or value is False:
        return value
    raise Misfit(f"a bool is needed, not {type(value).__name__}")


def _days(value: object) -> int:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise Misfit(f"a date is needed, not {type(value).__name__}")
    return value.toordinal() - EPOCH_ORDINAL


def _date(days: int) -> date:
    return date.fromordinal(days + EPOCH_ORDINAL)


_PLAIN: dict[object, Form] = {
    str: Form("string", _text, None, {}),
    int: Form("long", _whole, None, {}),
    bool: Form("boolean", _truth, None, {}),
    UUID: Form({"type": "string", "logicalType": "uuid"}, uuid_text, uuid_of, {}),
    datetime: Form({"type": "long", "logicalType": "timestamp-micros"}, micros_of, moment_of, {}),
    date: Form({"type": "int", "logicalType": "date"}, _days, _date, {}),
}


Defined = dict[str, tuple[type, Form | None]]  # nested records by full name; None while in the making


def form_of(hint: object, *, namespace: str, where: str, defined: Defined) -> Form:
    """The form of a type. `defined` collects the nested records of one schema, which may each be defined once.

    Raises SchemaRefused for a type that has no form.
    """
    if isinstance(hint, NewType):
        hint = hint.__supertype__
    if isinstance(hint, type) and hint in _PLAIN:
        return _PLAIN[hint]
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _enum(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return _record(hint, namespace=namespace, where=where, defined=defined)
    arguments = get_args(hint)
    if get_origin(hint) is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return _array(form_of(arguments[0], namespace=namespace, where=where, defined=defined))
    if get_origin(hint) in (Union, UnionType) and len(arguments) == 2 and NoneType in arguments:
        inner = arguments[0] if arguments[1] is NoneType else arguments[1]
        return _optional(form_of(inner, namespace=namespace, where=where, defined=defined))
    raise SchemaRefused(where, f"{hint} has no form on the wire")


def is_optional(avro: AvroType) -> bool:
    return isinstance(avro, list)


def avro_default(item: Field[Any], form: Form, where: str) -> dict[str, Raw]:
    """What a reader takes where an older writer had no such field: null, or the class's own default."""
    if is_optional(form.avro):
        if item.default not in (MISSING, None):
            raise SchemaRefused(where, "the default of an optional field is None")
        return {"default": None}
    if item.default_factory is not MISSING:
        raise SchemaRefused(where, "a default is a value, not a factory")
    return {} if item.default is MISSING else {"default": form.write(item.default)}


def _enum(hint: type[StrEnum]) -> Form:
    members: dict[str, StrEnum] = {member.value: member for member in hint}

    def write(value: object) -> str:
        if not isinstance(value, hint):
            raise Misfit(f"a {hint.__name__} is needed, not {type(value).__name__}")
        return value.value

    def read(symbol: str) -> StrEnum:
        try:
            return members[symbol]
        except KeyError:
            raise Misfit(f"a symbol that this program's {hint.__name__} does not have") from None

    return Form("string", write, read, {"": tuple(members)})


def _array(item: Form) -> Form:
    convert, back = item.write, item.read

    def write(value: object) -> list[Raw]:
        if not isinstance(value, tuple):
            raise Misfit(f"a tuple is needed, not {type(value).__name__}")
        return [convert(entry) for entry in value]

    def read(value: list[Raw]) -> tuple[object, ...]:
        return tuple([back(entry) for entry in value]) if back else tuple(value)

    return Form({"type": "array", "items": item.avro}, write, read, item.symbols)


def _optional(inner: Form) -> Form:
    convert, back = inner.write, inner.read

    def write(value: object) -> Raw:
        return None if value is None else convert(value)

    def read(value: Raw) -> object:
        return None if value is None or back is None else back(value)

    return Form(["null", inner.avro], write, read if back else None, inner.symbols)


def _record(hint: type, *, namespace: str, where: str, defined: Defined) -> Form:
    if not cast(Any, hint).__dataclass_params__.frozen:
        raise SchemaRefused(where, f"{hint.__name__} is not frozen")
    name = f"{namespace}.{hint.__name__}"
    if name in defined:
        first, form = defined[name]
        if first is not hint:
            raise SchemaRefused(where, f"two classes would be {name}")
        if form is None:
            raise SchemaRefused(where, f"{name} cannot hold itself")
        return replace(form, avro=name)
    defined[name] = hint, None
    hints = get_type_hints(hint)
    forms: dict[str, Form] = {}
    avro: list[Schema] = []
    for item in fields(hint):
        place = f"{where}.{item.name}"
        form = forms[item.name] = form_of(hints[item.name], namespace=namespace, where=place, defined=defined)
        avro.append({"name": item.name, "type": form.avro} | avro_default(item, form, place))
    symbols = {f"{field}.{path}".rstrip("."): s for field, form in forms.items() for path, s in form.symbols.items()}
    schema: Schema = {"type": "record", "name": hint.__name__, "namespace": namespace, "fields": avro}
    write_fields = writer_of(forms)

    def write(value: object) -> dict[str, Raw]:
        if type(value) is not hint:
            raise Misfit(f"a {hint.__name__} is needed, not {type(value).__name__}")
        return write_fields(value)

    read_fields = reader_of(forms)

    def read(record: dict[str, Raw]) -> object:
        read_fields(record)
        return hint(**record)

    made = Form(schema, write, read, symbols)
    defined[name] = hint, made
    return made


def writer_of(forms: Mapping[str, Form]) -> Callable[[object], dict[str, Raw]]:
    """Reads the named attributes of an object into a raw record."""
    if not forms:
        return lambda _: {}
    names = tuple(forms)
    get = attrgetter(*names)
    converts = tuple((name, form.write) for name, form in forms.items())
    if len(names) == 1:
        return lambda value: {names[0]: _converted(names[0], converts[0][1], get(value))}

    def write(value: object) -> dict[str, Raw]:
        record = {}
        name = ""
        try:
            for (name, convert), entry in zip(converts, get(value), strict=True):
                record[name] = convert(entry)
        except Misfit as misfit:
            misfit.path.append(name)
            raise
        return record

    return write


def reader_of(forms: Mapping[str, Form]) -> Callable[[dict[str, Raw]], None]:
    """Turns the values of a raw record into values, in place."""
    converts = tuple((name, form.read) for name, form in forms.items() if form.read)

    def read(record: dict[str, Raw]) -> None:
        name = ""
        try:
            for name, convert in converts:
                record[name] = convert(record[name])
        except Misfit as misfit:
            misfit.path.append(name)
            raise

    return read


def _converted(name: str, convert: Convert, value: object) -> Raw:
    try:
        return convert(value)
    except Misfit as misfit:
        misfit.path.append(name)
        raise
