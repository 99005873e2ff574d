"""`fsck`: is everything what it should be."""
from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.console import REFUSED, AsJson, end, installation, progress, say, table, tell_json

if TYPE_CHECKING:
    from adapters.cli.checks import Check
    from adapters.composition import Casebridge

PROBLEMS_SHOWN = 50


def fsck(
    ctx: typer.Context,
    kafka: Annotated[bool, typer.Option("--kafka/--no-kafka", help="Compare Kafka too, where brokers are named.")] = True,
    as_json: AsJson = False,
) -> None:
    """Check everything that is stored: streams, bytes, schemas, commands, adopted texts, views, feeds, and Kafka.

    Nothing is changed. A problem is named by stream, version and position, never by what it says.

    Example: casebridge fsck
    Next: a view that differs is made anew by `casebridge views rebuild NAME`; anything else needs a person, and a backup.
    """
    with installation(ctx) as casebridge:
        found = _checked(casebridge, kafka=kafka)
    problems = [problem for one in found for problem in one.problems]
    if as_json:
        tell_json({"ok": not problems, "checks": [
            {"check": one.name, "checked": one.checked, "count": one.count, "problems": one.problems,
             "note": one.note} for one in found
        ]})
    else:
        table(("check", "looked at", "problems", ""), [
            (one.name, f"{one.checked:,}", one.count or "none", one.note) for one in found
        ])
        for problem in problems[:PROBLEMS_SHOWN]:
            say(f"- {problem}")
        if len(problems) > PROBLEMS_SHOWN:
            say(f"and {len(problems) - PROBLEMS_SHOWN} more: --json lists them")
    if problems:
        raise end(REFUSED)


def _checked(casebridge: Casebridge, *, kafka: bool) -> list[Check]:
    """Every check, in the order of the parts. Raises what the infrastructure raises; a problem is never raised."""
    from adapters.cli.checks import LogChecks, rows
    from adapters.cli.checks_views import check_view
    from adapters.composition import PROJECTIONS

    log = LogChecks(casebridge)
    with progress("checking the log", casebridge.log.head().position) as tell:
        for recorded in rows(casebridge.log):
            log.see(recorded)
            tell(recorded.position)
    log.finish()
    found = [*log.all]
    with progress("checking the views", len(PROJECTIONS)) as tell:
        for done, projection in enumerate(PROJECTIONS, 1):
            found.append(check_view(casebridge, projection()))
            tell(done)
    settings = casebridge.kafka()
    if kafka and settings is not None:
        from adapters.cli.checks_kafka import check_kafka

        found.append(check_kafka(casebridge.log, settings, casebridge.clock.now()))
    return found
