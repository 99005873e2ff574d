"""Readers and writers of one schema each, compiled to straight-line Python as `dataclasses` compiles `__init__`.

fastavro calls a Python `read` for every byte of a length; on records of short strings, which is what an
envelope is, the code made here is about four times as fast, and so meets the bar for replay. Its bytes and
values are fastavro's own (a property of the tests). Resolution of an older writer's schema is left to fastavro.

Bounds: every read is checked by the caller's "was exactly all of it read", because a slice beyond the
end moves the place beyond the end too; a repeated block never has more items than the data has bytes.
"""
from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

Reader = Callable[[bytes, int], tuple[dict[str, Any], int]]
Writer = Callable[[dict[str, Any], Callable[[bytes], None]], None]
VARINT_BYTES_MAX = 10
SMALL_MAX = 16_384  # what two groups hold


def reader(schema: Any) -> Reader:
    """`(data, start) -> (record, end)` for a record schema without logical types, its names resolved.

    On damaged data: IndexError, ValueError (with UnicodeDecodeError), or an end other than the data's.
    """
    source = _Source()
    source.add("t = d.decode('latin-1')")
    value = source.read(schema, {})
    made: Reader = source.function("d, i", f"return {value}, i", length=_length, long=_long)
    return made


def writer(schema: Any) -> Writer:
    """`(record, append)` hands the body's parts to `append`, for values that already fit; else AttributeError,
    KeyError, TypeError or ValueError."""
    source = _Source()
    source.write(schema, "r", {})
    made: Writer = source.function("r, a", "", small=_SMALL, varint=varint, SMALL=SMALL_MAX)
    return made


def varint(number: int) -> bytes:
    """A zigzag number, already non-negative, in 7-bit groups, the least first: two at a time."""
    out = []
    while number >= SMALL_MAX:  # at most 4 times: numbers are 64 bits
        out.append(_PAIRS[number & SMALL_MAX - 1])
        number >>= 14
    out.append(_SMALL[number])
    return b"".join(out)


_SMALL = tuple(bytes((n & 127 | 128, n >> 7)) if n > 127 else bytes((n,)) for n in range(SMALL_MAX))
_PAIRS = tuple(bytes((n & 127 | 128, n >> 7 | 128)) for n in range(SMALL_MAX))
_SHIFTS = range(7, 7 * VARINT_BYTES_MAX, 7)


def _long(d: bytes, i: int, n: int) -> tuple[int, int]:
    """The rest of a number whose first byte `n` is before `i`, still zigzag."""
    n &= 127
    for shift in _SHIFTS:
        byte = d[i]
        i += 1
        if byte < 128:
            return n | byte << shift, i
        n |= (byte & 127) << shift
    raise ValueError("a number of more than 64 bits")


def _length(d: bytes, i: int, n: int) -> tuple[int, int]:
    n, i = _long(d, i, n) if n > 127 else (n, i)
    if n & 1 or n > 2 * len(d):
        raise ValueError("a length beyond the data")
    return n, i


