"""`views`: the read models, how far they are, and building one anew."""
from __future__ import annotations

from typing import Annotated, Any

import typer

from adapters.cli.console import INFRASTRUCTURE, USAGE, AsJson, end, installation, progress, say, table, tell_json

app = typer.Typer(name="views", no_args_is_help=True, help="The read models: list them, see how far they are, rebuild one.")


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Every read model: its tables, where it stands in the log, and what it could not read.

    Example: casebridge views list
    Next: `casebridge views rebuild NAME` for one with unreadable streams, once the code can read them.
    """
    from projections import bookkeeping

    with installation(ctx) as casebridge:
        found: list[dict[str, Any]] = []
        for name, runner in casebridge.runners().items():
            with casebridge.views.connect() as connection:
                stands = bookkeeping.stands(connection, name)
                held = bookkeeping.unreadable(connection, name)
            found.append({
                "view": name, "tables": [table.name for table in runner.projection.tables],
                "stands": {shard: at.position for shard, at in stands.items()},
                "unreadable": [{"stream": item.stream, "version": item.version, "error": item.error} for item in held],
            })
    if as_json:
        tell_json(found)
        return
    table(("view", "tables", "stands at", "streams it cannot read"), [
        (view["view"], ", ".join(view["tables"]),
         ", ".join(f"{shard} {position}" for shard, position in view["stands"].items()) or "the beginning",
         "; ".join(f"{item['stream']} from version {item['version']}" for item in view["unreadable"]) or "none")
        for view in found
    ])


@app.command()
def lag(ctx: typer.Context, as_json: AsJson = False) -> None:
    """How far each read model is behind the log, in events and in seconds.

    Example: casebridge views lag
    Next: `casebridge work` feeds them all; commands that read a view bring it up to date themselves.
    """
    with installation(ctx) as casebridge:
        lags = {name: runner.lag() for name, runner in casebridge.runners().items()}
    if as_json:
        tell_json([{"view": name, "events": lag.events, "seconds": lag.seconds} for name, lag in lags.items()])
        return
    table(("view", "events behind", "seconds behind"), [
        (name, lag.events, f"{lag.seconds:.1f}") for name, lag in lags.items()
    ])


@app.command()
def rebuild(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which read model; `casebridge views list` names them.")],
    as_json: AsJson = False,
) -> None:
    """Build a read model anew from the log beside the live one, then swap them; readers notice nothing.

    Example: casebridge views rebuild deadline_board
    Next: `casebridge fsck` compares the view with the log.
    """
    from adapters.composition import PROJECTIONS
    from adapters.views import LogSource
    from projections.rebuild import RebuildBehind
    from projections.rebuild import rebuild as rebuilt

    known = {projection().name: projection for projection in PROJECTIONS}
    if name not in known:
        raise end(USAGE, f"there is no view {name}: {', '.join(known)}")
    with installation(ctx) as casebridge:
        source = LogSource(casebridge.log)
        with progress(f"rebuilding {name}", casebridge.log.head().position) as tell:
            try:
                events = rebuilt(
                    known[name](), source, casebridge.views, reader=casebridge.clear_codec, clock=casebridge.clock,
                    progress=lambda done, left: tell(done),
                )
            except RebuildBehind as behind:
                raise end(INFRASTRUCTURE, f"{behind}: try again when less is written") from None
    if as_json:
        tell_json({"view": name, "events": events})
    else:
        say(f"{name}: rebuilt from {events} events and swapped in")
