"""`recall`: what somebody was given or told is taken back, and whoever has no feed is told by a letter."""
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
    from domain.case.corrections import Owes
    from domain.case.outside_corrections import OutsideCorrectionOwed
    from domain.case.state import Case
    from domain.case.told import Telling

LETTER_RULE = "-" * 72
WAYS = ("mail", "email", "paper", "telephone", "in_person", "portal")


def recall(
    ctx: typer.Context,
    case: Annotated[UUID | None, typer.Argument(metavar="CASE", parser=identifier, help="Of which case.")] = None,
    disclosure: Annotated[UUID | None, typer.Argument(
        metavar="DISCLOSURE_ID", parser=identifier,
        help="Which notice, or other disclosure, the office was given; or the id of what was told outside of every feed.",
    )] = None,
    told: Annotated[str | None, typer.Option(
        metavar="HOW", help=f"You told the office yourself: {', '.join(WAYS)}. This closes what is owed."
    )] = None,
    receipt: Annotated[str | None, typer.Option(
        metavar="WHO", help="With --told: who there has it, with the number of their receipt; it is encrypted."
    )] = None,
    user: Annotated[str | None, typer.Option("--as", metavar="USER", help="Who decides, if not you.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """What is owed for what was given or told: corrections, updates, recalls; with CASE and DISCLOSURE_ID: recall it.

    A recall tells no new fact. Where the office was given it through its feed, the recall goes out there by itself, and
    its receipt closes what is owed. Where a person told it, by telephone or on paper, print the letter, take it there,
    and say so with --told. What is to be put right with a true fact is prepared with PrepareCorrection instead, and so is an
    update: of what was true until now, such as an address before a move, nothing is recalled. Of what was told outside
    of every feed, a person tells them what is true too, and says with --told and --receipt who has it.

    Example: casebridge recall
    Next: `casebridge due` shows what is still owed, and to whom; `casebridge release` lets a prepared correction leave.
    """
    from domain.case.corrections import Owes

    if (case is None) is not (disclosure is None) or (told is not None and told not in WAYS):
        raise end(USAGE, f"to recall, give both CASE and DISCLOSURE_ID; --told is one of {', '.join(WAYS)}")
    with installation(ctx) as casebridge:
        if case is None or disclosure is None:
            catch_up(casebridge, "timeline")
            _list(_all_owing(casebridge), as_json)
            return
        known = casebridge.backbone.case(case)
        if _doubt_what_began(casebridge, known, case, disclosure, user):
            known = casebridge.backbone.case(case)
        if disclosure in known.told.outside:
            _outside(casebridge, case, disclosure, told=told, receipt=receipt, user=user, yes=yes, as_json=as_json)
            return
        office = _office_of(known, disclosure)
        if office is None:
            raise end(REFUSED, f"case {case} has nothing {disclosure} that an office was handed")
        code = known.intake.agency or ""
        if not as_json:
            heading(f"To {office}, as it reads")
            say(f"{LETTER_RULE}\n{_letter(casebridge, known, disclosure, office, code)}{LETTER_RULE}")
            if _owes(known, disclosure) == {Owes.UPDATE}:
                say("Only an update is owed for it, which PrepareCorrection prepares: a recall takes back what was true.")
        if not yes and (as_json or not typer.confirm(f"Recall it from {office}?")):
            raise end(REFUSED, "nothing was recalled" + ("; with --json, say --yes" if as_json else ""))
        _submit(casebridge, code, case, "RecallDisclosure", {
            "disclosure_id": str(disclosure), "text_code": _text_code(known, disclosure),
        }, user)
        if told is not None:
            has_it = {"notice_id": str(disclosure), "channel": told, **({"receipt": receipt} if receipt else {})}
            _submit(casebridge, code, case, "RecordCorrectionReceived", has_it, user)
    if as_json:
        tell_json({"case": str(case), "disclosure_id": str(disclosure), "office": office, "told": told})
    elif told is not None:
        say(f"recalled, and {office} has it ({told.replace('_', ' ')})")
    else:
        say("recalled: `casebridge work` hands it over where the office was given it through its feed")


def _outside(
    casebridge: Casebridge, case_id: UUID, telling_id: UUID, *, told: str | None, receipt: str | None, user: str | None,
    yes: bool, as_json: bool,
) -> None:
    """The letter for whoever was told outside of every feed, and a recall where nothing is owed to them yet; with `told`,
    that they have what they were owed."""
    from adapters.reading.taken_back import told_to
    from domain.case.corrections import Owes

    def still() -> list[OutsideCorrectionOwed]:
        now = casebridge.backbone.case(case_id)
        owed = now.outside_corrections.still_owed(now)
        found = [one.owed for one, _ in owed if one.owed.telling_id == telling_id]
        return sorted(found, key=lambda owed: tuple(Owes).index(owed.owes), reverse=True)

    owed, case = still(), casebridge.backbone.case(case_id)
    agency, telling = casebridge.backbone.agency(case.intake.agency or ""), case.told.outside[telling_id]
    name = told_to(telling, agency)
    if told is None and not as_json:
        heading(f"To {name}, as it reads")
        say(f"{LETTER_RULE}\n{_outside_letter(casebridge, telling, owed, name, agency.code)}{LETTER_RULE}")
    if not owed:
        if not yes and (as_json or not typer.confirm(f"Nothing is owed to {name} for it. Recall all of it?")):
            raise end(REFUSED, "nothing was recalled" + ("; with --json, say --yes" if as_json else ""))
        _submit(casebridge, agency.code, case_id, "RecallToldOutside", {"telling_id": str(telling_id)}, user)
        owed = still()
    if not owed:
        raise end(REFUSED, f"{name} was asked to disregard all of it already, and has that")
    for one in owed if told is not None else ():
        if one in still():  # Who has disregarded all of it is owed no part of it.
            _submit(casebridge, agency.code, case_id, "RecordCorrectedOutside", {
                "correction_id": str(one.correction_id), "how": told, **({"receipt": receipt} if receipt else {}),
            }, user)
    if as_json:
        tell_json({"case": str(case_id), "telling_id": str(telling_id), "told": told})
    elif told is not None:
        say(f"{name} has it ({told.replace('_', ' ')})")
    else:
        also = ", with what is true" if owed[0].owes is Owes.CORRECTION else ""
        say(f"Take the letter there{also}; then say so with --told HOW --receipt WHO.")


def _outside_letter(
    casebridge: Casebridge, telling: Telling, owed: list[OutsideCorrectionOwed], name: str, agency: str
) -> str:
    from domain.disclosure.recall_letter import recall_letter

    return recall_letter(
        text_code=_code({one.owes for one in owed}), number=None, told_on=telling.at.date(),
        reference=str(telling.told.telling_id)[:8], office_name=name, agency_name=agency, date=casebridge.clock.now().date(),
    )


def _submit(casebridge: Casebridge, agency: str, case: UUID, command: str, data: dict[str, Any], user: str | None) -> None:
    act(casebridge, agency, command, data, role="liaison", user=user, case=case)


def _doubt_what_began(casebridge: Casebridge, known: Case, case: UUID, disclosure: UUID, user: str | None) -> bool:
    """Record that the office may have what began to leave and has no outcome yet: who takes it back need not wait for the
    courier to doubt it."""
    from adapters.reading.ledger import began_to_leave
    from domain.case.doubts import shown_by

    if shown_by(known, disclosure) is not None:
        return False
    catch_up(casebridge, "deliveries")
    began = began_to_leave(casebridge, case, disclosure)
    if began is not None:
        may_have = {"disclosure_id": str(disclosure), "entry": began.number}
        _submit(casebridge, known.intake.agency or "", case, "RecordDisclosureDoubted", may_have, user)
    return began is not None


def _office_of(case: Case, disclosure_id: UUID) -> str | None:
    from domain.case.doubts import shown_by

    notice, other = case.consular.notices.get(disclosure_id), case.disclosures.disclosures.get(disclosure_id)
    known = other if notice is None else notice
    return None if known is None or shown_by(case, disclosure_id) is None else known.prepared.office


def _owes(case: Case, disclosure_id: UUID) -> set[Owes]:
    return {owed.owed.owes for owed in case.corrections.open_for(disclosure_id)}


def _text_code(case: Case, disclosure_id: UUID) -> str:
    return _code(_owes(case, disclosure_id))


def _code(owes: set[Owes]) -> str:
    """Which standing text: to erase where a court ordered that the record be destroyed."""
    from domain.case.consular import TextCode
    from domain.case.corrections import Owes

    return (TextCode.ERASE if Owes.ERASURE in owes else TextCode.DISREGARD).value


def _letter(casebridge: Casebridge, case: Case, disclosure_id: UUID, office: str, agency: str) -> str:
    from domain.case.doubts import entry_of
    from domain.disclosure.recall_letter import recall_letter

    left = case.corrections.left[disclosure_id]
    known = casebridge.backbone.agency(agency).offices.get(office)
    return recall_letter(
        text_code=_text_code(case, disclosure_id), number=entry_of(case, disclosure_id),
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
    """Cases in which a correction, an update or a recall was ever owed, by the timeline, which holds no personal field."""
    from domain.case.corrections import CorrectionOwed
    from domain.case.outside_corrections import OutsideCorrectionOwed
    from projections.timeline import cases_with

    return cases_with(casebridge.views, CorrectionOwed.TOPIC, OutsideCorrectionOwed.TOPIC)


def _list(owing: list[tuple[UUID, Owing]], as_json: bool) -> None:
    if as_json:
        tell_json([{"case": str(case_id), **document(one)} for case_id, one in owing])
    elif not owing:
        say("nobody is owed a correction, an update or a recall")
    else:
        table(("case", "disclosure", "owed to", "owed since", "what", "next"), [
            (case_id, _given_as(one), one.to, one.owed.clock_start.isoformat(), one.owed.owed.owes.value, one.next)
            for case_id, one in owing
        ])


def _given_as(one: Owing) -> UUID:
    """The id under which `recall` takes back what was given or told."""
    from domain.case.corrections import CorrectionOwed

    told = one.owed.owed
    return told.disclosure_id if isinstance(told, CorrectionOwed) else told.telling_id


def document(one: Owing) -> dict[str, Any]:
    """What is owed, for programs. `office` is who was told, and `fields` are items, where it was outside of every feed."""
    from domain.case.corrections import Owed

    told = one.owed.owed
    prepared_as = one.owed.prepared_as if isinstance(one.owed, Owed) else None
    return {
        "correction_id": str(told.correction_id), "office": one.to, "disclosure_id": str(_given_as(one)),
        "is_outside": not isinstance(one.owed, Owed), "owes": told.owes.value, "because": told.because.value,
        "fields": list(one.fields), "since": told.clock_start.isoformat(), "cause_event_id": str(told.cause_event_id),
        "prepared_as": str(prepared_as) if prepared_as else None, "is_late": one.is_late,
        "owner": one.owner.name, "title": one.title, "state": one.state, "next": one.next,
    }
