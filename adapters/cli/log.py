"""`log`: the event log's own upkeep."""
from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(name="log", no_args_is_help=True, help="The event log on PostgreSQL: make it, or bring it up to date.")


@app.callback()
def log() -> None:
    """The event log on PostgreSQL: make it, or bring it up to date."""


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
