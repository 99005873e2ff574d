"""`topics`: the Kafka topics that this installation needs."""
from __future__ import annotations

from typing import Annotated

import typer

from adapters.cli.console import INFRASTRUCTURE, LISTED_MAX, REFUSED, USAGE, AsJson, end, installation, table, tell_json

app = typer.Typer(name="topics", no_args_is_help=True, help="Kafka topics: create what is missing, change what is safe.")


@app.callback()
def topics() -> None:
    """Kafka topics: create what is missing, change what is safe."""


@app.command()
def apply(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, do nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Create the private log's topic and a feed and an inbox for every office that reads from Kafka.

    Nothing is ever deleted, shrunk or shortened: a difference that could lose records is reported, for a person.

    Example: CASEBRIDGE_KAFKA=127.0.0.1:9092 casebridge topics apply --dry-run
    Next: `casebridge work` relays the log into them.
    """
    with installation(ctx, new=True) as casebridge:
        settings = casebridge.kafka()
        if settings is None:
            raise end(USAGE, "no brokers are named: set CASEBRIDGE_KAFKA to host:port")
        from adapters.kafka.topics import Action, applied, topic_specs

        offices = [
            office.office
            for stream, _ in casebridge.log.streams("agency-", limit=LISTED_MAX)
            for office in casebridge.backbone.agency(stream.removeprefix("agency-")).offices.values()
            if office.channel == "kafka" and office.stage != "ended"
        ]
        steps = applied(settings, topic_specs(settings, offices), dry_run=dry_run)
    if as_json:
        tell_json({"dry_run": dry_run, "topics": [
            {"topic": step.topic, "action": step.action.value, "differences": [
                {"setting": d.setting, "actual": d.actual, "wanted": d.wanted} for d in step.differences
            ]} for step in steps
        ]})
    else:
        table(("topic", "would be" if dry_run else "done", "differences"), [
            (step.topic, WORDS[step.action.value],
             "; ".join(f"{d.setting}: {d.actual}, wanted {d.wanted}" for d in step.differences))
            for step in steps
        ])
    if any(step.action is Action.REPORT for step in steps):
        raise end(REFUSED, "some differences could lose records: a person has to decide about them")


@app.command()
def grant(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, do nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give each live office a login (SCRAM-SHA-512) and the right to its own feed, group and inbox; take away what is more.

    An office that is suspended, rehearses or has ended may read nothing. Only users of listed offices are touched.

    Example: CASEBRIDGE_KAFKA=127.0.0.1:9092 casebridge topics grant --dry-run
    Next: `casebridge partner show OFFICE --secret` prints an office's password; its user is its consumer group.
    """
    with installation(ctx) as casebridge:
        settings = casebridge.kafka()
        if settings is None:
            raise end(USAGE, "no brokers are named: set CASEBRIDGE_KAFKA to host:port")
        from adapters.kafka.access import AccessNotSet, reconcile

        try:
            changed = reconcile(settings, casebridge.kafka_members(), dry_run=dry_run)
        except AccessNotSet as error:
            raise end(INFRASTRUCTURE, str(error)) from None
    if as_json:
        tell_json({"dry_run": dry_run, "granted": [str(one) for one in changed.granted],
                   "taken": [str(one) for one in changed.taken]})
        return
    for word, some in (("granted", changed.granted), ("taken away", changed.taken)):
        for one in some:
            print(f"{'would be ' if dry_run else ''}{word}: {one}")
    if not changed.granted and not changed.taken:
        print("every office has its rights, and no more")


WORDS = {"keep": "kept", "create": "created", "alter": "altered", "report": "left: look at it"}
