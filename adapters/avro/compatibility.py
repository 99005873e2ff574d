"""May one schema follow another? Apache's checker both ways, and what it lets pass: units, types that promote, defaults."""
from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import avro.schema
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType

from adapters.avro.forms import AvroType, Schema
from adapters.avro.single_object import format_of, without_docs

UNITS = ("logicalType", "scale", "precision", "size")
LOGICAL = {"date": "int", "timestamp-micros": "long", "uuid": "string", "decimal": "bytes"}
"""The logical types that every reader understands, each on the one type where none ignores it."""


def problems(old: Schema, new: Schema) -> Iterator[str]:
    """Why `new` may not follow `old`, a clause each."""
    before, after = types(old), types(new)
    changed = [path for path in before if path in after and before[path] != after[path]]
    for path in changed:
        yield f"{path} was {before[path]} and is {after[path]}"
    if changed:
        return
    for reader, writer, cannot in ((new, old, "cannot read what it wrote"), (old, new, "could not read what this writes")):
        why = _incompatible(reader, writer)
        if why:
            yield f"{cannot} ({why})"
    same = format_of(old).fingerprint == format_of(new).fingerprint
    if same and without_docs(old) != without_docs(new):
        yield "only a default differs, which no fingerprint shows"


def types(schema: Schema) -> dict[str, str]:
    """Every field by its path, nested ones too, with its type and unit."""
    found: dict[str, str] = {}
    _collect(schema, "", found, {})
    return found


def unclear(schema: Schema) -> Iterator[str]:
    """What a reader in another program could misread: an enum that an older reader cannot skip, a unit left open."""
    for path, node in _nodes(schema, ""):
        if node.get("type") == "enum" and "default" not in node:
            yield f"{path}: an enum without default cannot grow"
        logical = node.get("logicalType")
        if logical == "decimal" and not {"precision", "scale"} <= node.keys():
            yield f"{path}: a decimal says its precision and its scale"
        if logical is not None and LOGICAL.get(logical) != node["type"]:
            yield f"{path}: {logical} is a unit that partners read in different ways"


def documented(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Every record and field, by its place, that has to say what it is."""
    for path, node in _nodes(schema, ""):
        if node.get("type") == "record" or "name" in node:
            yield path or str(node.get("name")), node


def _nodes(node: Any, path: str) -> Iterator[tuple[str, Schema]]:
    if isinstance(node, list):
        for branch in node:
            yield from _nodes(branch, path)
    elif isinstance(node, dict):
        yield path, node
        yield from _nodes(node.get("items"), path)
        for entry in node.get("fields", ()):
            where = f"{path}.{entry['name']}".lstrip(".")
            yield where, entry
            yield from _nodes(entry["type"], where)


def kind_of(avro_type: AvroType) -> str:
    """A type in a few words: `string (uuid)`, `array of string`, `long (timestamp-micros) or null`."""
    if isinstance(avro_type, str):
        return avro_type
    if isinstance(avro_type, list):
        return f"{kind_of(avro_type[1])} or null"
    if avro_type["type"] == "array":
        return f"array of {kind_of(avro_type['items'])}"
    if avro_type["type"] == "record":
        return f"record {avro_type['name']}"
    units = ", ".join(f"{avro_type[unit]}" for unit in UNITS if unit in avro_type)
    return f"{avro_type['type']} ({units})" if units else str(avro_type["type"])


def _collect(node: Any, path: str, found: dict[str, str], named: dict[str, Any]) -> None:
    if isinstance(node, list):
        _collect(node[1], path, found, named)
    elif isinstance(node, dict) and node["type"] == "array":
        _collect(node["items"], path, found, named)
    elif isinstance(node, dict) and node["type"] == "record":
        named[".".join(part for part in (node.get("namespace"), node["name"]) if part)] = node
        for entry in node["fields"]:
            inner = f"{path}.{entry['name']}".lstrip(".")
            found[inner] = kind_of(entry["type"])
            _collect(entry["type"], inner, found, named)
    elif isinstance(node, str) and node in named:
        _collect(named[node], path, found, named)


def _incompatible(reader: Schema, writer: Schema) -> str:
    """What Apache's checker says, without logical types: those are compared above."""
    reads, writes = (avro.schema.parse(json.dumps(_bare(schema))) for schema in (reader, writer))
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]
    result = checker.get_compatibility(reads, writes)
    if result.compatibility is SchemaCompatibilityType.compatible:
        return ""
    return "; ".join(sorted(result.messages)) or "Apache's checker gives no reason"


def _bare(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: value if key == "default" else _bare(value) for key, value in node.items() if key not in UNITS}
    return [_bare(item) for item in node] if isinstance(node, list) else node
