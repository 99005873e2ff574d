"""`import`: another system's export, row by row, as a mapping says."""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli.console import REFUSED, AsJson, end, installation, principal, progress, say, table, tell_json

if TYPE_CHECKING:
    from adapters.importing.convert import Fault
    from adapters.importing.run import Summary

STATUSES = ("new", "changed", "unchanged", "gone", "refused", "not judged")


def import_(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The export: CSV or JSON Lines.", exists=True, dir_okay=False)
    ],
    mapping: Annotated[
        Path, typer.Option(metavar="MAPPING", help="The TOML file that says what its columns mean.", exists=True,
                           dir_okay=False),
    ],
    snapshot: Annotated[
        bool, typer.Option("--snapshot", help="The file is a full export: ask about every row that is no longer in it."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do, and record nothing.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a JSON line for each row; no value of a row is in it."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take over another system's export: rows become commands, known rows what changed in them.

    The form of every row is checked first; where one is wrong, all that are wrong are reported and nothing is recorded.
    Then each row is judged on its case: a refused one leaves nothing behind and stops no other. Importing a file again
    is harmless. A name, birth date or origin that changed becomes a correction; a row that is gone from a full export
    a question, never a deletion.

    Example: casebridge import tests/data/removals.csv --mapping adapters/importing/mappings/removal-export.toml --dry-run
    Next: import without `--dry-run`; `casebridge due` shows what is owed and asked. docs/import.md explains mappings.
    """
    from adapters.cli.submit import judged
    from adapters.importing.mapping import load_mapping
    from adapters.importing.run import Import
    from adapters.json_lines import Read

    loaded = load_mapping(mapping)
    size = file.stat().st_size
    with (
        installation(ctx) as casebridge, _reporting(report) as tell_row,
        progress(f"importing {file.name}", 2 * size if size else 0) as tell,
    ):
        work = Import(
            casebridge.backbone, loaded, file, principal=principal(), report=tell_row, tell=tell,
            submit=lambda number, raw: judged(casebridge.backbone, Read(number, 0, raw)),
        )
        summary, is_checked = work.check(), False
        if summary.is_fine:
            summary, is_checked = work.run(is_dry=dry_run, is_snapshot=snapshot), True
    _tell(summary, is_checked, dry_run, as_json)
    if not summary.is_fine:
        raise end(REFUSED)


def _as_json(line: int, fault: Fault) -> dict[str, Any]:
    return {
        "line": line or None, "column": fault.column, "field": fault.field, "because": fault.because, "rule": fault.rule,
    }


def _where(line: int, fault: Fault) -> str:
    places = (f"line {line}" if line else "", f"column {fault.column}" if fault.column else "")
    where = ", ".join(place for place in places if place)
    command = f" ({fault.command})" if fault.command else ""
    return f"{f'{where}: ' if where else ''}{fault.because}{command} [{fault.rule}]"


@contextmanager
def _reporting(report: Path | None) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Writes each row of the report as it comes, for its owner alone."""
    if report is None:
        yield lambda row: None
        return
    from adapters.private_file import make_private

    make_private(report)
    with report.open("w", encoding="utf-8") as written:
        yield lambda row: print(json.dumps(row, ensure_ascii=False), file=written)


def _tell(summary: Summary, is_checked: bool, is_dry: bool, as_json: bool) -> None:
    if as_json:
        tell_json({
            "recorded": is_checked and not is_dry, "rows": dict(summary.rows), "commands": dict(summary.commands),
            "refusals": summary.faults, "warnings": summary.warnings,
            "first": [_as_json(line, fault) for line, fault in summary.shown],
            "noted": [_as_json(line, warning) for line, warning in summary.noted],
        })
        return
    if summary.commands:
        head = "would be recorded" if is_dry else "recorded"
        table(("command", head), sorted(summary.commands.items()))
    for line, warning in summary.noted:
        say(f"note: {_where(line, warning)}")
    for line, fault in summary.shown:
        say(_where(line, fault))
    if summary.faults > len(summary.shown):
        say(f"and {summary.faults - len(summary.shown):,} more: --report FILE has them all")
    rows = ", ".join(f"{summary.rows[name]:,} {name}" for name in STATUSES if summary.rows[name]) or "none new"
    say(f"rows: {rows}; {summary.warnings:,} warnings")
    if not is_checked:
        say("Nothing was recorded: put these lines right first.")
    elif is_dry:
        say("Nothing was recorded: this was a dry run.")
