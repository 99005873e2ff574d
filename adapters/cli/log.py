"""`log`: the event log's own upkeep."""
from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.acting import act
from adapters.cli.console import AsJson, opened, say, tell_json

if TYPE_CHECKING:
    from adapters.composition import Casebridge

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

    Stop all workers first. Offices are stopped before the log becomes another one, so that whatever interrupts this
    leaves none live: say it again. Then views are rebuilt, and what reads the log by Kafka stops and says so. Workers
    whose position came back with the log go on. Seals and expungements are replayed in the key store before anything
    is read. Each feed goes on in a new epoch: what may have left since the copy was made is never taken for what
    leaves from now on.

    Example: casebridge log restored postgresql://migrator@db/cases
    Next: `casebridge views rebuild NAME` for each view; `casebridge fsck`; then `casebridge partner live OFFICE` for each,
    and ask each what it has of its feed that the copy lacks.
    """
    from adapters.disclosure.streams import feed_stream, head_of
    from adapters.eventstore.restoring import restored as renew
    from adapters.settings import Settings

    with opened(ctx) as casebridge:
        rehearsing = _rehearse_all(casebridge)
        goes_on_at = {office: 1 + head_of(casebridge.log, feed_stream(office)) for office in rehearsing}
    lineage = renew(Settings().log_url, owner=owner)
    if as_json:
        tell_json({"lineage": str(lineage), "rehearsing": rehearsing, "goes_on_at": goes_on_at})
        return
    say(f"this log is lineage {lineage} now; in rehearsal: {', '.join(rehearsing) or 'no office was live'}")
    for office, number in goes_on_at.items():
        say(f"the feed of {office} goes on at number {number}: ask the office what else it has from there on")


def _rehearse_all(casebridge: Casebridge) -> list[str]:
    """Put every office in rehearsal that was live or suspended; all that are in rehearsal then."""
    from domain.agency.events import OfficeStage

    rehearsing: list[str] = []
    for stream, _ in casebridge.log.streams("agency-"):
        standing = casebridge.backbone.agency(stream.removeprefix("agency-"))
        for office in standing.offices.values():
            if office.stage in (OfficeStage.DRAFT, OfficeStage.ENDED):
                continue
            if office.stage is not OfficeStage.REHEARSAL:
                act(casebridge, standing.code, "RehearseOffice", {"office": office.office}, role="operator", user=None)
            rehearsing.append(office.office)
    return rehearsing


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
