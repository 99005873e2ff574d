"""`recall`: what an office was given is taken back, and whoever has only paper is told by a letter."""
from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from adapters.cli.acting import act
from adapters.cli.console import (
    REFUSED,
    USAGE,
    AsJson,
    catch_up,
    end,
    heading,
    identifier,
    installation,
    say,
    table,
    tell_json,
)

if TYPE_CHECKING:
    from adapters.composition import Casebridge
    from adapters.reading.taken_back import Owing
    from domain.case.state import Case

LETTER_RULE = "-" * 72
WAYS = ("mail", "email", "paper", "telephone", "in_person", "portal")


def recall(
    ctx: typer.Context,
    case: Annotated[UUID | None, typer.Argument(metavar="CASE", parser=identifier, help="Of which case.")] = None,
    disclosure: Annotated[UUID | None, typer.Argument(
        metavar="DISCLOSURE_ID", parser=identifier, help="Which notice, or other disclosure, the office was given."
    )] = None,
    told: Annotated[str | None, typer.Option(
        metavar="HOW", help=f"You told the office yourself: {', '.join(WAYS)}. This closes what is owed."
    )] = None,
    user: Annotated[str | None, typer.Option("--as", metavar="USER", help="Who decides, if not you.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Corrections and recalls owed to offices; with CASE and DISCLOSURE_ID: show the letter, ask, and recall it.

    A recall tells no new fact. Where the office was given it through its feed, the recall goes out there by itself, and
    its receipt closes what is owed. Where a person told it, by telephone or on paper, print the letter, take it there,
    and say so with --told. What is to be put right with a true fact is prepared with PrepareCorrection instead.

    Example: casebridge recall
    Next: `casebridge due` shows what is still owed, and to whom; `casebridge release` lets a prepared correction leave.
    """
    if (case is None) is not (disclosure is None) or (told is not None and told not in WAYS):
        raise end(USAGE, f"to recall, give both CASE and DISCLOSURE_ID; --told is one of {', '.join(WAYS)}")
    with installation(ctx) as casebridge:
        if case is None or disclosure is None:
            catch_up(casebridge, "timeline")
            _list(_all_owing(casebridge), as_json)
            return
        known = casebridge.backbone.case(case)
        office = _office_of(known, disclosure)
        if office is None:
            raise end(REFUSED, f"case {case} has nothing {disclosure} that an office was handed")
        code = known.intake.agency or ""
        if not as_json:
            heading(f"To {office}, as it reads")
            say(f"{LETTER_RULE}\n{_letter(casebridge, known, disclosure, office, code)}{LETTER_RULE}")
        if not yes and (as_json or not typer.confirm(f"Recall it from {office}?")):
            raise end(REFUSED, "nothing was recalled" + ("; with --json, say --yes" if as_json else ""))
        _submit(casebridge, code, case, "RecallDisclosure", {
            "disclosure_id": str(disclosure), "text_code": _text_code(known, disclosure),
        }, user)
        if told is not None:
            has_it = {"notice_id": str(disclosure), "channel": told}
            _submit(casebridge, code, case, "RecordCorrectionReceived", has_it, user)
    if as_json:
        tell_json({"case": str(case), "disclosure_id": str(disclosure), "office": office, "told": told})
    elif told is not None:
        say(f"recalled, and {office} has it ({told.replace('_', ' ')})")
    else:
        say("recalled: `casebridge work` hands it over where the office was given it through its feed")


def _submit(casebridge: Casebridge, agency: str, case: UUID, command: str, data: dict[str, Any], user: str | None) -> None:
    act(casebridge, agency, command, data, role="liaison", user=user, case=case)


def _office_of(case: Case, disclosure_id: UUID) -> str | None:
    notice, other = case.consular.notices.get(disclosure_id), case.disclosures.disclosures.get(disclosure_id)
    if notice is not None and notice.notified is not None:
        return notice.prepared.office
    return other.prepared.office if other is not None and other.received is not None else None


def _text_code(case: Case, disclosure_id: UUID) -> str:
    """Which standing text: to erase where a court ordered that the record be destroyed."""
    from domain.case.consular import TextCode
    from domain.case.corrections import Owes

    owes = {owed.owed.owes for owed in case.corrections.open_for(disclosure_id)}
    return (TextCode.ERASE if Owes.ERASURE in owes else TextCode.DISREGARD).value


def _letter(casebridge: Casebridge, case: Case, disclosure_id: UUID, office: str, agency: str) -> str:
    from domain.disclosure.recall_letter import recall_letter

    notice, other = case.consular.notices.get(disclosure_id), case.disclosures.disclosures.get(disclosure_id)
    received = notice.notified if notice is not None else other.received if other is not None else None
    left = case.corrections.left[disclosure_id]
    known = casebridge.backbone.agency(agency).offices.get(office)
    return recall_letter(
        text_code=_text_code(case, disclosure_id), number=received.entry if received is not None else None,
        told_on=left.at.date(), reference=case.engagements.signs.get(office, {}).get(None, ""),
        office_name=known.name if known is not None else office, agency_name=agency, date=casebridge.clock.now().date(),
    )


def _all_owing(casebridge: Casebridge) -> list[tuple[UUID, Owing]]:
    from adapters.reading.taken_back import explain_owing

    now = casebridge.clock.now()
    return [
        (case_id, one) for case_id in cases_with_corrections(casebridge)
        for case in (casebridge.backbone.case(case_id),)
        for one in explain_owing(case, casebridge.backbone.agency(case.intake.agency or ""), now)
    ]


def cases_with_corrections(casebridge: Casebridge) -> list[UUID]:
    """Cases in which a correction or a recall was ever owed, by the timeline, which holds no personal field."""
    from domain.case.corrections import CorrectionOwed
    from projections.timeline import cases_with

    return cases_with(casebridge.views, CorrectionOwed.TOPIC)


def _list(owing: list[tuple[UUID, Owing]], as_json: bool) -> None:
    if as_json:
        tell_json([{"case": str(case_id), **document(one)} for case_id, one in owing])
    elif not owing:
        say("no office is owed a correction or a recall")
    else:
        table(("case", "disclosure", "office", "owed since", "what", "next"), [
            (case_id, told.disclosure_id, told.office, told.clock_start.isoformat(), told.owes.value, one.next)
            for case_id, one in owing for told in (one.owed.owed,)
        ])


def document(one: Owing) -> dict[str, Any]:
    """What is owed, for programs."""
    told = one.owed.owed
    return {
        "correction_id": str(told.correction_id), "office": told.office, "disclosure_id": str(told.disclosure_id),
        "owes": told.owes.value, "because": told.because.value, "fields": list(told.paths),
        "since": told.clock_start.isoformat(), "cause_event_id": str(told.cause_event_id),
        "prepared_as": str(one.owed.prepared_as) if one.owed.prepared_as else None, "is_late": one.is_late,
        "owner": one.owner.name, "title": one.title, "state": one.state, "next": one.next,
    }
