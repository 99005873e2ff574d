"""Canaries: a text of its own in every personal field of every command of every history, and the search for them."""
from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from adapters.commands import parse_line
from domain.submission import COMMANDS
from tests.e2e.embedded import HISTORIES, read

CODES = frozenset({
    "agency", "birth_country", "consulate", "countries", "country", "county", "decided_by", "disclosed_fields",
    "from_country", "from_language", "issuer_country", "language", "list_ref", "nationalities", "office", "partner", "port",
    "rule_id", "text_version", "to_language", "tool_version", "via",
})
"""Texts that are codes or names of public things, and of nobody: they stand in clear, or are checked against a list."""
NO_TEXT_OF_A_PERSON = frozenset({"NotifyTraffickingUnit.unit"})
NUMBERS = ("a_number", "phone")
"""These have to stay numbers, and are marks as they stand."""
IN_SEVERAL = "several"
PLAIN = re.compile(rb"canary\d{4}")
HEX = re.compile(rb"63616e617279(?:3\d){4}")
BASE64 = re.compile(rb"[A-Za-z0-9+/]{0,8}(?:Y2FuYXJ5|NhbmFye|jYW5hcnk)[A-Za-z0-9+/]{5,8}")


@dataclass
class Canaries:
    """The marks that went in: the field that each was put into, and its case."""

    fields: dict[str, str] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)

    def mark(self, path: str, case: object) -> str:
        """A new mark."""
        return self._enter(f"canary{len(self.fields):04d}", path, case)

    def marked(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """The same line with a new mark before every personal text of a case; a line about the agency as it is."""
        if "case" not in line:
            return dict(line)
        name = line["command"]
        return {**line, "data": self._marked(COMMANDS[name], line["data"], name, line["case"])}

    def of(self, *cases: object) -> set[str]:
        wanted = {str(case) for case in cases}
        return {mark for mark, its in self.cases.items() if its in wanted}

    def found(self, content: bytes | str) -> set[str]:
        """The marks that stand in `content`, as text in any letters, in hexadecimal or in base64."""
        raw = content.encode() if isinstance(content, str) else content
        lower = raw.lower()
        found = {mark.decode() for mark in PLAIN.findall(lower)}
        found |= {bytes.fromhex(mark.decode()).decode() for mark in HEX.findall(lower)}
        found |= {mark for text in BASE64.findall(raw) for mark in _decoded(text)}
        found |= {mark for mark, path in self.fields.items() if path.endswith(NUMBERS) and mark.encode() in raw}
        return found & self.fields.keys()

    def found_below(self, *folders: Path) -> dict[str, set[str]]:
        """By the name of the file, the marks that stand in it."""
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        assert files, f"nothing is below {folders}"
        return {path.name: found for path in files if (found := self.found(path.read_bytes()))}

    def _enter(self, mark: str, path: str, case: object) -> str:
        assert mark not in self.fields
        self.fields[mark], self.cases[mark] = path, str(case)
        return mark

    def _marked(self, hint: Any, value: Any, path: str, case: str) -> Any:
        origin, name = get_origin(hint), path.rpartition(".")[2].removesuffix("[]")
        if value is None or name in CODES or path in NO_TEXT_OF_A_PERSON:
            return value
        if origin in (Union, UnionType):
            return self._marked(get_args(hint)[0], value, path, case)
        if origin is tuple:
            return [self._marked(get_args(hint)[0], item, f"{path}[]", case) for item in value]
        if is_dataclass(hint) and isinstance(hint, type):
            hints = get_type_hints(hint)
            return {key: self._marked(hints[key], item, f"{path}.{key}", case) for key, item in value.items()}
        if hint is not str:
            return value
        if name in NUMBERS:
            number = value.strip("A")
            if number not in self.fields:
                self._enter(number, path, case)
            elif self.cases[number] != case:
                self.cases[number] = IN_SEVERAL  # It stays readable where only the other case is expunged.
            return value
        return f"{self.mark(path, case)} {value}"


def _decoded(text: bytes) -> Iterator[str]:
    """Marks in a piece of base64, wherever its groups of four begin."""
    for begin in range(4):
        whole = text[begin:]
        yield from (mark.decode() for mark in PLAIN.findall(b64decode(whole[: len(whole) // 4 * 4])))


def every_line() -> list[dict[str, Any]]:
    """The lines of every history, in the order in which their agencies learned what they say."""
    lines = [line for path in sorted(HISTORIES.glob("*.jsonl")) for line in read(path)]
    return sorted(lines, key=lambda line: parse_line(line).learned_at)
