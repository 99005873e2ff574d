"""`ledger`: who was given what of a case, when, why, on which basis; what would be given; what was told outside."""
from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from adapters.cli.acting import opened_case
from adapters.cli.console import (
    REFUSED,
    AsJson,
    CaseId,
    catch_up,
    end,
    heading,
    identifier,
    installation,
    principal,
    say,
    table,
    tell_json,
)

if TYPE_CHECKING:
    from adapters.composition import Casebridge
    from adapters.reading.ledger import LedgerLine
    from domain.case.state import Case

app = typer.Typer(name="ledger", no_args_is_help=True, help="Who was given what, when, why and on which basis.")
OfficeCode = Annotated[str, typer.Argument(metavar="OFFICE", help="The office's code, such as cons-mx.el-paso.")]


@app.command()
def who(
    ctx: typer.Context, case: CaseId,
    person: Annotated[UUID | None, typer.Option(metavar="PERSON", parser=identifier, help="Only of this person.")] = None,
    field: Annotated[str | None, typer.Option(
        metavar="PATH", help="Only this field, or those that begin so: parent.address, child.",
    )] = None,
    as_json: AsJson = False,
) -> None:
    """Who was given a field of a person: each office and entry, how far it has come, and on which basis.

    An entry that waits, failed or was stopped is in the ledger too, with its stage: only *handed over* was given.

    Example: casebridge ledger who ca5e0001-0000-4000-8000-000000000001 --field parent.birth_date
    Next: `casebridge feed OFFICE` shows the entry as it left; `casebridge case timeline CASE` the event behind a field.
    """
    with installation(ctx) as casebridge:
        _, state = opened_case(casebridge, case)
        lines = _ledger(casebridge, case, person_id=person, path=field)
    _tell(case, state, lines, as_json, "nothing of that was disclosed to anybody")


@app.command()
def office(ctx: typer.Context, office: OfficeCode, case: CaseId, as_json: AsJson = False) -> None:
    """What an office has been given of a case, field by field.

    Example: casebridge ledger office cons-gt.denver ca5e0001-0000-4000-8000-000000000001
    Next: `casebridge case show CASE --known-by OFFICE` shows the entries as they left.
    """
    with installation(ctx) as casebridge:
        _, state = opened_case(casebridge, case)
        lines = _ledger(casebridge, case, office=office)
    _tell(case, state, lines, as_json, f"{office} was given nothing of this case")


@app.command()
def would(
    ctx: typer.Context, office: OfficeCode, case: CaseId,
    if_happens: Annotated[Path | None, typer.Option(
        "--if", metavar="FILE", help="Commands about the case, a line each, that are judged and not recorded.",
    )] = None,
    as_json: AsJson = False,
) -> None:
    """What an office would be given of a case as it stands, or if something happened. Nothing is recorded.

    Example: casebridge ledger would cons-mx.el-paso ca5e0001-0000-4000-8000-000000000001
    Next: `casebridge release` shows what waits as it will leave; `casebridge contracts show KIND` why a field flows.
    """
    from adapters.reading.ledger import would_be_given

    with installation(ctx) as casebridge:
        state = _supposed(casebridge, case, if_happens)
        assert state.intake.agency is not None, "an open case has its agency"
        agency = casebridge.backbone.agency(state.intake.agency)
        if office not in agency.offices:
            raise end(REFUSED, f"{agency.code} lists no office {office}: `casebridge partner show` lists them")
        lines = would_be_given(state, agency, office, casebridge.clock.now())
    if as_json:
        tell_json({"case": str(case), "office": office, "fields": [
            {"purpose": one.purpose, "person": str(one.person_id) if one.person_id else None, "path": one.path,
             "told_by": str(one.told_by)} for one in lines
        ]})
    elif not lines:
        say(f"{office} would be given nothing: no engagement with it is open, or nothing that its contract names is known")
    else:
        table(("purpose", "of", "field", "told by event"), [
            (one.purpose.replace("_", " "), _name(state, one.person_id), one.path, str(one.told_by)[:8]) for one in lines
        ])


