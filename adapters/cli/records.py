"""`record`: seal, unseal, keep and expunge the record of a case, with what each reaches shown first."""
from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID, uuid4

import typer

from adapters.cli.acting import act, opened_case, would
from adapters.cli.console import (
    INFRASTRUCTURE,
    REFUSED,
    AsJson,
    CaseId,
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
    from domain.case.record_scope import Scope
    from domain.case.state import Case

ROLE = "records desk"
app = typer.Typer(name="record", no_args_is_help=True, help="By a court's order: seal, unseal or expunge a record.")

Persons = Annotated[list[str] | None, typer.Option(
    "--person", metavar="PERSON",
    help="Whose record, by their id or by as many of its first signs as are theirs alone; may be repeated. Without it, "
         "everybody's.",
)]
Parts = Annotated[list[str] | None, typer.Option(
    "--compartment", metavar="PART",
    help="identity, immigration, trafficking, health or legal; may be repeated. Without it, all of them.",
)]
Order = Annotated[str, typer.Option("--order", metavar="REF", help="The order's number at the court.")]
SecondPerson = Annotated[str, typer.Option("--second-person", metavar="USER", help="Who else confirms it.")]
User = Annotated[str | None, typer.Option("--as", metavar="USER", help="Who decides this, if not you.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it. Without this, what it would reach is shown and nothing is done.")]
ExpungeId = Annotated[UUID, typer.Argument(metavar="ORDER", parser=identifier, help="The order's id, from `record show`.")]


@app.command()
def show(ctx: typer.Context, case: CaseId, as_json: AsJson = False) -> None:
    """What stands on a record: seals, litigation holds, orders to expunge, and who confirmed that they erased.

    Example: casebridge record show ca5e0001-0000-4000-8000-000000000001
    Next: `casebridge record unseal CASE SEAL`, `casebridge record confirm CASE ORDER OFFICE`.
    """
    with installation(ctx) as casebridge:
        agency, found = opened_case(casebridge, case)
        standing = casebridge.backbone.agency(agency)
    from adapters.cli import record_told

    if as_json:
        tell_json(record_told.document(case, found, standing))
        return
    rows = record_told.rows(found, standing.zone)
    if not rows:
        say("nothing stands on this record: it is neither sealed, nor kept, nor to be expunged")
        return
    table(("what", "id", "order", "stage", "about"), rows)
    for line in record_told.lines(found, standing):
        say(line)


@app.command()
def seal(
    ctx: typer.Context, case: CaseId, order: Order, second_person: SecondPerson, person: Persons = None, part: Parts = None,
    yes: Yes = False, user: User = None, as_json: AsJson = False,
) -> None:
    """Close a record to every reader: keys are withheld, engagements end, partners receive nothing more.

    Nothing is destroyed. Deadlines stay countable, and every proof still verifies.

    Example: casebridge record seal ca5e0001-0000-4000-8000-000000000001 --order JQ-2026-17 --second-person counsel-1 --yes
    Next: `casebridge record show CASE`; `casebridge record unseal CASE SEAL` by another order.
    """
    seal_id = uuid4()
    with installation(ctx) as casebridge:
        agency, found = opened_case(casebridge, case)
        data = {
            "seal_id": str(seal_id), "order_ref": order, "second_person": second_person, **_scope(found, person, part),
        }
        if not yes:
            after = would(casebridge, agency, "SealRecord", data, role=ROLE, user=user, case=case)
            scope, at = after.sealing.seals[seal_id], casebridge.clock.now()
            _reach(casebridge, case, scope, at, as_json, is_for_ever=False)
            return
        _submit(casebridge, case, "SealRecord", data, user)
        casebridge.custodian.replay()
    sentence = f"sealed, as {seal_id}: no key opens it; a process that has it open may show it for 60 s more"
    _told({"case": str(case), "seal_id": str(seal_id)}, sentence, as_json)


@app.command()
def unseal(
    ctx: typer.Context, case: CaseId,
    seal_id: Annotated[UUID, typer.Argument(metavar="SEAL", parser=identifier, help="The seal's id, from `record show`.")],
    order: Order, second_person: SecondPerson, user: User = None, as_json: AsJson = False,
) -> None:
    """Open a sealed record again, by another order. What another seal still covers stays closed.

    Example: casebridge record unseal ca5e0001-0000-4000-8000-000000000001 5ea10000-0000-4000-8000-000000000001
    --order JQ-2027-3 --second-person counsel-1
    Next: `casebridge case show CASE`.
    """
    with installation(ctx) as casebridge:
        data = {"seal_id": str(seal_id), "order_ref": order, "second_person": second_person}
        _submit(casebridge, case, "UnsealRecord", data, user)
        casebridge.custodian.replay()
    _told({"case": str(case), "seal_id": str(seal_id)}, "unsealed", as_json)


@app.command()
def preserve(
    ctx: typer.Context, case: CaseId,
    reason: Annotated[str, typer.Option(metavar="WHY", help="For which lawsuit; it is encrypted.")],
    review_on: Annotated[date, typer.Option(
        "--review-on", metavar="DATE", parser=date.fromisoformat, help="When somebody looks whether it is still needed.",
    )],
    person: Persons = None, user: User = None, as_json: AsJson = False,
) -> None:
    """Place a litigation hold: nothing of the record is expunged while it stands.

    Example: casebridge record preserve ca5e0001-0000-4000-8000-000000000001 --reason "suit 26-CV-11" --review-on 2027-06-01
    Next: `casebridge record lift CASE HOLD` ends it.
    """
    hold_id = uuid4()
    with installation(ctx) as casebridge:
        _, found = opened_case(casebridge, case)
        _submit(casebridge, case, "PlaceLitigationHold", {
            "hold_id": str(hold_id), "reason": reason, "review_on": review_on.isoformat(), **_scope(found, person, None),
        }, user)
    _told({"case": str(case), "hold_id": str(hold_id)}, f"held, as {hold_id}", as_json)


@app.command()
def lift(
    ctx: typer.Context, case: CaseId,
    hold: Annotated[UUID, typer.Argument(metavar="HOLD", parser=identifier, help="The hold's id, from `record show`.")],
    second_person: SecondPerson, user: User = None, as_json: AsJson = False,
) -> None:
    """End a litigation hold. An order to expunge whose wait is over is carried out then.

    Example: casebridge record lift ca5e0001-0000-4000-8000-000000000001 401d0000-0000-4000-8000-000000000001
    --second-person counsel-1
    Next: `casebridge record show CASE`.
    """
    with installation(ctx) as casebridge:
        data = {"hold_id": str(hold), "second_person": second_person}
        _submit(casebridge, case, "LiftLitigationHold", data, user)
    _told({"case": str(case), "hold_id": str(hold)}, "the hold is lifted", as_json)


@app.command()
def expunge(
    ctx: typer.Context, case: CaseId, order: Order, second_person: SecondPerson,
    wait_days: Annotated[int, typer.Option("--wait-days", metavar="DAYS", help="Days until the keys are destroyed.")] = 7,
    person: Persons = None, part: Parts = None, yes: Yes = False, user: User = None, as_json: AsJson = False,
) -> None:
    """Order that a record be destroyed, after a wait. Offices that were given something of it are asked to erase it.

    Its keys are destroyed by `casebridge work` when the wait is over and no litigation hold stands; there is no return.

    Example: casebridge record expunge ca5e0001-0000-4000-8000-000000000001 --order JQ-2027-9 --second-person counsel-1 --yes
    Next: `casebridge record withdraw CASE ORDER` while it waits; `casebridge record show CASE` tells how far it is.
    """
    expunge_id = uuid4()
    with installation(ctx) as casebridge:
        agency, found = opened_case(casebridge, case)
        data = {
            "expunge_id": str(expunge_id), "order_ref": order, "second_person": second_person, "wait_days": wait_days,
            **_scope(found, person, part),
        }
        if not yes:
            after = would(casebridge, agency, "OrderExpunge", data, role=ROLE, user=user, case=case)
            one = after.erasure.expunges[expunge_id]
            _reach(casebridge, case, one.scope, one.ordered.not_before, as_json, is_for_ever=True)
            return
        _submit(casebridge, case, "OrderExpunge", data, user)
        at = opened_case(casebridge, case)[1].erasure.expunges[expunge_id].ordered.not_before
        zone = casebridge.backbone.agency(agency).zone
    from adapters.reading.words import moment

    document = {"case": str(case), "expunge_id": str(expunge_id), "not_before": at.isoformat()}
    _told(document, f"ordered, as {expunge_id}: not before {moment(at, zone)} ({zone})", as_json)


@app.command()
def withdraw(
    ctx: typer.Context, case: CaseId, expunge_id: ExpungeId, user: User = None, as_json: AsJson = False
) -> None:
    """Take an order to expunge back, while nothing is destroyed yet.

    Example: casebridge record withdraw ca5e0001-0000-4000-8000-000000000001 e4a50000-0000-4000-8000-000000000001
    Next: `casebridge record show CASE`.
    """
    with installation(ctx) as casebridge:
        _submit(casebridge, case, "WithdrawExpungeOrder", {"expunge_id": str(expunge_id)}, user)
        agency, found = opened_case(casebridge, case)
        zone = casebridge.backbone.agency(agency).zone
    from adapters.cli.record_told import overlapping

    others = overlapping(found, expunge_id, zone)
    named = "".join(f"; {sentence}" for sentence in others.values())
    document = {"case": str(case), "expunge_id": str(expunge_id), "orders_that_stand": [str(other) for other in others]}
    _told(document, f"taken back: nothing is destroyed by this order{named}", as_json)


@app.command()
def confirm(
    ctx: typer.Context, case: CaseId, expunge_id: ExpungeId,
    office: Annotated[str, typer.Argument(metavar="OFFICE", help="Which office says that it erased.")],
    second_person: SecondPerson, user: User = None, as_json: AsJson = False,
) -> None:
    """Record that an office erased what it had been given of an expunged record.

    Example: casebridge record confirm ca5e0001-0000-4000-8000-000000000001 e4a50000-0000-4000-8000-000000000001
    cons-mx.el-paso --second-person liaison-2
    Next: `casebridge record show CASE` lists who has not confirmed.
    """
    with installation(ctx) as casebridge:
        data = {"expunge_id": str(expunge_id), "office": office, "second_person": second_person}
        _submit(casebridge, case, "ConfirmErasure", data, user)
    _told({"case": str(case), "expunge_id": str(expunge_id), "office": office}, f"{office} confirmed", as_json)


@app.command("rotate-keys")
def rotate_keys(as_json: AsJson = False) -> None:
    """Put a new key-encryption key in the place of the old one and wrap every key anew; nothing stored changes.

    Stop `casebridge work` first: a process that runs meanwhile is told that the keys cannot be reached, until it starts
    again. Interrupted at any moment, it is finished or undone by the next command.

    Example: casebridge record rotate-keys
    Next: start `casebridge work` again; keep backups of the old key-encryption key only as long as those of the keys.
    """
    from adapters.keys.rotation import rotate
    from adapters.settings import Settings

    settings = Settings()
    if not settings.keys_path.exists():
        raise end(INFRASTRUCTURE, f"there is no key store at {settings.keys_path}: CASEBRIDGE_HOME names the folder of one")
    count = rotate(settings.keys_path, settings.kek_path)
    _told({"keys": count}, f"{count} keys are wrapped by a new key-encryption key", as_json)


def _scope(case: Case, person: list[str] | None, part: list[str] | None) -> dict[str, Any]:
    return {
        **({"person_ids": [str(_person(case, one)) for one in person]} if person else {}),
        **({"compartments": part} if part else {}),
    }


def _person(case: Case, text: str) -> UUID:
    """Who is meant by an id, or by its first signs; ends the program where that is nobody, or several."""
    from adapters.reading.words import person

    meant = [one for one in case.intake.people if str(one).startswith(text.lower())]
    if len(meant) > 1:
        named = ", ".join(f"{person(case, one)} ({one})" for one in meant)
        raise end(REFUSED, f"{text} may be {named}: give more signs (field person_ids)")
    return meant[0] if meant else identifier(text)


def _reach(
    casebridge: Casebridge, case_id: UUID, scope: Scope, at: datetime, as_json: bool, *, is_for_ever: bool
) -> None:
    """What it would reach, and when each place will have confirmed; nothing is done."""
    from adapters.cli.record_told import about
    from adapters.reading.reach import places
    from adapters.reading.words import moment

    agency, case = opened_case(casebridge, case_id)
    standing, envelopes = casebridge.backbone.agency(agency), casebridge.backbone.envelopes(f"case-{case_id}")
    now = casebridge.clock.now()
    reached = list(places(case, standing, envelopes, scope, now=now, at=at, is_for_ever=is_for_ever))
    if as_json:
        tell_json({
            "case": str(case_id), "person_ids": [str(one) for one in scope.person_ids],
            "compartments": [one.value for one in scope.compartments], "done": False,
            "places": [
                {"where": one.where, "what": one.what, "by": one.by.isoformat() if one.by else None, "how": one.until_then,
                 "overdue_at": one.overdue_at.isoformat() if one.overdue_at else None}
                for one in reached
            ],
        })
        return
    heading(f"{'Expunging' if is_for_ever else 'Sealing'} this would reach {about(case, scope)}")
    table(("where", "what", f"without text by ({standing.zone})", "how"), [
        (one.where, one.what, moment(one.by, standing.zone) if one.by else "not ours to say", one.until_then)
        for one in reached
    ])
    say("Nothing was done. Say --yes to do it.")


def _submit(casebridge: Casebridge, case_id: UUID, command: str, data: dict[str, Any], user: str | None) -> None:
    agency, _ = opened_case(casebridge, case_id)
    act(casebridge, agency, command, data, role=ROLE, user=user, case=case_id)


def _told(document: dict[str, Any], sentence: str, as_json: bool) -> None:
    if as_json:
        tell_json(document)
    else:
        say(sentence)
