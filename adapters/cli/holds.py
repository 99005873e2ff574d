"""`hold`: a person stops what would leave, sees what stands, and lets it leave again."""
from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID, uuid4

import typer

from adapters.cli.acting import act, opened_case
from adapters.cli.console import (
    USAGE,
    AsJson,
    CaseId,
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
    from adapters.reading.holds import Standing

app = typer.Typer(name="hold", no_args_is_help=True, help="Stop what would leave, until somebody decides.")

User = Annotated[str | None, typer.Option("--as", metavar="USER", help="Who decides this, if not you.")]


@app.command()
def place(
    ctx: typer.Context, case: CaseId,
    reason: Annotated[str, typer.Option(metavar="WHY", help="Why nothing may leave; it is encrypted.")],
    review_on: Annotated[date, typer.Option(
        "--review-on", metavar="DATE", parser=date.fromisoformat, help="When somebody looks whether it is still needed.",
    )],
    office: Annotated[str | None, typer.Option(metavar="OFFICE", help="Everything to this office.")] = None,
    kind: Annotated[str | None, typer.Option(
        metavar="KIND", help="Everything to this kind of partner, such as CONS-GT: every consulate of a country."
    )] = None,
    country: Annotated[str | None, typer.Option(
        metavar="COUNTRY", help="Everything to offices of this country, such as MX, and all that is to be done there."
    )] = None,
    person: Annotated[UUID | None, typer.Option(
        metavar="PERSON", parser=identifier, help="Whose field; with --field."
    )] = None,
    path: Annotated[str | None, typer.Option(
        "--field", metavar="NAME", help="This field of that person to anybody, such as address."
    )] = None,
    user: User = None, as_json: AsJson = False,
) -> None:
    """Stop what would leave: toward an office, a kind of partner or a country, or of one field of a person.

    For a family that fears its own state, for an address that must not be known, for whatever a lawyer has to decide
    first. What it covers is not released, and what was released is not handed over. What is owed stays owed: its clock
    runs on, and `due` shows it as on hold. A person's field is held under whatever name it is told: an address also as the
    home to be studied, and as where a child is placed with them. A country's hold covers its consulates, its agencies,
    whoever passes things on to them, and what anybody is asked to do there: a home study through ISS, papers to be served.
    What it came too late for is named: on a topic lies what an office has not read yet.
    To keep a record for a lawsuit there is `casebridge record preserve`.

    Example: casebridge hold place ca5e0001-0000-4000-8000-000000000001 --country GT --reason "asylum claim" --review-on
    2026-12-01
    Next: `casebridge hold list` shows what stands; `casebridge hold lift CASE HOLD --reason WHY` ends it.
    """
    from adapters.reading.ledger import covered_by
    from adapters.reading.words import in_words

    if [office, kind, country, path].count(None) != 3 or (person is None) is not (path is None):
        raise end(USAGE, "say what is held: --office, or --kind, or --country, or --person with --field")
    hold_id = uuid4()
    scope = {
        "office": office, "recipient_kind": kind, "country": country, "person_id": str(person) if person else None,
        "path": path,
    }
    with installation(ctx) as casebridge:
        _submit(casebridge, case, "HoldDisclosure", {
            "hold_id": str(hold_id), "review_on": review_on.isoformat(), "reason": reason,
            **{name: value for name, value in scope.items() if value is not None},
        }, user)
        catch_up(casebridge, "deliveries")
        too_late = covered_by(casebridge, case, hold_id)
    if as_json:
        gone = [{"office": one.office, "number": one.number, "stage": one.stage.value} for one in too_late]
        tell_json({"case": str(case), "hold_id": str(hold_id), "too_late_for": gone})
        return
    say(f"on hold, as {hold_id}: nothing more that it covers leaves until it is lifted")
    if too_late:
        heading("It came too late for this")
        table(("office", "number", "how far it has come"), [
            (one.office, one.number, in_words(one.stage)) for one in too_late
        ])
        say("What was handed over is taken back by `casebridge recall`. What only began to leave may lie on the office's "
            "topic, where it can still be read: `casebridge partner suspend OFFICE --reason WHY` takes that right away.")


@app.command("list")
def list_(
    ctx: typer.Context,
    case: Annotated[UUID | None, typer.Option(metavar="CASE", parser=identifier, help="This case alone.")] = None,
    as_json: AsJson = False,
) -> None:
    """Holds that stand, the one whose day of review comes first before the others.

    Example: casebridge hold list
    Next: `casebridge hold lift CASE HOLD --reason WHY` lets what was on hold leave again.
    """
    with installation(ctx) as casebridge:
        catch_up(casebridge, "timeline")
        found = sorted(_standing(casebridge, case), key=lambda pair: pair[1].review_on)
    if as_json:
        tell_json([{"case": str(case_id), **document(one)} for case_id, one in found])
    elif not found:
        say("nothing is on hold")
    else:
        table(("case", "hold", "covers", "review on", "by", "why"), [
            (case_id, one.hold_id, one.covers, f"{one.review_on}{' OVERDUE' if one.is_overdue else ''}", one.by, one.reason)
            for case_id, one in found
        ])


@app.command()
def lift(
    ctx: typer.Context, case: CaseId,
    hold: Annotated[UUID, typer.Argument(metavar="HOLD", parser=identifier, help="The hold's id, from `hold list`.")],
    reason: Annotated[str, typer.Option(metavar="WHY", help="Why it may leave again; it is encrypted.")],
    user: User = None, as_json: AsJson = False,
) -> None:
    """End a hold: what waits for release can be released, and what was released goes out by itself.

    Example: casebridge hold lift ca5e0001-0000-4000-8000-000000000001 401d0000-0000-4000-8000-000000000001
    --reason "counsel agrees"
    Next: `casebridge release` lists what waits for a person.
    """
    with installation(ctx) as casebridge:
        _submit(casebridge, case, "LiftDisclosureHold", {"hold_id": str(hold), "reason": reason}, user)
    if as_json:
        tell_json({"case": str(case), "hold_id": str(hold)})
    else:
        say("lifted: what was released before goes out, and `casebridge release` lists what waits")


def _standing(casebridge: Casebridge, case_id: UUID | None) -> list[tuple[UUID, Standing]]:
    from adapters.reading.holds import explain_holds

    now, cases = casebridge.clock.now(), cases_on_hold(casebridge) if case_id is None else [case_id]
    return [
        (one, standing) for one in cases for case in (casebridge.backbone.case(one),)
        for standing in explain_holds(case, casebridge.backbone.agency(case.intake.agency or ""), now)
    ]


def cases_on_hold(casebridge: Casebridge) -> list[UUID]:
    """Cases in which anything was ever put on hold, by the timeline, which holds no personal field."""
    from domain.case.holds import DisclosureHeld
    from projections.timeline import cases_with

    return cases_with(casebridge.views, DisclosureHeld.TOPIC)


def document(one: Standing) -> dict[str, Any]:
    """A hold, for programs."""
    return {
        "hold_id": str(one.hold_id), "covers": one.covers, "reason": one.reason, "by": one.by,
        "review_on": one.review_on.isoformat(), "is_overdue": one.is_overdue,
    }


def _submit(casebridge: Casebridge, case_id: UUID, command: str, data: dict[str, Any], user: str | None) -> None:
    agency, _ = opened_case(casebridge, case_id)
    act(casebridge, agency, command, data, role="liaison", user=user, case=case_id)
