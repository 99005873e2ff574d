"""Avro single-object encoding: marker, CRC-64-AVRO fingerprint of the writer's schema, body.

Every byte string names the schema that wrote it, so it stays readable for as long as that schema is
kept: in `schemas/`, and in the log's own table. (Avro specification 1.12, "Single-object encoding".)
"""
from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

from fastavro import parse_schema, schemaless_reader
from fastavro.schema import SchemaParseException, UnknownType, fingerprint, to_parsing_canonical_form

from adapters.avro import compiled
from adapters.avro.errors import SchemaRefused, SchemaUnknown, Unreadable, Unwritable
from adapters.avro.forms import Raw, Schema
from domain.ports import WriterSchema

MARKER = b"\xc3\x01"
HEADER_SIZE = len(MARKER) + 8


@dataclass(frozen=True, eq=False)
class Format:
    """A schema ready for use. `raw` is what runs: without logical types, which are our own conversions.

    Its reader and writer are compiled at first use: most old schemas are never needed.
    """

    name: str
    fingerprint: bytes
    header: bytes
    declared: Schema
    raw: Any

    @cached_property
    def read(self) -> compiled.Reader:
        return compiled.reader(self.raw)

    @cached_property
    def write(self) -> compiled.Writer:
        return compiled.writer(self.raw)

    @cached_property
    def writer_schema(self) -> WriterSchema:
        return WriterSchema(fingerprint=self.fingerprint, name=self.name, text=text_of(self.declared))


def text_of(schema: Schema) -> str:
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"))


def format_of(schema: Schema) -> Format:
    """Raises SchemaRefused where it is no record schema."""
    try:
        raw: Any = parse_schema(_stripped(schema, "logicalType"))
        name = raw["name"]
        digest = bytes.fromhex(fingerprint(to_parsing_canonical_form(raw), "CRC-64-AVRO"))
    except (SchemaParseException, UnknownType, KeyError, TypeError) as error:
        raise SchemaRefused(str(schema)[:120], f"is no Avro record schema ({error})") from error
    return Format(name, digest, MARKER + digest, schema, raw)


def without_docs(schema: Schema) -> Schema:
    """What two schemas must agree in to be the same: everything but words."""
    return dict(_stripped(_stripped(schema, "doc"), "doc_es"))


def _stripped(node: Any, key: str) -> Any:
    """Without the attribute `key`. A field called `doc` is a value of "name", not a key, so it stays."""
    if isinstance(node, dict):
        kept = {name: value for name, value in node.items() if name != key}
        return {name: value if name == "default" else _stripped(value, key) for name, value in kept.items()}
    return [_stripped(item, key) for item in node] if isinstance(node, list) else node


def write(form: Format, record: dict[str, Raw]) -> bytes:
    """Raises Unwritable; the message has no value of the record."""
    parts = [form.header]
    try:
        form.write(record, parts.append)
    except (TypeError, ValueError, OverflowError, KeyError, AttributeError) as error:
        raise Unwritable(form.name, f"does not fit its schema ({type(error).__name__})") from None
    return b"".join(parts)


def _resolved(writer: Format, reader: Format, data: bytes) -> tuple[dict[str, Raw], int]:
    """An older or newer writer's record as the reader's schema sees it: added fields have their defaults."""
    source = BytesIO(data)
    source.seek(HEADER_SIZE)
    try:
        record: Any = schemaless_reader(source, writer.raw, reader.raw)
    except Exception as error:  # on damaged bytes fastavro raises whatever its C code meets first
        raise Unreadable(reader.name, f"the body is damaged ({type(error).__name__})") from None
    return record, source.tell()


class SchemaRegistry:
    """Every schema that stored bytes may name, by fingerprint.

    `more` is asked once for each unknown fingerprint: give it the log's `schemas`, which a newer
    writer may have filled since this process began.
    """

    def __init__(self, *, more: Callable[[], Iterable[WriterSchema]] | None = None) -> None:
        self._formats: dict[bytes, Format] = {}
        self._more = more

    @classmethod
    def load(cls, directory: Path, *, more: Callable[[], Iterable[WriterSchema]] | None = None) -> SchemaRegistry:
        """Every `.avsc` below a directory. Raises SchemaRefused."""
        registry = cls(more=more)
        for path in sorted(directory.rglob("*.avsc"), key=lambda path: (str(path.parent), *version_of(path))):
            try:
                registry.add(json.loads(path.read_text(encoding="utf-8")))
            except (SchemaRefused, ValueError) as error:
                raise SchemaRefused(str(path.relative_to(directory)), str(error)) from error
        return registry

    def add(self, schema: Schema) -> Format:
        """Know a schema. Two that differ only in defaults or logical types could not be told apart by their
        bytes, and are refused; other words in `doc` are no difference."""
        new = format_of(schema)
        old = self._formats.setdefault(new.fingerprint, new)
        if old is not new and without_docs(old.declared) != without_docs(new.declared):
            raise SchemaRefused(new.name, "differs from a known schema only in what a fingerprint does not see")
        return old

    def add_stored(self, schemas: Iterable[WriterSchema]) -> None:
        """Know what the log's table holds. Raises SchemaRefused where a row's text is not its fingerprint's."""
        for schema in schemas:
            known = schema.fingerprint in self._formats
            if not known and self.add(json.loads(schema.text)).fingerprint != schema.fingerprint:
                raise SchemaRefused(schema.name, "the stored text has another fingerprint than its row says")

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._formats

    def find(self, digest: bytes, where: str) -> Format:
        """Raises SchemaUnknown."""
        known = self._formats.get(digest)
        if known is None and self._more is not None:
            self.add_stored(self._more())
            known = self._formats.get(digest)
        if known is None:
            raise SchemaUnknown(where, f"written by a schema this program does not know ({digest.hex()})")
        return known

    def read(self, reader: Format, data: bytes) -> dict[str, Raw]:
        """The raw record that `data` holds, as `reader` sees it. Raises Unreadable, without any value."""
        header = data[:HEADER_SIZE]
        if header == reader.header:
            try:
                record, end = reader.read(data, HEADER_SIZE)
            except (IndexError, ValueError) as error:
                raise Unreadable(reader.name, f"the body is damaged ({type(error).__name__})") from None
        else:
            record, end = _resolved(self._writer(reader, header), reader, data)
        if end != len(data):
            raise Unreadable(reader.name, f"the body ends at byte {end} of {len(data)}")
        return record

    def _writer(self, reader: Format, header: bytes) -> Format:
        if len(header) < HEADER_SIZE or not header.startswith(MARKER):
            raise Unreadable(reader.name, "not a single-object encoding")
        writer = self.find(header[len(MARKER):], reader.name)
        if writer.name != reader.name:
            raise Unreadable(reader.name, f"these are bytes of {writer.name}")
        return writer


def version_of(path: Path) -> tuple[str, int]:
    """`CustodyTaken.Identity.v12.avsc` is version 12 of CustodyTaken.Identity. Raises SchemaRefused."""
    stem, _, number = path.name.removesuffix(".avsc").rpartition(".v")
    if not stem or not number.isdecimal():
        raise SchemaRefused(path.name, "is not named <Name>.v<number>.avsc")
    return stem, int(number)
