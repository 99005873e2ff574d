"""`log`: the event log's own upkeep."""
from __future__ import annotations

from typing import Annotated
from uuid import uuid4

import typer

from adapters.cli.console import AsJson, actor, installation, principal, say, tell_json

app = typer.Typer(name="log", no_args_is_help=True, help="The event log: make it, or say that it was brought back.")


@app.callback()
def log() -> None:
    """The event log: make it, or say that it was brought back."""


@app.command()
def restored(
    ctx: typer.Context,
    owner: Annotated[str | None, typer.Argument(
        metavar="[DSN]", help="For PostgreSQL: postgresql://... of the role that owns the log.",
    )] = None,
    as_json: AsJson = False,
) -> None:
    """Say that the log was brought back from a copy: every office goes into rehearsal, and nothing is sent until told.

    The log is another one now: views are rebuilt, and what reads it by Kafka stops and says so. Workers whose position
    came back with the log go on. Seals and expungements are replayed in the key store before anything is read.

    Example: casebridge log restored postgresql://migrator@db/cases
    Next: `casebridge views rebuild NAME` for each view; `casebridge fsck`; then `casebridge partner live OFFICE` for each.
    """
    from adapters.eventstore.restoring import restored as renew
    from adapters.settings import Settings

    lineage = renew(Settings().log_url, owner=owner)
    rehearsed: list[str] = []
    with installation(ctx) as casebridge:
        for stream, _ in casebridge.log.streams("agency-"):
            standing = casebridge.backbone.agency(stream.removeprefix("agency-"))
            for office in standing.offices.values():
                if office.stage.value not in ("live", "suspended"):
                    continue
                outcome = casebridge.backbone.submit({
                    "command": "RehearseOffice", "command_id": str(uuid4()), "agency": standing.code,
                    "actor": actor(standing.code, "operator", None), "occurred_at": casebridge.clock.now().isoformat(),
                    "data": {"office": office.office},
                }, principal=principal())
                assert outcome.status == "accepted", outcome.because
                rehearsed.append(office.office)
    if as_json:
        tell_json({"lineage": str(lineage), "rehearsing": rehearsed})
    else:
        say(f"this log is lineage {lineage} now; in rehearsal: {', '.join(rehearsed) or 'no office was live'}")


@app.command()
def install(
    dsn: Annotated[str, typer.Argument(metavar="DSN", help="postgresql://... of the role that shall own the log.")],
    app_role: Annotated[str, typer.Option("--app-role", metavar="ROLE", help="The role that may append and read.")],
) -> None:
    """Make the log's tables and its one function, or bring them up to date; nothing that is stored changes.

    The owner's role makes them; the application's role, which must exist, may call the function and select, and
    nothing else. Running it again is harmless.

    Example: casebridge log install postgresql://migrator@db/cases --app-role casebridge_app
    Next: set CASEBRIDGE_LOG and CASEBRIDGE_VIEWS to the database with the application's role, then `casebridge submit`.
    """
    from adapters.eventstore.postgres_setup import install as make

    make(dsn, app_role=app_role)
    print(f"the log is installed; {app_role} may append and read")
