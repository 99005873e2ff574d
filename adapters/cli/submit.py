"""`submit`: a file of commands, a line each; an answer a line."""
from __future__ import annotations

import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from adapters.cli.console import INFRASTRUCTURE, REFUSED, AsJson, end, installation, principal, progress, say, tell_json
from adapters.json_lines import Read, lines

if TYPE_CHECKING:
    from adapters.backbone import Backbone, Outcome

FORM = "COMMAND-FORM"


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
            outcome = judged(backbone, line)
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


# ------------------------------------------------------------------ answering
def judged(backbone: Backbone, line: Read) -> Outcome:
    """The answer to one line. Only what concerns every line is raised: the log, the keys, the machine."""
    from adapters.avro import Unwritable
    from adapters.backbone import Outcome
    from adapters.commands import OF_ONE_LINE
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
