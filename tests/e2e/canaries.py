"""Canaries: a text of its own in every personal field of every command of every history, and the search for them.

A phone, an A-Number and a birth date have to stay what they are: they are marks as they stand.
"""
from __future__ import annotations

import json
import logging
import re
import sqlite3
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from adapters.cli.plain import plain
from adapters.commands import parse_line
from adapters.composition import Casebridge
from adapters.keys import KeyCustody
from adapters.partners.receiver import Receiver
from adapters.play import ANY_ID
from domain.events import Compartment
from domain.ports import KeyName
from domain.submission import COMMANDS
from tests.e2e.embedded import HISTORIES, read

CODES = frozenset({
    "agency", "birth_country", "consulate", "consulate_country", "countries", "country", "county", "decided_by",
    "disclosed_fields", "from_country", "from_language", "issuer_country", "kinds", "language", "list_ref", "nationalities",
    "office", "offices", "owner", "partner", "port", "recipient_kind", "rule_id", "second_person", "source", "text_version",
    "to_language", "tool_version", "via",
})
"""Texts that are codes, or names of public things or of the staff, and of nobody in a case: they stand in clear, or are
checked against a list."""
OF_PERSONS = frozenset({"ReceiveReportOnUnknownChild", "ReceiveRequestFromAbroad"})
"""Lines that are about persons before there is a case."""
NO_TEXT_OF_A_PERSON = frozenset({"NotifyTraffickingUnit.unit"})
PERSONAL = frozenset({"ReportParentDetained.source", "ObtainANumber.source"})
"""What has the name of a code and is somebody's words."""
ALSO_TOLD = frozenset({
    "city", "colonia", "critical", "described", "dialect", "landmarks", "municipality", "postal_code", "receipt", "words",
})
"""Optional texts which a line that leaves them out is given, so that each has a mark."""
AS_THEY_STAND = ("a_number", "birth_date", "phone")
PLAIN = re.compile(rb"canary\d{4}")
HEX = re.compile(rb"63616e617279(?:3\d){4}")
BASE64 = re.compile(rb"[A-Za-z0-9+/]{0,8}(?:Y2FuYXJ5|NhbmFye|jYW5hcnk)[A-Za-z0-9+/]{5,8}")
ROWS_MAX = 5_000


