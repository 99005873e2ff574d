"""`submit`: a file of commands, a line each; an answer a line."""
from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from adapters.cli.console import INFRASTRUCTURE, REFUSED, AsJson, end, installation, principal, progress, say, tell_json

if TYPE_CHECKING:
    from adapters.backbone import Backbone, Outcome

LINE_BYTES_MAX = 2 * 1024 * 1024
FORM = "COMMAND-FORM"
OF_ONE_LINE = (ValueError, ArithmeticError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)
"""Errors of reckoning with what a line says; a message of theirs may quote it, so they are told by class alone."""


@dataclass(frozen=True, slots=True)
class Read:
    """One line of the file: a JSON object, or why it is none. `offset` is where the next one begins."""

    number: int
    offset: int
    raw: dict[str, Any] | None
    because: str = ""
    field: str | None = None


def submit(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file with one JSON command a line, or - for stdin.")],
    as_json: AsJson = False,
) -> None:
    """Send commands: what happened is recorded, what is owed is worked out, one answer a line.

    A line that is refused leaves nothing behind and stops no other; it is reported with its number, field and rule.
    Sending a file again is harmless: what was accepted before is answered as repeated.

    Example: casebridge submit tests/histories/h1-new-mexico.jsonl
    Next: `casebridge due` shows what is owed now; `casebridge commands` lists what a line may say.
    """
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        source, size = _opened(stack, file)
        backbone = stack.enter_context(installation(ctx, new=True)).backbone
        tell = stack.enter_context(progress(f"submitting {file}", size if not sys.stdout.isatty() else 0))
        for line in lines(source):
            outcome = _judged(backbone, line)
            counts[outcome.status] += 1
            _report(line, outcome, as_json)
            tell(line.offset)
    total = {name: counts[name] for name in ("accepted", "repeated", "refused")}
    print(", ".join(f"{count} {name}" for name, count in total.items()), file=sys.stderr if as_json else sys.stdout)
    if counts["refused"]:
        raise end(REFUSED)


def _opened(stack: ExitStack, file: str) -> tuple[BinaryIO, int | None]:
    if file == "-":
        return sys.stdin.buffer, None
    path = Path(file)
    if not path.is_file():
        raise typer.BadParameter(f"there is no file {file}", param_hint="FILE")
    return stack.enter_context(path.open("rb")), path.stat().st_size


# ------------------------------------------------------------------ reading
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


# ------------------------------------------------------------------ answering
def _judged(backbone: Backbone, line: Read) -> Outcome:
    """The answer to one line. Only what concerns every line is raised: the log, the keys, the machine."""
    from adapters.avro import Unwritable
    from adapters.backbone import Outcome
    from domain.ports import Conflict, KeysUnavailable, LogError

    if line.raw is None:
        return Outcome(status="refused", command_id=None, because=line.because, rule=FORM, field=line.field)
    try:
        return backbone.submit(line.raw, principal=principal())
    except Conflict:
        because = "other writers came first every time: send this line again"
        return Outcome(status="refused", command_id=None, because=because, rule="CONFLICT")
    except (LogError, KeysUnavailable) as error:
        resume = f"Nothing is known of line {line.number}: go on from there, or send the whole file again, which is harmless"
        raise end(INFRASTRUCTURE, f"{error}. {resume}") from error
    except Unwritable as error:  # Its words hold no value.
        field = ".".join(error.where.split(".")[2:]) or None
        return Outcome(
            status="refused", command_id=None, because=f"it cannot be recorded: {error.because}", rule=FORM, field=field
        )
    except OF_ONE_LINE as error:
        because = f"a value cannot be reckoned with ({type(error).__name__})"
        return Outcome(status="refused", command_id=None, because=because, rule=FORM)


def _report(line: Read, outcome: Outcome, as_json: bool) -> None:
    if as_json:
        tell_json({
            "line": line.number, "status": outcome.status,
            "command_id": str(outcome.command_id) if outcome.command_id else None, "stream": outcome.stream,
            "first": outcome.first, "last": outcome.last, "events": list(outcome.events),
            "because": outcome.because, "rule": outcome.rule, "field": outcome.field,
        })
        return
    name = str((line.raw or {}).get("command", "-"))[:40]
    head = f"line {line.number}: {outcome.status}: {name}"
    if outcome.status == "refused":
        where = f" (field {outcome.field})" if outcome.field else ""
        say(f"{head}: {outcome.because}{where} [{outcome.rule}]")
    elif outcome.events:
        told = Counter(topic.rpartition(".")[2] for topic in outcome.events)
        events = ", ".join(name if count == 1 else f"{count} {name}" for name, count in told.items())
        say(f"{head}: {events} (positions {outcome.first}-{outcome.last})")
    else:
        say(f"{head}: {'answered before' if outcome.status == 'repeated' else 'nothing new'}")
