"""`ledger`: who was given what of a case, when, why, on which basis; what would be given; what was told outside."""
from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from adapters.cli.acting import opened_case, require_office
from adapters.cli.console import (
    REFUSED,
    USAGE,
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
    from adapters.reading.outside import OutsideLine
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

    An entry that waits, failed or was stopped is in the ledger too, with its stage: only *handed over* was given, and what
    was doubted may have been. Then what was told outside of the feeds and named that field, or may have.

    Example: casebridge ledger who ca5e0001-0000-4000-8000-000000000001 --field parent.birth_date
    Next: `casebridge feed OFFICE` shows the entry as it left; `casebridge case timeline CASE` the event behind a field.
    """
    from adapters.reading.outside import may_have_told, told_outside

    _require_field(field)
    with installation(ctx) as casebridge:
        _, state = opened_case(casebridge, case)
        if person is not None and person not in state.intake.people:
            raise end(REFUSED, f"case {case} has nobody of the id {person}: `casebridge case show` lists who is in it")
        lines, zone = _ledger(casebridge, case, person_id=person, path=field), _zone(casebridge, state)
        told = told_outside(state, casebridge.backbone.agency(state.intake.agency or ""), casebridge.clock.now())
    besides = [one for one in told if may_have_told(one, person, field)]
    nothing = "" if besides else "nothing of that was disclosed to anybody, and nothing told outside of the feeds"
    _tell(case, state, zone, lines, as_json, nothing, told_outside=[one.document() for one in besides])
    if besides and not as_json:
        heading("Told outside of the feeds")
        _table_outside(state, besides, zone)


@app.command()
def office(ctx: typer.Context, office: OfficeCode, case: CaseId, as_json: AsJson = False) -> None:
    """What an office has been given of a case, field by field.

    Example: casebridge ledger office cons-gt.denver ca5e0001-0000-4000-8000-000000000001
    Next: `casebridge case show CASE --known-by OFFICE` shows the entries as they left.
    """
    with installation(ctx) as casebridge:
        agency, state = opened_case(casebridge, case)
        require_office(casebridge, agency, office)
        lines, zone = _ledger(casebridge, case, office=office), _zone(casebridge, state)
    _tell(case, state, zone, lines, as_json, f"{office} was given nothing of this case")


@app.command()
def would(
    ctx: typer.Context, office: OfficeCode, case: CaseId,
    if_happens: Annotated[Path | None, typer.Option(
        "--if", metavar="FILE", help="Commands about the case, a line each, that are judged and not recorded.",
    )] = None,
    as_json: AsJson = False,
) -> None:
    """What an office would be given of a case as it stands, or if something happened. Nothing is recorded.

    For a purpose that is about something (a hearing, a request), of each such thing in the case. Whether it would leave
    at all is said first: an office may be suspended, and a hold stops what the contract lets flow.

    Example: casebridge ledger would cons-mx.el-paso ca5e0001-0000-4000-8000-000000000001
    Next: `casebridge release` shows what waits as it will leave; `casebridge contracts show KIND` why a field flows.
    """
    from adapters.reading.holds import explain_holds
    from adapters.reading.ledger import would_be_given
    from adapters.reading.words import in_words
    from domain.agency.events import OfficeStage

    with installation(ctx) as casebridge:
        code, _ = opened_case(casebridge, case)
        require_office(casebridge, code, office)
        state = _supposed(casebridge, case, if_happens)
        agency, now = casebridge.backbone.agency(code), casebridge.clock.now()
        lines, holds = would_be_given(state, agency, office, now), explain_holds(state, agency, now)
    stage = agency.offices[office].stage
    if as_json:
        fields = [
            {"purpose": one.purpose, "about": str(one.about_id) if one.about_id else None,
             "person": str(one.person_id) if one.person_id else None, "path": one.path, "told_by": str(one.told_by)}
            for one in lines
        ]
        stands = [hold.text for hold in holds]
        tell_json({"case": str(case), "office": office, "stage": stage.value, "holds": stands, "fields": fields})
        return
    if stage is not OfficeStage.LIVE:
        say(f"{office} is {in_words(stage)}: nothing leaves to it")
    for hold in holds:
        say(f"A hold stands: {hold.text}")
    if not lines:
        say(f"{office} would be given nothing: no engagement with it is open, or nothing that its contract names is known")
    else:
        table(("purpose", "about", "of", "field", "told by event"), dict.fromkeys(
            (in_words(one.purpose), _thing(state, one.about_id), _name(state, one.person_id), one.path,
             _event(state, one.told_by)) for one in lines
        ))


@app.command()
def outside(ctx: typer.Context, case: CaseId, as_json: AsJson = False) -> None:
    """What was told outside of every feed: by telephone or letter, under a subpoena, by an order; and what is still owed
    because of it.

    Example: casebridge ledger outside ca5e0001-0000-4000-8000-000000000001
    Next: RecordToldOutside records one (`casebridge commands RecordToldOutside`); `casebridge recall` what is owed.
    """
    from adapters.reading.outside import told_outside

    with installation(ctx) as casebridge:
        _, state = opened_case(casebridge, case)
        zone = _zone(casebridge, state)
        told = told_outside(state, casebridge.backbone.agency(state.intake.agency or ""), casebridge.clock.now())
    if as_json:
        tell_json({"case": str(case), "told": [one.document() for one in told]})
    elif not told:
        say("nothing is on record that was told outside of the feeds")
    else:
        _table_outside(state, told, zone)


def _table_outside(state: Case, told: Sequence[OutsideLine], zone: str) -> None:
    from adapters.reading.words import moment, people

    table((f"when ({zone})", "to", "how or why", "authority", "what", "of", "still owed"), [
        (moment(one.at, zone), one.to, one.why, one.authority, one.what, people(state, one.person_ids),
         ", ".join(one.still_owed))
        for one in told
    ])


def _zone(casebridge: Casebridge, state: Case) -> str:
    return casebridge.backbone.agency(state.intake.agency or "").zone


def _require_field(path: str | None) -> None:
    """A field that no contract can name was told to nobody, but that is no answer to a slip of the pen."""
    from difflib import get_close_matches

    from domain.disclosure.vocabulary import WORDS

    if path is None or any(known.startswith(path) for known in WORDS):
        return
    near = get_close_matches(path, WORDS, n=3, cutoff=0.4)
    raise end(USAGE, f"no field is called {path}{': do you mean ' + ', '.join(near) + '?' if near else ''}"
                     " `casebridge contracts show KIND` names them")


def _supposed(casebridge: Casebridge, case_id: UUID, commands: Path | None) -> Case:
    """The case as these commands would leave it, each judged after the one before."""
    from adapters.commands import parse_line

    _, state = opened_case(casebridge, case_id)
    for number, line in enumerate(_lines(commands) if commands else (), 1):
        try:
            raw: Mapping[str, Any] = json.loads(line)
        except ValueError as problem:
            raise end(USAGE, f"{commands}, line {number}: not JSON ({problem})") from None
        state = casebridge.backbone.judged(
            parse_line(raw, casebridge.backbone.outside_ids.ours), state, principal=principal()
        )
    return state


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise end(USAGE, f"{path} cannot be read: {problem}") from None


def _ledger(casebridge: Casebridge, case_id: UUID, **wanted: Any) -> list[LedgerLine]:
    from adapters.reading.ledger import ledger_of

    catch_up(casebridge, "deliveries")
    return ledger_of(casebridge, case_id, **wanted)


def _tell(
    case_id: UUID, state: Case, zone: str, lines: list[LedgerLine], as_json: bool, nothing: str, **more: object
) -> None:
    from adapters.reading.grounds import ground

    if as_json:
        tell_json({"case": str(case_id), "lines": [
            _document(one) | {"ground": ground(state, one.engagement_id)} for one in lines
        ], **more})
        return
    if not lines and nothing:
        say(nothing)
    entries = dict.fromkeys((one.office, one.number) for one in lines)
    for at in entries:
        of_entry = [one for one in lines if (one.office, one.number) == at]
        first = of_entry[0]
        heading(f"{first.office}, entry {first.number}: {_stage(first, zone)}")
        on = f"rules {', '.join(first.rule_ids)}" if first.rule_ids else ground(state, first.engagement_id)
        say(f"  for {first.purpose.replace('_', ' ')}; {first.basis}; {on}")
        table(("of", "field", "told by event"), dict.fromkeys(
            (_name(state, one.person_id), one.path, _event(state, one.told_by)) for one in of_entry
        ))


def _stage(line: LedgerLine, zone: str) -> str:
    from adapters.reading.words import moment

    withdrawn = f", to be disregarded by entry {line.withdrawn_by}" if line.withdrawn_by else ""
    word = "was given" if line.stage == "handed_over" else line.stage.replace("_", " ")
    if line.may_have_been_given:
        word = f"may have been given; {word}"
    return f"{word} {moment(line.staged_at or line.entered_at, zone)} ({zone}){withdrawn}"


def _name(state: Case, person_id: UUID | None) -> str:
    from adapters.reading.words import person

    return "the case" if person_id is None else person(state, person_id)


def _event(state: Case, event_id: UUID) -> str:
    """`CustodyTaken, 13 Aug 2026`, as `case timeline` tells it; its id where it is no report of the case any more."""
    report = state.mislinks.history.get(event_id)
    if report is None:
        return str(event_id)
    _, _, told, circumstances = report
    return f"{type(told).__name__}, {circumstances.occurred_at:%d %b %Y}"


def _thing(state: Case, about_id: UUID | None) -> str:
    """What a disclosure is about, as the event that told it."""
    if about_id is None:
        return ""
    told_in = next(event_id for event_id, report in state.mislinks.history.items() if report[2] is state.recorded[about_id])
    return _event(state, told_in)


def _document(line: LedgerLine) -> dict[str, Any]:
    return {
        "office": line.office, "number": line.number, "person": str(line.person_id) if line.person_id else None,
        "path": line.path, "told_by": str(line.told_by), "purpose": line.purpose, "basis": line.basis,
        "rules": list(line.rule_ids), "contract_digest": line.contract_digest, "entered_at": line.entered_at.isoformat(),
        "stage": line.stage, "staged_at": line.staged_at.isoformat() if line.staged_at else None,
        "may_have_been_given": line.may_have_been_given, "withdrawn_by": line.withdrawn_by,
    }