@app.command()
def outside(ctx: typer.Context, case: CaseId, as_json: AsJson = False) -> None:
    """What was told outside of every feed: by telephone or letter, under a subpoena, by an order.

    Example: casebridge ledger outside ca5e0001-0000-4000-8000-000000000001
    Next: RecordToldOutside records one; `casebridge commands RecordToldOutside` shows its fields.
    """
    from adapters.reading.words import personal

    with installation(ctx) as casebridge:
        _, state = opened_case(casebridge, case)
    notices = [
        ("", notice.prepared.office, notice.notified.channel.value, "consular notice", notice.prepared.child_ids)
        for notice in state.consular.notices.values() if notice.notified is not None and notice.notified.entry is None
    ]
    told = [
        (f"{at:%d %b %Y %H:%M}", personal(one.partner), one.why.value.replace("_", " "), personal(one.items), one.person_ids)
        for at, one in state.told.outside
    ]
    rows = [*told, *notices]
    if as_json:
        tell_json({"case": str(case), "told": [
            {"at": at or None, "to": to, "why": why, "what": what, "person_ids": [str(person) for person in persons]}
            for at, to, why, what, persons in rows
        ]})
    elif not rows:
        say("nothing is on record that was told outside of the feeds")
    else:
        table(("when", "to", "how or why", "what", "of"), [
            (at, to, why, what, ", ".join(_name(state, person) for person in persons)) for at, to, why, what, persons in rows
        ])


def _supposed(casebridge: Casebridge, case_id: UUID, commands: Path | None) -> Case:
    """The case as these commands would leave it, each judged after the one before."""
    from adapters.commands import parse_line

    _, state = opened_case(casebridge, case_id)
    for line in commands.read_text(encoding="utf-8").splitlines() if commands else ():
        raw: Mapping[str, Any] = json.loads(line)
        state = casebridge.backbone.judged(
            parse_line(raw, casebridge.backbone.outside_ids.ours), state, principal=principal()
        )
    return state


def _ledger(casebridge: Casebridge, case_id: UUID, **wanted: Any) -> list[LedgerLine]:
    from adapters.reading.ledger import ledger_of

    catch_up(casebridge, "deliveries")
    return ledger_of(casebridge, case_id, **wanted)


def _tell(case_id: UUID, state: Case, lines: list[LedgerLine], as_json: bool, nothing: str) -> None:
    from adapters.reading.grounds import ground

    if as_json:
        tell_json({"case": str(case_id), "lines": [
            _document(one) | {"ground": ground(state, one.engagement_id)} for one in lines
        ]})
        return
    if not lines:
        say(nothing)
        return
    entries = dict.fromkeys((one.office, one.number) for one in lines)
    for at in entries:
        of_entry = [one for one in lines if (one.office, one.number) == at]
        first = of_entry[0]
        heading(f"{first.office}, entry {first.number}: {_stage(first)}")
        on = f"rules {', '.join(first.rule_ids)}" if first.rule_ids else ground(state, first.engagement_id)
        say(f"  for {first.purpose.replace('_', ' ')}; {first.basis}; {on}")
        table(("of", "field", "told by event"), [
            (_name(state, one.person_id), one.path, str(one.told_by)[:8]) for one in of_entry
        ])


def _stage(line: LedgerLine) -> str:
    moment = line.staged_at or line.entered_at
    withdrawn = f", to be disregarded by entry {line.withdrawn_by}" if line.withdrawn_by else ""
    word = "was given" if line.stage == "handed_over" else line.stage.replace("_", " ")
    return f"{word} {moment:%a %d %b %Y %H:%M %Z}{withdrawn}"


def _name(state: Case, person_id: UUID | None) -> str:
    from adapters.reading.words import person

    return "the case" if person_id is None else person(state, person_id)


def _document(line: LedgerLine) -> dict[str, Any]:
    return {
        "office": line.office, "number": line.number, "person": str(line.person_id) if line.person_id else None,
        "path": line.path, "told_by": str(line.told_by), "purpose": line.purpose, "basis": line.basis,
        "rules": list(line.rule_ids), "contract_digest": line.contract_digest, "entered_at": line.entered_at.isoformat(),
        "stage": line.stage, "staged_at": line.staged_at.isoformat() if line.staged_at else None,
        "withdrawn_by": line.withdrawn_by,
    }
