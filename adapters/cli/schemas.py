"""`schemas`: what the event classes and the contracts make, against what `schemas/` records."""
from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.console import REFUSED, AsJson, end, say, tell_json

app = typer.Typer(
    name="schemas", no_args_is_help=True, help="Avro schemas of every stored and published event: build, check, compare."
)
SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
Directory = Annotated[Path, typer.Option("--directory", metavar="DIR", help="Where they are.", show_default="schemas/")]


@app.command()
def build(directory: Directory = SCHEMAS, as_json: AsJson = False) -> None:
    """Write the schemas that the classes and contracts make; refuse what stored events or partners could not bear.

    Example: casebridge schemas build
    Next: commit what it wrote; a committed version is never edited.
    """
    from adapters.avro import build as building

    try:
        written = building.build(directory)
    except building.SchemasRefused as refused:
        _problems(refused.problems, as_json)
        raise end(REFUSED) from None
    if as_json:
        tell_json({"written": [path.as_posix() for path in written], "problems": []})
    else:
        say("\n".join(f"wrote {path}" for path in written) or "nothing to write: every schema stands as it is made")


@app.command()
def check(directory: Directory = SCHEMAS, as_json: AsJson = False) -> None:
    """Say what is wrong with the schemas, a sentence each; nothing is written.

    Example: casebridge schemas check
    Next: `casebridge schemas build` writes what is missing; a refused change takes a new event type.
    """
    from adapters.avro import build as building

    problems = building.check(directory)
    _problems(problems, as_json)
    if problems:
        raise end(REFUSED)
    if not as_json:
        say("the schemas are what the classes and contracts make")


@app.command()
def diff(directory: Directory = SCHEMAS, as_json: AsJson = False) -> None:
    """Show what a build would add, field by field; nothing is written.

    Example: casebridge schemas diff
    Next: `casebridge schemas build`, if that is what you meant to change.
    """
    from adapters.avro import build as building

    found = building.diff(directory)
    if as_json:
        tell_json({"diff": found.splitlines()})
    else:
        say(found or "a build would add nothing")


def _problems(problems: list[str], as_json: bool) -> None:
    if as_json:
        tell_json({"written": [], "problems": problems})
    else:
        for problem in problems:
            say(problem)