@dataclass
class Canaries:
    """The marks that went in: the field that each was put into, and its cases: what stays as it stands may be of several."""

    fields: dict[str, str] = field(default_factory=dict)
    cases: dict[str, set[str]] = field(default_factory=dict)

    def mark(self, path: str, case: object) -> str:
        """A new mark."""
        return self._enter(f"canary{len(self.fields):04d}", path, case)

    def marked(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """The same line with a new mark before every personal text; a line that is of the agency alone as it is."""
        name = line["command"]
        if "case" not in line and name not in OF_PERSONS:
            return dict(line)
        return {**line, "data": self._marked(COMMANDS[name], line["data"], name, line.get("case", line["agency"]))}

    def of(self, *cases: object) -> set[str]:
        """The marks of these cases, and of no other."""
        wanted = {str(case) for case in cases}
        return {mark for mark, its in self.cases.items() if its <= wanted}

    def found(self, content: bytes | str) -> set[str]:
        """The marks that stand in `content`, as text in any letters, in hexadecimal or in base64."""
        raw = content.encode() if isinstance(content, str) else content
        lower = raw.lower()
        found = {mark.decode() for mark in PLAIN.findall(lower)}
        found |= {bytes.fromhex(mark.decode()).decode() for mark in HEX.findall(lower)}
        found |= {mark for text in BASE64.findall(raw) for mark in _decoded(text)}
        found |= {mark for mark, path in self.fields.items() if path.endswith(AS_THEY_STAND) and mark.encode() in raw}
        return found & self.fields.keys()

    def found_below(self, *folders: Path) -> dict[str, set[str]]:
        """By the name of the file, the marks that stand in it."""
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        assert files, f"nothing is below {folders}"
        return {path.name: found for path in files if (found := self.found(path.read_bytes()))}

    def _enter(self, mark: str, path: str, case: object) -> str:
        self.fields.setdefault(mark, path)
        self.cases.setdefault(mark, set()).add(str(case))
        return mark

    def _marked(self, hint: Any, value: Any, path: str, case: str) -> Any:
        origin, name = get_origin(hint), path.rpartition(".")[2].removesuffix("[]")
        if value is None or (name in CODES and path not in PERSONAL) or path in NO_TEXT_OF_A_PERSON:
            return value
        if origin in (Union, UnionType):
            return self._marked(get_args(hint)[0], value, path, case)
        if origin is tuple:
            return [self._marked(get_args(hint)[0], item, f"{path}[]", case) for item in value]
        if is_dataclass(hint) and isinstance(hint, type):
            return self._object(get_type_hints(hint), value, path, case)
        if name in AS_THEY_STAND:
            self._enter(value.removeprefix("A"), path, case)
            return value
        if hint is UUID and isinstance(value, dict):
            return {**value, "id": f"{self.mark(f'{path}.outside_id', case)} {value['id']}"}
        return f"{self.mark(path, case)} {value}" if hint is str else value

    def _object(self, hints: Mapping[str, Any], value: Mapping[str, Any], path: str, case: str) -> dict[str, Any]:
        told = {key: self._marked(hints[key], item, f"{path}.{key}", case) for key, item in value.items()}
        left_out = [key for key, hint in hints.items() if key in ALSO_TOLD and hint == str | None and key not in value]
        return told | {key: self.mark(f"{path}.{key}", case) for key in left_out}


def _decoded(text: bytes) -> Iterator[str]:
    """Marks in a piece of base64, wherever its groups of four begin."""
    for begin in range(4):
        whole = text[begin:]
        yield from (mark.decode() for mark in PLAIN.findall(b64decode(whole[: len(whole) // 4 * 4])))


def every_line() -> list[dict[str, Any]]:
    """The lines of every history, in the order in which their agencies learned what they say."""
    lines = [line for path in sorted(HISTORIES.glob("*.jsonl")) for line in read(path)]
    return sorted(lines, key=lambda line: parse_line(line, lambda *_: ANY_ID).learned_at)


class _Keeping(logging.Handler):
    """Everything that any logger says, with the traces of exceptions."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.kept: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(f"{record.name} {self.format(record)}")


@contextmanager
def at_full_loudness() -> Iterator[list[str]]:
    """What every logger says meanwhile, in the end."""
    keeping, root = _Keeping(), logging.getLogger()
    loudness = root.level
    root.addHandler(keeping)
    root.setLevel(logging.DEBUG)
    try:
        yield keeping.kept
    finally:
        root.removeHandler(keeping)
        root.setLevel(loudness)


def is_code(place: str) -> bool:
    return place.rpartition(".")[2] in CODES


def refusing_once(receiver: Receiver, canaries: Canaries) -> list[bytes]:
    """Every office refuses what it gets once, and says it back; then it gives a receipt with a mark. The list fills with
    what they got."""
    take, echoed, receipts = receiver.take, list[bytes](), dict[bytes, str]()

    def refuse_once(office: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        if body not in echoed:
            echoed.append(body)
            content = b64decode(json.loads(body)["data_base64"]).decode(errors="replace")
            return 500, {"error": body.decode(), "text": content}
        status, told = take(office, headers, body)
        if body not in receipts:
            receipts[body] = canaries.mark("receipt", office)
        return status, {**told, "id": f"{receipts[body]} {told['id']}"}

    receiver.take = refuse_once  # type: ignore[method-assign]
    return echoed


def texts(casebridge: Casebridge) -> str:
    """Everything in the log that the keys open."""
    rows = casebridge.log.read_log(after=0, limit=ROWS_MAX)
    return json.dumps([plain(casebridge.codec.decode(row).event) for row in rows], ensure_ascii=False)


def keys_of(home: Path, store: KeyCustody, case: UUID) -> list[bytes]:
    """The keys of a case, each as the store has it wrapped and as it opens it."""
    with sqlite3.connect(home / "keys.sqlite") as reading:
        reading.row_factory = sqlite3.Row
        rows = reading.execute("SELECT * FROM keys WHERE case_id = ? AND wrapped IS NOT NULL", (str(case),)).fetchall()
    names = [KeyName(case=case, person=UUID(row["person"]), compartment=Compartment(row["compartment"])) for row in rows]
    plain = [store.open(name, row["generation"]) for name, row in zip(names, rows, strict=True)]
    return [row["wrapped"] for row in rows] + [key for key in plain if key is not None]
