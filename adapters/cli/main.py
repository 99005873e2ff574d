"""`casebridge`: every command, in the groups of those who use it."""
from __future__ import annotations

import logging
import os
import sys
import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from adapters.cli import (
    cases,
    commands,
    contracts,
    due,
    duties,
    feeds,
    fsck,
    holds,
    imports,
    ledger,
    log,
    offices,
    partners,
    policies,
    recalls,
    records,
    releases,
    schemas,
    serve,
    submit,
    topics,
    views,
    work,
)
from adapters.cli.console import AsJson, end
from adapters.cli.failures import explained

AGENCY = "For caseworkers and liaisons"
POLICY = "For policy and partner desks"
ENGINEER = "For integration engineers"
OPERATOR = "For operators and auditors"


class Guarded(TyperGroup):
    """Turns what goes wrong below into one sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)  # It tells each attempt; we say once what is wrong.
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if type(error).__module__.startswith("typer."):
                raise  # A mistake in what was typed: typer says so, and ends with 2.
            if os.environ.get("CASEBRIDGE_DEBUG"):
                traceback.print_exception(error, file=sys.stderr)
            code, sentence = explained(error)
            raise end(code, sentence) from None


app = typer.Typer(
    name="casebridge", cls=Guarded, no_args_is_help=True, add_completion=False, rich_markup_mode="rich",
    pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]},
    help="Keep one child-welfare case true across agencies: what happened, what is owed, who was told.\n\n"
         "Start with `casebridge demo`. CASEBRIDGE_HOME is the folder that holds everything (.casebridge in this one).\n"
         "Exit codes: 0 done, 1 refused or problems found, 2 wrong usage, 3 a database, key store or broker is missing.",
)


@app.command(rich_help_panel=AGENCY)
def demo(as_json: AsJson = False) -> None:
    """Play two histories from custody to a consulate's receipt, on this machine alone and in a folder that goes away.

    Example: casebridge demo
    Next: read the timeline and the acts, then send commands of your own with `casebridge submit`.
    """
    from adapters.cli.console import console
    from adapters.cli.demo import run

    raise typer.Exit(run(console(), as_json=as_json))


app.command("submit", rich_help_panel=AGENCY)(submit.submit)
app.command("import", rich_help_panel=AGENCY)(imports.import_)
app.command("commands", rich_help_panel=AGENCY)(commands.commands)
app.add_typer(cases.app, rich_help_panel=AGENCY)
app.command("due", rich_help_panel=AGENCY)(due.due)
app.add_typer(duties.app, rich_help_panel=AGENCY)
app.command("release", rich_help_panel=AGENCY)(releases.release)
app.add_typer(holds.app, rich_help_panel=AGENCY)
app.command("recall", rich_help_panel=AGENCY)(recalls.recall)
app.add_typer(ledger.app, rich_help_panel=POLICY)
app.command("feed", rich_help_panel=POLICY)(feeds.feed)
app.add_typer(policies.app, rich_help_panel=POLICY)
app.add_typer(contracts.app, rich_help_panel=POLICY)
partners.app.command("list")(offices.list_)
partners.app.command("kit")(offices.kit)
app.add_typer(partners.app, rich_help_panel=POLICY)
app.add_typer(topics.app, rich_help_panel=ENGINEER)
app.add_typer(schemas.app, rich_help_panel=ENGINEER)
app.add_typer(records.app, rich_help_panel=OPERATOR)
app.add_typer(log.app, rich_help_panel=OPERATOR)
app.command("serve", rich_help_panel=OPERATOR)(serve.serve)
app.command("work", rich_help_panel=OPERATOR)(work.work)
app.add_typer(views.app, rich_help_panel=OPERATOR)
app.command("fsck", rich_help_panel=OPERATOR)(fsck.fsck)


def main() -> None:
    """The program."""
    app()


if __name__ == "__main__":
    main()
