"""`casebridge schemas build|check|diff`: what the classes declare against what `schemas/` records.

A committed version is never edited; a changed class makes a new one. Refused, because stored events
and partners' readers live for ever: what is not FULL_TRANSITIVE, another type, unit, scale, precision
or default of a field, a field that moves between clear and boxed or between compartments, a symbol or
an event type that is gone. Each of these takes a new event type.
"""
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from adapters.avro import compatibility, published
from adapters.avro.envelope import ENVELOPE_SCHEMA
from adapters.avro.errors import AvroError, SchemaRefused
from adapters.avro.forms import Schema
from adapters.avro.schema import CLEAR, EventSchemas, schemas_of
from adapters.avro.single_object import SchemaRegistry, format_of, version_of, without_docs
from domain.events.contract import REGISTRY, Event

CLEAR_FIELDS = Path("clear-fields.md")
SYMBOLS = Path("symbols.json")
PUBLISHED = "published"  # partners' schemas, made from contracts and not from event classes


class SchemasRefused(SchemaRefused):
    """What the classes declare may not follow what was committed; nothing was written."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("schemas", "\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One schema that the classes declare; `stem` is its path without version."""

    name: str
    stem: str
    schema: Schema
    topic: str = ""


@dataclass(frozen=True, slots=True)
class _Committed:
    """What `schemas/` holds: every version of every schema, oldest first, and every symbol."""

    versions: dict[str, list[Schema]] = field(default_factory=dict)
    symbols: dict[str, list[str]] = field(default_factory=dict)


def domain_classes() -> list[type[Event]]:
    """The events of the domain, in the order of their topics; those of tests are none of them."""
    import_module("domain.catalogue")
    return [cls for _, cls in sorted(REGISTRY.items()) if cls.__module__.startswith("domain.")]


def build(directory: Path, classes: Iterable[type[Event]] | None = None) -> list[Path]:
    """Write what is missing, and say what changed, relative to the directory. Raises SchemasRefused first."""
    declared = _declared(classes)
    committed = _read(directory)
    problems = list(_refusals(declared, committed))
    if classes is None:
        problems += published.problems(directory / PUBLISHED, published.shipped())
    if problems:
        raise SchemasRefused(problems)
    texts = {Path(f"{want.stem}.v{version}.avsc"): _text(want.schema) for want, version in _new(declared, committed)}
    texts |= _generated(declared, committed)
    if classes is None:
        texts |= published.texts(directory / PUBLISHED, published.shipped())
    changed = []
    for path, text in texts.items():
        target = directory / path
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            changed.append(path)
    return sorted(changed)


def check(directory: Path, classes: Iterable[type[Event]] | None = None) -> list[str]:
    """What is wrong, a sentence each; empty where `schemas/` is what the classes declare."""
    declared = _declared(classes)
    try:
        committed = _read(directory)
        SchemaRegistry.load(directory)
    except (AvroError, ValueError) as error:
        return [str(error)]
    problems = list(_refusals(declared, committed))
    problems += [
        f"{want.stem}.v{version}.avsc: the class declares it and it is not there: run `casebridge schemas build`"
        for want, version in _new(declared, committed)
    ]
    for path, text in _generated(declared, committed).items():
        if not (directory / path).exists() or (directory / path).read_text(encoding="utf-8") != text:
            problems.append(f"{path}: is not what the classes declare: run `casebridge schemas build`")
    if classes is None:
        problems += published.check(directory / PUBLISHED, published.shipped())
    return problems


def diff(directory: Path, classes: Iterable[type[Event]] | None = None) -> str:
    """What a build would add, for people to read; empty where nothing."""
    declared, committed = _declared(classes), _read(directory)
    lines: list[str] = []
    for want, version in _new(declared, committed):
        before = compatibility.types(committed.versions[want.name][-1]) if version > 1 else {}
        after = compatibility.types(want.schema)
        lines.append(f"{want.name} version {version}{'' if before else ' (new)'}")
        lines += [f"  - {path}: {kind}" for path, kind in before.items() if after.get(path) != kind]
        lines += [f"  + {path}: {kind}" for path, kind in after.items() if before.get(path) != kind]
    lines += [f"refused: {problem}" for problem in _refusals(declared, committed)]
    return "\n".join(lines)


def _declared(classes: Iterable[type[Event]] | None) -> list[EventSchemas]:
    return [schemas_of(cls) for cls in (domain_classes() if classes is None else classes)]


def _wanted(declared: list[EventSchemas]) -> Iterator[_Wanted]:
    yield _Wanted("casebridge.Envelope", "envelope/Envelope", ENVELOPE_SCHEMA)
    for schemas in declared:
        topic = schemas.cls.TOPIC
        _, area, name = topic.split(".")
        for part in schemas.parts.values():
            yield _Wanted(part.name, f"{area}/{name}{part.name.removeprefix(topic)}", part.schema, topic)


