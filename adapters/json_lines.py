"""A file with one JSON object a line, read a line at a time: what is none is said with its number, and stops no other."""
from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

LINE_BYTES_MAX = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Read:
    """One line of the file: a JSON object, or why it is none. `offset` is where the next one begins."""

    number: int
    offset: int
    raw: dict[str, Any] | None
    because: str = ""
    field: str | None = None


def lines(source: BinaryIO) -> Iterator[Read]:
    """Every line that is not blank. No more than one line is held, and none longer than LINE_BYTES_MAX."""
    number = offset = 0
    while text := source.readline(LINE_BYTES_MAX + 1):
        number, offset = number + 1, offset + len(text)
        if len(text) > LINE_BYTES_MAX:
            while text and not text.endswith(b"\n"):
                text = source.readline(LINE_BYTES_MAX)
                offset += len(text)
            yield Read(number, offset, None, f"the line is longer than {LINE_BYTES_MAX:,} bytes")
        elif text.strip():
            yield _parsed(number, offset, text)


def _parsed(number: int, offset: int, text: bytes) -> Read:
    try:
        raw = json.loads(text.rstrip(b"\r\n").decode("utf-8-sig"), object_pairs_hook=_once_each, parse_constant=_no_constant)
        json.dumps(raw, ensure_ascii=False).encode()  # Half a surrogate pair is text to JSON and to nobody else.
    except _Twice as twice:
        return Read(number, offset, None, "a field stands there twice", field=twice.name)
    except UnicodeError:
        return Read(number, offset, None, "the line is not UTF-8")
    except json.JSONDecodeError as error:
        return Read(number, offset, None, f"the line is not JSON: {error.msg} at column {error.colno}")
    except (ValueError, RecursionError):
        return Read(number, offset, None, "the line is not JSON that a command can be read from")
    if not isinstance(raw, dict):
        return Read(number, offset, None, "a command is a JSON object")
    return Read(number, offset, raw)


class _Twice(ValueError):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Twice(name)
        found[name] = value
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)