class _Source:
    """Lines of a function in the making; every value gets a variable of its own."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._indent = 1
        self._numbers = count()

    def function(self, parameters: str, last: str, **known: object) -> Any:
        space: dict[str, object] = dict(known)
        body = "\n".join(self._lines) or " pass"
        exec(f"def made({parameters}):\n{body}\n {last}", space)
        return space["made"]

    def add(self, *lines: str) -> None:
        self._lines += [" " * self._indent + line for line in lines]

    def name(self) -> str:
        return f"v{next(self._numbers)}"

    def read(self, schema: Any, named: dict[str, Any]) -> str:
        """Add what reads one value; the answer is the expression that then holds it."""
        kind = schema if isinstance(schema, str) else "union" if isinstance(schema, list) else schema["type"]
        value = self.name()
        if kind in named:
            return self.read(named[kind], named)
        if kind in ("long", "int"):
            self._read_long()
            self.add(f"{value} = n >> 1 ^ -(n & 1)")
        elif kind in ("string", "bytes"):
            self.add("n = d[i]; i += 1", "if n & 129: n, i = length(d, i, n)", "j = i + (n >> 1)")
            if kind == "bytes":
                self.add(f"{value} = d[i:j]; i = j")
            else:  # `t` is the data as one str of the same length: most text is ASCII, and a slice is cheap
                self.add(f"{value} = t[i:j]", f"if not {value}.isascii(): {value} = d[i:j].decode()", "i = j")
        elif kind == "boolean":
            self.add(f"{value} = d[i] == 1", "if d[i] > 1: raise ValueError('no boolean')", "i += 1")
        elif kind == "null":
            return "None"
        elif kind == "record":
            named[schema["name"]] = schema
            parts = [f"{field['name']!r}: {self.read(field['type'], named)}" for field in schema["fields"]]
            return "{" + ", ".join(parts) + "}"
        elif kind == "array":
            self._read_array(schema["items"], value, named)
        elif kind == "union" and len(schema) == 2 and schema[0] == "null":
            self.add("n = d[i]; i += 1", f"if n == 0: {value} = None", "elif n == 2:")
            self._indent += 1
            self.add(f"{value} = {self.read(schema[1], named)}")
            self._indent -= 1
            self.add("else: raise ValueError('no branch of the union')")
        else:
            raise NotImplementedError(f"{kind} is no form of ours")
        return value

    def _read_long(self) -> None:
        self.add("n = d[i]; i += 1", "if n > 127: n, i = long(d, i, n)")

    def _read_array(self, items: Any, value: str, named: dict[str, Any]) -> None:
        left = self.name()
        self.add(f"{value} = []", "while True:")
        self._indent += 1
        self._read_long()
        self.add("if n == 0: break", f"{left} = n >> 1 ^ -(n & 1)", f"if {left} < 0:")
        self._indent += 1
        self.add(f"{left} = -{left}")
        self._read_long()  # the block's size in bytes
        self._indent -= 1
        self.add(f"if {left} > len(d): raise ValueError('a block beyond the data')", f"for _ in range({left}):")
        self._indent += 1
        self.add(f"{value}.append({self.read(items, named)})")
        self._indent -= 2

    def write(self, schema: Any, value: str, named: dict[str, Any]) -> None:
        """Add what writes the value of an expression."""
        kind = schema if isinstance(schema, str) else "union" if isinstance(schema, list) else schema["type"]
        if kind in named:
            self.write(named[kind], value, named)
        elif kind in ("long", "int"):
            self.add(f"n = {value}; n = n << 1 if n >= 0 else ~n << 1 | 1")
            self.add("a(small[n] if n < SMALL else varint(n))")
        elif kind in ("string", "bytes"):
            self.add(f"b = {value}{'.encode()' if kind == 'string' else ''}; n = len(b) << 1")
            self.add("a(small[n] if n < SMALL else varint(n)); a(b)")
        elif kind == "boolean":
            self.add(f"a(b'\\x01' if {value} else b'\\x00')")
        elif kind == "record":
            named[schema["name"]] = schema
            for field in schema["fields"]:
                part = self.name()
                self.add(f"{part} = {value}[{field['name']!r}]")
                self.write(field["type"], part, named)
        elif kind == "array":
            item = self.name()
            self.add(f"if {value}:")
            self._indent += 1
            self.add(f"n = len({value}) << 1; a(small[n] if n < SMALL else varint(n))", f"for {item} in {value}:")
            self._indent += 1
            before = len(self._lines)
            self.write(schema["items"], item, named)
            if len(self._lines) == before:
                self.add("pass")
            self._indent -= 2
            self.add("a(b'\\x00')")
        elif kind == "union" and len(schema) == 2 and schema[0] == "null":
            self.add(f"if {value} is None: a(b'\\x00')", "else:")
            self._indent += 1
            self.add("a(b'\\x02')")
            self.write(schema[1], value, named)
            self._indent -= 1
        else:
            raise NotImplementedError(f"{kind} is no form of ours")
