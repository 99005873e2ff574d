"""`case`: what happened in a case, and what it is, at any of its three times."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from adapters.cli.acting import no_case, opened_case, require_office
from adapters.cli.console import (
    REFUSED,
    USAGE,
    AsJson,
    CaseId,
    end,
    heading,
    installation,
    moment,
    say,
    table,
    tell_json,
)

if TYPE_CHECKING:
    from adapters.composition import Casebridge
    from adapters.reading.timeline import Line
    from domain.case.state import Case
    from domain.events import Envelope
    from domain.ports import Recorded

app = typer.Typer(name="case", no_args_is_help=True, help="One case: what happened in it, and what it is or was.")


def recorded_by(text: str) -> int | datetime:
    """A position of the log, or a time."""
    return int(text) if text.isdecimal() else moment(text)


AsOf = Annotated[datetime | None, typer.Option(
    "--as-of", metavar="T", parser=moment,
    help="Only what had occurred in the world by then, put right by later corrections."
)]
BelievedAt = Annotated[datetime | None, typer.Option(
    "--believed-at", metavar="T", parser=moment, help="Only what the agency had learned by then."
)]
KnownBy = Annotated[str | None, typer.Option(
    "--known-by", metavar="OFFICE", help="What this office had been given by --as-of, or by now: its entries as they left.",
)]
HANDED_OVER = "handed_over"
Stage = Annotated[str, typer.Option(
    "--stage", metavar="STAGE",
    help="With --known-by: handed_over, delivered, opened or acted_on; what no channel tells counts as not reached.",
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
    with installation(ctx) as casebridge:
        told = list(_read(casebridge, case))
    if as_json:
        for one in told:
            tell_json(_as_json(one))
    else:
        table(("occurred", "learned", "what", "", "who"), [_row(one) for one in told])
    damaged = sum(one.is_damaged for one in told)
    if damaged:
        raise end(REFUSED, f"{damaged} of {len(told)} events are damaged: `casebridge fsck` says where")


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """One row of the stream as a reader gets it. `line` is None where not even its clear part can be read."""

    recorded: Recorded
    line: Line | None
    is_damaged: bool


DAMAGED = "(damaged: see fsck)"


def _read(casebridge: Casebridge, case_id: UUID) -> Iterator[Read]:
    """Every event of a case. One that cannot be opened keeps its place, and says what its clear part still says."""
    from adapters.avro.errors import AvroError
    from adapters.reading.timeline import lines

    found: list[tuple[Recorded, Envelope | None, bool]] = []
    for row in _rows(casebridge, case_id):
        try:
            found.append((row, casebridge.codec.decode(row), False))
        except AvroError:
            try:
                found.append((row, casebridge.clear_codec.decode(row), True))
            except AvroError:
                found.append((row, None, True))
    told = iter(lines(envelope for _, envelope, _ in found if envelope is not None))
    for row, envelope, is_damaged in found:
        yield Read(recorded=row, line=None if envelope is None else next(told), is_damaged=is_damaged)


def _rows(casebridge: Casebridge, case_id: UUID) -> Iterator[Recorded]:
    after = 0
    while rows := casebridge.log.read_stream(f"case-{case_id}", after=after):
        yield from rows
        after = rows[-1].version
    if not after:
        raise no_case(case_id)


def _row(one: Read) -> tuple[str, ...]:
    line = one.line
    if line is None:
        return "", "", one.recorded.topic.rpartition(".")[2], DAMAGED, ""
    return (
        _local(line.envelope.circumstances.occurred_at), _learned(line.envelope),
        ("  " if line.is_consequence else "") + line.event, DAMAGED if one.is_damaged else line.text,
        line.envelope.circumstances.actor.role,
    )


def _as_json(one: Read) -> dict[str, object]:
    from adapters.cli.plain import plain_envelope

    row = one.recorded
    if one.line is None:
        return {"stream": row.stream, "version": row.version, "position": row.position, "event_id": str(row.event_id),
                "topic": row.topic, "text": DAMAGED, "is_damaged": True}
    return {**plain_envelope(one.line.envelope), "text": DAMAGED if one.is_damaged else one.line.text,
            "is_consequence": one.line.is_consequence, "is_damaged": one.is_damaged}


@app.command()
def show(
    ctx: typer.Context, case: CaseId, as_of: AsOf = None, believed_at: BelievedAt = None,
    recorded: RecordedBy = None, office: KnownBy = None, stage: Stage = HANDED_OVER, as_json: AsJson = False,
) -> None:
    """A case as it is, or as it was: in the world, in the agency's knowledge, or in the record.

    First what is up for review because a child comes of age, then each process: how it stands, which commands may follow
    and what for, and what the adopted packs still expect, with a mark where it is done; then the record. A correction
    says what was always true: --as-of shows a corrected fact as it was in the world, whenever that was found out. What
    this reader may not see is "(withheld)", what the agency has not learned "(not known)".

    Example: casebridge case show ca5e0001-0000-4000-8000-000000000001 --believed-at 2026-08-15T00:00:00-06:00
    Next: `casebridge case timeline CASE` shows which event told what; `casebridge due --case CASE` what is owed.
    """
    from adapters.cli.plain import plain
    from adapters.reading.processes import shown_processes
    from adapters.reading.reviews import explain_reviews
    from domain.case.state import Case, fold

    if office is not None:
        if believed_at is not None or recorded is not None:
            raise end(USAGE, "--known-by goes with --as-of: the time is that at which the stage was reached")
        _show_known(ctx, case, office, as_of, stage, as_json)
        return
    if stage != HANDED_OVER:
        raise end(USAGE, "--stage goes with --known-by OFFICE: it says how far what the office was given has to have come")
    by = recorded_by(recorded) if recorded is not None else None
    with installation(ctx) as casebridge:
        history = _history(casebridge, case)
        kept = standing(history, as_of, believed_at, by)
        agency = casebridge.backbone.agency(history[0].circumstances.agency)
        now = _moment_of(kept, as_of, believed_at, by) or casebridge.clock.now()
    state = fold(kept)
    processes, reviews = shown_processes(state, agency, now), explain_reviews(state, agency, now)
    areas = {name: getattr(state, name) for name in Case._fields if name not in NOT_SHOWN}
    if as_json:
        from adapters.cli.case_page import process_document
        from adapters.cli.due_json import review

        told = [process_document(one) for one in processes]
        tell_json({
            "case": str(case), "events": len(kept), "version": state.version, "processes": told,
            "reviews": [review(one, now) for one in reviews], **plain(areas),
        })
        return
    from adapters.cli.case_page import show_processes, show_reviews

    heading(f"Case {case}, by {len(kept)} events")
    show_reviews(reviews)
    show_processes(state, agency, processes)
    _show_record({name: content for name, content in areas.items() if name not in SHOWN_ELSEWHERE}, state)
    say(f"\nWhat is owed and awaited: `casebridge due --case {case}`. Every field and id: --json.")


def _show_known(
    ctx: typer.Context, case: UUID, office: str, as_of: datetime | None, stage: str, as_json: bool
) -> None:
    """What an office had been given by a time, entry by entry, as it left."""
    from adapters.reading.known_by import document, view_of
    from domain.case.told import Reached

    if stage not in tuple(Reached):
        raise end(USAGE, f"a stage is one of {', '.join(Reached)}")
    with installation(ctx) as casebridge:
        agency, _ = opened_case(casebridge, case)
        require_office(casebridge, agency, office)
        at = as_of or casebridge.clock.now()
        shown = view_of(casebridge, case, office, at, Reached(stage))
    if as_json:
        tell_json({"case": str(case), "office": office, "at": at.isoformat(), "stage": stage,
                   "entries": [document(one) for one in shown]})
        return
    word = "was given" if stage == Reached.HANDED_OVER else f"had {stage.replace('_', ' ')}"
    heading(f"What {office} {word} of case {case} by {_local(at)}")
    if not shown:
        say("nothing")
    for one in shown:
        given = one.given
        state = f"{_local(given.at)}" if given.at else "possibly: a hand-over began, and nothing proves that it arrived"
        since = f"; to be disregarded since entry {given.withdrawn_by}" if given.withdrawn_by else ""
        heading(f"\nEntry {given.number}, for {one.purpose.value.replace('_', ' ')}: {state}{since}")
        say(one.letter or "(withheld): a key that it rests on is not available")


NOT_SHOWN = ("recorded", "version", "happenings", "mislinks", "as_of")
"""Parts of the state that repeat others, kept for deciding."""
SHOWN_ELSEWHERE = (
    "obligations", "requests", "assignments", "corrections", "outside_corrections", "moments", "sources", "told",
    "doubts",
)
"""Parts that `due`, `recall` and `ledger` tell better, or that are kept for the workers: for programs here."""


def _show_record(areas: Mapping[str, object], state: Case) -> None:
    from adapters.cli.plain import outline

    names = names_of(state)
    for area, content in areas.items():
        text = "\n".join(outline(content, names, 1))
        if text:
            heading(f"\n{area.capitalize().replace('_', ' ')}")
            say(text)


def _moment_of(
    kept: Sequence[Envelope], as_of: datetime | None, believed_at: datetime | None, recorded: int | datetime | None
) -> datetime | None:
    """When the picture is of; None for now. A position of the log is of when it was recorded."""
    if isinstance(recorded, int):
        recorded = kept[-1].recorded_at if kept else None
    times = [time for time in (as_of, believed_at, recorded) if time is not None]
    return min(times, default=None)


def _history(casebridge: Casebridge, case_id: UUID) -> list[Envelope]:
    envelopes = casebridge.backbone.envelopes(f"case-{case_id}")
    if not envelopes:
        raise no_case(case_id)
    return envelopes


def standing(
    envelopes: Iterable[Envelope], as_of: datetime | None, believed_at: datetime | None, recorded: int | datetime | None
) -> list[Envelope]:
    """What counts at these times. In the world, a correction counts from when that which it corrects does: the
    corrected fact was never true, whenever somebody found out. So does a corrected time."""
    from adapters.reading.corrections import happened, replaced

    believed = [
        envelope for envelope in envelopes
        if (believed_at is None or envelope.circumstances.learned_at <= believed_at) and _was_recorded(envelope, recorded)
    ]
    in_truth = happened(believed)
    kept: dict[UUID, Envelope] = {}
    for envelope in believed:
        told = envelope.circumstances
        occurred_at = in_truth.get(told.event_id, told.occurred_at)
        if as_of is None or occurred_at <= as_of or replaced(envelope.event) in kept:
            kept[told.event_id] = envelope
    return list(kept.values())


def _was_recorded(envelope: Envelope, recorded: int | datetime | None) -> bool:
    assert envelope.position is not None and envelope.recorded_at is not None, "what was read was recorded"
    if recorded is None:
        return True
    return envelope.position <= recorded if isinstance(recorded, int) else envelope.recorded_at <= recorded


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