def _read(directory: Path) -> _Committed:
    """Raises SchemaRefused for a file in a place or under a number where none may be."""
    committed = _Committed()
    paths = [path for path in directory.rglob("*.avsc") if path.relative_to(directory).parts[0] != PUBLISHED]
    for path in sorted(paths, key=lambda path: (str(path.parent), *version_of(path))):
        relative, (stem, version) = path.relative_to(directory), version_of(path)
        schema = json.loads(path.read_text(encoding="utf-8"))
        name = format_of(schema).name
        place = "envelope/Envelope" if name == "casebridge.Envelope" else "/".join(name.split(".", 2)[1:])
        if f"{relative.parent.as_posix()}/{stem}" != place:
            raise SchemaRefused(str(relative), f"holds {name}")
        versions = committed.versions.setdefault(name, [])
        versions.append(schema)
        if version != len(versions):
            raise SchemaRefused(str(relative), f"version {len(versions)} is missing")
    if (directory / SYMBOLS).exists():
        committed.symbols.update(json.loads((directory / SYMBOLS).read_text(encoding="utf-8")))
    return committed


def _new(declared: list[EventSchemas], committed: _Committed) -> list[tuple[_Wanted, int]]:
    """The schemas that need a new version. Words alone do not: their bytes could not be told apart."""
    found = []
    for want in _wanted(declared):
        versions = committed.versions.get(want.name, [])
        if not versions or without_docs(versions[-1]) != without_docs(want.schema):
            found.append((want, len(versions) + 1))
    return found


def _refusals(declared: list[EventSchemas], committed: _Committed) -> Iterator[str]:
    wanted = list(_wanted(declared))
    for want in wanted:
        for version, old in enumerate(committed.versions.get(want.name, []), start=1):
            for problem in compatibility.problems(old, want.schema):
                yield f"{want.name}: against version {version}: {problem}"
    for schemas in declared:
        yield from _moves(schemas, committed)
        for path, symbols in schemas.symbols.items():
            for symbol in committed.symbols.get(f"{schemas.cls.TOPIC}.{path}", []):
                if symbol not in symbols:
                    yield f"{schemas.cls.TOPIC}.{path}: the symbol {symbol!r} is gone, and stored events may hold it"
    known = {want.name for want in wanted} | {want.topic for want in wanted}
    for name in committed.versions:
        if ".".join(name.split(".")[:3]) not in known:
            yield f"{name}: has a schema and no event class, so that stored events could not be read"


def _moves(schemas: EventSchemas, committed: _Committed) -> Iterator[str]:
    topic, parts = schemas.cls.TOPIC, schemas.parts
    now = {name: part for part, declared in parts.items() for name in declared.forms}
    for name, versions in committed.versions.items():
        if name != topic and not name.startswith(f"{topic}."):
            continue
        before = name.removeprefix(topic).removeprefix(".").lower()
        for moved in sorted({entry["name"] for schema in versions for entry in schema["fields"]} & now.keys()):
            if now[moved] != before:
                ways = f"{before or 'clear'} to {now[moved] or 'clear'}"
                yield f"{topic}.{moved}: moved from {ways}: that takes a new event type"


def _generated(declared: list[EventSchemas], committed: _Committed) -> dict[Path, str]:
    """The files that are made anew each time."""
    symbols = dict(committed.symbols)
    for schemas in declared:
        for path, values in schemas.symbols.items():
            key = f"{schemas.cls.TOPIC}.{path}"
            old = symbols.get(key, [])
            symbols[key] = old + [value for value in values if value not in old]
    listed = ",\n".join(f" {json.dumps(key)}: {json.dumps(values)}" for key, values in sorted(symbols.items()))
    return {SYMBOLS: f"{{\n{listed}\n}}\n", CLEAR_FIELDS: _clear_fields(declared)}


def _clear_fields(declared: list[EventSchemas]) -> str:
    lines = [
        "# Clear fields", "",
        "Every field that stands unencrypted for ever, and why; whatever is not here is encrypted.",
        "Generated by `casebridge schemas build`, for review.", "",
        "| event | field | type | why it may stand clear |", "|---|---|---|---|",
    ]
    for schemas in declared:
        part = schemas.parts[CLEAR]
        event_name = schemas.cls.TOPIC.removeprefix("casebridge.")
        for entry in part.schema["fields"]:
            kind = compatibility.kind_of(entry["type"])
            cells = (event_name, entry["name"], kind, " ".join(entry["doc"].split()))
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _text(schema: Schema) -> str:
    """A line per field, so that a difference of two versions reads well."""
    words = {key: json.dumps(value, ensure_ascii=False) for key, value in schema.items() if key != "fields"}
    head = [f' "{key}": {value},' for key, value in words.items()]
    fields = ",\n".join(f"  {json.dumps(entry, ensure_ascii=False)}" for entry in schema["fields"])
    return "\n".join(["{", *head, ' "fields": [', *([fields] if fields else []), " ]", "}", ""])
