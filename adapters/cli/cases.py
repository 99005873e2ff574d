"""`case`: what happened in a case, and what it is, at any of its three times."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from adapters.cli.console import REFUSED, AsJson, CaseId, end, heading, installation, moment, say, table, tell_json

if TYPE_CHECKING:
    from adapters.composition import Casebridge
    from domain.case.state import Case
    from domain.events import Envelope

app = typer.Typer(name="case", no_args_is_help=True, help="One case: what happened in it, and what it is or was.")


def recorded_by(text: str) -> int | datetime:
    """A position of the log, or a time."""
    return int(text) if text.isdecimal() else moment(text)


AsOf = Annotated[datetime | None, typer.Option(
    "--as-of", metavar="T", parser=moment, help="Only what had occurred in the world by then."
)]
BelievedAt = Annotated[datetime | None, typer.Option(
    "--believed-at", metavar="T", parser=moment, help="Only what the agency had learned by then."
)]
RecordedBy = Annotated[str | None, typer.Option(
    "--recorded-by", metavar="T|N", help="Only what was recorded by a time, or up to a position of the log."
)]


@app.command()
def timeline(ctx: typer.Context, case: CaseId, as_json: AsJson = False) -> None:
    """Everything that happened in a case, a sentence each, in the order in which it was recorded.

    Example: casebridge case timeline ca5e0001-0000-4000-8000-000000000001
    Next: `casebridge case show CASE` shows what follows from it; `casebridge due --case CASE` what is owed.
    """
    from adapters.reading.timeline import lines

    with installation(ctx) as casebridge:
        told = lines(_history(casebridge, case))
    if as_json:
        from adapters.cli.plain import plain_envelope

        for line in told:
            tell_json({**plain_envelope(line.envelope), "text": line.text, "is_consequence": line.is_consequence})
        return
    table(("occurred", "learned", "what", "", "who"), [
        (_local(line.envelope.circumstances.occurred_at), _learned(line.envelope),
         ("  " if line.is_consequence else "") + line.event, line.text, line.envelope.circumstances.actor.role)
        for line in told
    ])


@app.command()
def show(
    ctx: typer.Context, case: CaseId, as_of: AsOf = None, believed_at: BelievedAt = None,
    recorded: RecordedBy = None, as_json: AsJson = False,
) -> None:
    """A case as it is, or as it was: in the world, in the agency's knowledge, or in the record.

    What this reader may not see is "(withheld)", what the agency has not learned "(not known)".

    Example: casebridge case show ca5e0001-0000-4000-8000-000000000001 --believed-at 2026-08-15T00:00:00-06:00
    Next: `casebridge case timeline CASE` shows which event told what.
    """
    from adapters.cli.plain import outline, plain
    from domain.case.state import Case, fold

    by = recorded_by(recorded) if recorded is not None else None
    with installation(ctx) as casebridge:
        kept = [e for e in _history(casebridge, case) if _stands(e, as_of, believed_at, by)]
    state = fold(kept)
    areas = {item.name: getattr(state, item.name) for item in fields(Case) if item.name not in ("recorded", "version")}
    if as_json:
        tell_json({"case": str(case), "events": len(kept), "version": state.version, **plain(areas)})
        return
    heading(f"Case {case}, by {len(kept)} events")
    names = names_of(state)
    for area, content in areas.items():
        text = "\n".join(outline(content, names, 1))
        if text:
            heading(f"\n{area.capitalize()}")
            say(text)


def _history(casebridge: Casebridge, case_id: UUID) -> list[Envelope]:
    envelopes = casebridge.backbone.envelopes(f"case-{case_id}")
    if not envelopes:
        raise end(REFUSED, f"there is no case {case_id}: see that the id is whole, or open it with OpenCase")
    return envelopes


def _stands(
    envelope: Envelope, as_of: datetime | None, believed_at: datetime | None, recorded: int | datetime | None
) -> bool:
    told = envelope.circumstances
    assert envelope.position is not None and envelope.recorded_at is not None, "what was read was recorded"
    at = envelope.position if isinstance(recorded, int) else envelope.recorded_at
    return (
        (as_of is None or told.occurred_at <= as_of)
        and (believed_at is None or told.learned_at <= believed_at)
        and (recorded is None or at <= recorded)  # type: ignore[operator]  # both numbers or both times
    )


def names_of(case: Case) -> Mapping[str, str]:
    """People by id, as an outline writes them."""
    from adapters.reading.words import person

    return {str(person_id): person(case, person_id) for person_id in case.intake.people}


def _local(at: datetime) -> str:
    """In the zone in which it was asserted."""
    return f"{at:%a %d %b %Y %H:%M %Z}"


def _learned(envelope: Envelope) -> str:
    told = envelope.circumstances
    return "" if told.learned_at == told.occurred_at else _local(told.learned_at)
