"""Rows of a file as they come: one at a time, with the line where each begins, and nothing kept."""
from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from adapters.importing.mapping import ENCODINGS, Format, ImportMapping
from adapters.json_lines import lines
from domain.refusals import Refused

RULE = "IMPORT-FILE"
LINE_CHARS_MAX = 256 * 1024
COLUMNS_MAX = 1_000
ROWS_MAX = 500_000


@dataclass(frozen=True, slots=True)
class Record:
    """One row: its cells by column, or why it is none. `number` is the line where it ends, `offset` how far the file is."""

    number: int
    offset: int
    cells: Mapping[str, str] | None
    because: str = ""
    column: str | None = None


def records(path: Path, source: BinaryIO, mapping: ImportMapping) -> Iterator[Record]:
    """Every row. Raises Refused where no row can be told: no header, a column that the mapping needs and nobody has."""
    source.seek(0)
    found = _json_lines(source) if _format(path, mapping) is Format.JSON_LINES else _csv(source, mapping)
    for count, record in enumerate(found, start=1):
        if count > ROWS_MAX:
            raise Refused(f"a file has at most {ROWS_MAX:,} rows: import it in parts", rule=RULE)
        yield record


def _format(path: Path, mapping: ImportMapping) -> Format:
    if mapping.file.format is not None:
        return mapping.file.format
    suffix = path.suffix.lower()
    if suffix in (".jsonl", ".ndjson"):
        return Format.JSON_LINES
    if suffix in (".csv", ".tsv", ".txt"):
        return Format.CSV
    raise Refused('say how the file is written: format = "csv" or "jsonl" under [file] of the mapping', rule=RULE)


def _csv(source: BinaryIO, mapping: ImportMapping) -> Iterator[Record]:
    text = io.TextIOWrapper(source, encoding=ENCODINGS[mapping.file.encoding], errors="surrogateescape", newline="")
    try:
        reader = csv.reader(_bounded(text), delimiter=mapping.file.delimiter, strict=True)
        try:
            header = _header(next(reader, []), mapping)
            for cells in reader:
                if cells:
                    yield _record(reader.line_num, source.tell(), header, cells)
        except (csv.Error, _TooLong) as error:
            because = str(error) if isinstance(error, _TooLong) else "the quotes do not close, or a cell is too long"
            yield Record(reader.line_num, source.tell(), None, f"{because}: nothing after this line can be read")
    finally:
        with suppress(ValueError):  # whoever stopped in the middle has closed the file before
            text.detach()


class _TooLong(Exception):
    pass


def _bounded(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(LINE_CHARS_MAX + 1):
        if len(line) > LINE_CHARS_MAX:
            raise _TooLong(f"the line is longer than {LINE_CHARS_MAX:,} signs")
        yield line


def _header(names: Sequence[str], mapping: ImportMapping) -> list[str]:
    header = [name.strip() for name in names]
    if not header or len(header) > COLUMNS_MAX:
        raise Refused(f"the first line names one to {COLUMNS_MAX} columns", rule=RULE)
    for name in header:
        if name and header.count(name) > 1:
            raise Refused("two columns have one name", rule=RULE, field=name)
    missing = sorted(mapping.columns - set(header))
    if missing:
        raise Refused(f"the mapping reads columns that the file has not: {', '.join(missing)}", rule=RULE)
    return header


def _record(number: int, offset: int, header: list[str], cells: list[str]) -> Record:
    if len(cells) != len(header):
        return Record(number, offset, None, f"{len(cells)} cells stand under {len(header)} columns")
    return Record(number, offset, dict(zip(header, cells, strict=True)))


def _json_lines(source: BinaryIO) -> Iterator[Record]:
    for line in lines(source):
        if line.raw is None:
            yield Record(line.number, line.offset, None, line.because, line.field)
            continue
        odd = next((name for name, value in line.raw.items() if isinstance(value, dict | list)), None)
        if odd is not None:
            yield Record(line.number, line.offset, None, "a column of a row is a text, a number, true, false or null", odd)
        else:
            yield Record(line.number, line.offset, {name: _plain(value) for name, value in line.raw.items()})


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
