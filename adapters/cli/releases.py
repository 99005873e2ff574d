"""`release`: what waits for a person's decision, shown as it will leave."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
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
from adapters.cli.feeds import LETTER_RULE, letter_of

if TYPE_CHECKING:
    from adapters.composition import Casebridge
    from domain.agency.state import Agency
    from domain.case.state import Case
    from domain.disclosure.purposes import Purpose
    from domain.events import Envelope


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A notice or another disclosure that a person has to let go. What is missing is known of notices alone."""

    case_id: UUID
    case: Case
    id: UUID
    office: str
    purpose: Purpose
    person_ids: tuple[UUID, ...]
    prepared: Envelope
    missing_required: tuple[str, ...] = ()
    missing_optional: tuple[str, ...] = ()

    @property
    def agency(self) -> str:
        return self.prepared.circumstances.agency

    @property
    def prepared_at(self) -> str:
        return self.prepared.circumstances.occurred_at.isoformat()


def release(
    ctx: typer.Context,
    target: Annotated[UUID | None, typer.Argument(metavar="CASE", parser=identifier, help="Whose case.")] = None,
    notice: Annotated[
        UUID | None, typer.Argument(metavar="NOTICE_ID", parser=identifier, help="Which notice, or other disclosure.")
    ] = None,
    user: Annotated[str | None, typer.Option("--as", metavar="USER", help="Who decides, if not you.")] = None,
    case: Annotated[UUID | None, typer.Option(metavar="CASE", parser=identifier, help="List this case alone.")] = None,
    delivery: Annotated[str | None, typer.Option(
        metavar="OFFICE:N", help="Let number N of an office's feed go, which is held back, with what follows in its case."
    )] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """What waits for a person before it leaves; with CASE and NOTICE_ID: show it as it will leave, ask, release it.

    A delivery that could not succeed for five days is held back, and what follows in its case with it. Once its cause is
    mended, --delivery lets it go: its content leaves under a number of its own that names the first, once and in order.

    Example: casebridge release
    Next: casebridge release CASE NOTICE_ID shows the letter and the facts that it rests on, and asks.
    """
    from adapters.cli.held import let_go, say_not_left

    if delivery is not None:
        let_go(ctx, delivery, user, as_json)
        return
    if (target is None) is not (notice is None):
        raise end(USAGE, "to release, give both CASE and NOTICE_ID; `casebridge release` alone lists what waits")
    with installation(ctx) as casebridge:
        if target is None or notice is None:
            catch_up(casebridge, "timeline")
            cases = _cases(casebridge, case)
            _list(casebridge, [waiting for case_id in cases for waiting in _waiting(casebridge, case_id)], as_json)
            if not as_json:
                say_not_left(casebridge, cases)
            return
        chosen = next((one for one in _waiting(casebridge, target) if one.id == notice), None)
        if chosen is None:
            raise end(REFUSED, f"case {target} has nothing of the id {notice} that waits: `casebridge release` lists them")
        if not as_json:
            _show(casebridge, chosen)
        office = chosen.office
        is_live = _is_live(casebridge, chosen)
        if not yes and (as_json or not typer.confirm(f"Release it to {office}?")):
            raise end(REFUSED, "nothing was released" + ("; with --json, say --yes" if as_json else ""))
        data = {"notice_id": str(notice)}
        outcome = act(casebridge, chosen.agency, "ReleaseDisclosure", data, role="liaison", user=user, case=target)
    if as_json:
        tell_json({"case": str(target), "notice_id": str(notice), "office": office, "position": outcome.last})
    else:
        say(f"released: `casebridge work` hands it over to {office}{'' if is_live else ' once that is put live'}")


def _is_live(casebridge: Casebridge, waiting: Waiting) -> bool:
    from domain.agency.events import OfficeStage

    office = casebridge.backbone.agency(waiting.agency).offices.get(waiting.office)
    return office is not None and office.stage is OfficeStage.LIVE


def _cases(casebridge: Casebridge, case_id: UUID | None) -> list[UUID]:
    """Cases in which anything was ever prepared, by the timeline, which holds no personal field."""
    if case_id is not None:
        return [case_id]
    from sqlalchemy import select

    from domain.case.consular import ConsularNotificationPrepared
    from domain.case.disclosures import DisclosurePrepared
    from projections.timeline import timeline

    prepared = (ConsularNotificationPrepared.TOPIC, DisclosurePrepared.TOPIC)
    asked = select(timeline.c.case_id).distinct().where(timeline.c.topic.in_(prepared))
    with casebridge.views.connect() as connection:
        return list(connection.scalars(asked.order_by(timeline.c.case_id)))


def _waiting(casebridge: Casebridge, case_id: UUID) -> Iterator[Waiting]:
    from domain.disclosure.purposes import Purpose

    case = casebridge.backbone.case(case_id)
    for notice in case.consular.notices.values():
        if notice.released is None and notice.notified is None:
            told = notice.prepared
            yield Waiting(
                case_id=case_id, case=case, id=told.notice_id, office=told.office, purpose=Purpose.CONSULAR_NOTICE,
                person_ids=told.child_ids, missing_required=told.missing_required, missing_optional=told.missing_optional,
                prepared=_envelope(casebridge, notice.prepared_event_id),
            )
    for disclosure in case.disclosures.disclosures.values():
        if disclosure.released is None:
            yield Waiting(
                case_id=case_id, case=case, id=disclosure.prepared.disclosure_id, office=disclosure.prepared.office,
                purpose=disclosure.prepared.purpose, person_ids=disclosure.prepared.person_ids,
                prepared=_envelope(casebridge, disclosure.prepared_event_id),
            )


def _envelope(casebridge: Casebridge, event_id: UUID) -> Envelope:
    row = casebridge.log.event(event_id)
    assert row is not None, "a folded event is in the log"
    return casebridge.clear_codec.decode(row)


def _stopped_by(casebridge: Casebridge, waiting: Waiting) -> str:
    """Why it could not be released now, in words; empty where it could."""
    engagement = waiting.case.engagements.open_for(waiting.office, waiting.purpose)
    agency = casebridge.backbone.agency(waiting.agency)
    if engagement is None or not engagement.holds_at(casebridge.clock.now(), agency.agreements):
        return "its basis has ended"
    return "on hold" if _covering(waiting, agency) else ""


def _covering(waiting: Waiting, agency: Agency) -> set[UUID]:
    """The holds that cover it, by their ids; its basis stands."""
    from domain.case.holding import holds_over, whom

    engagement = waiting.case.engagements.open_for(waiting.office, waiting.purpose)
    assert engagement is not None, "nothing is shown as it will leave without its basis"
    persons, about = whom(waiting.case, waiting.id)
    return {hold.placed.hold_id for hold in holds_over(waiting.case, agency, engagement, persons, about=about)}


def _list(casebridge: Casebridge, waiting: list[Waiting], as_json: bool) -> None:
    if as_json:
        tell_json([
            {"case": str(one.case_id), "notice_id": str(one.id), "office": one.office, "agency": one.agency,
             "purpose": one.purpose.value, "prepared_at": one.prepared_at,
             "child_ids": [str(person) for person in one.person_ids if one.case.intake.people[person].role is None],
             "missing_required": list(one.missing_required), "missing_optional": list(one.missing_optional),
             "stopped_by": _stopped_by(casebridge, one) or None}
            for one in waiting
        ])
    elif not waiting:
        say("nothing waits for release")
    else:
        table(("case", "id", "office", "for", "prepared", "lacks", "stopped by"), [
            (one.case_id, one.id, one.office, one.purpose.replace("_", " "), one.prepared_at,
             ", ".join(one.missing_required).replace("_", " "), _stopped_by(casebridge, one)) for one in waiting
        ])


def _show(casebridge: Casebridge, waiting: Waiting) -> None:
    entry = _as_it_will_leave(casebridge, waiting)
    what = waiting.purpose.replace("_", " ").capitalize()
    heading(f"{what} {waiting.id} to {waiting.office}, as it will leave")
    text = letter_of(casebridge, entry)
    say(f"{LETTER_RULE}\n{text or '(withheld): a key that it rests on is not available'}\n{LETTER_RULE}")
    heading("The facts it rests on")
    table(("field", "sign of the person", "told by event", "occurred", "learned"), _facts(casebridge, entry))
    _say_before(casebridge, waiting)
    for word, missing in (("required", waiting.missing_required), ("optional", waiting.missing_optional)):
        if missing:
            say(f"Not known, {word}: {', '.join(missing).replace('_', ' ')}")


def _say_before(casebridge: Casebridge, waiting: Waiting) -> None:
    """What whoever lets it go should have seen: its ground, what the family was assured, who learns it too, holds."""
    from adapters.reading.grounds import ground
    from adapters.reading.holds import assured, explain_holds, passed_on
    from adapters.reading.not_left import NOT_LIVE

    engagement = waiting.case.engagements.open_for(waiting.office, waiting.purpose)
    assert engagement is not None, "it was shown as it will leave"
    say(f"The ground on which it leaves: {ground(waiting.case, engagement.engagement_id)}")
    agency = casebridge.backbone.agency(waiting.agency)
    office = agency.offices.get(waiting.office)
    say(f"The family was assured what stays private: {'; '.join(assured(waiting.case)) or 'nobody was, on record'}")
    if office is not None and office.stage in NOT_LIVE:
        say(f"WARNING: nothing leaves now: {NOT_LIVE[office.stage]}")
    onward = passed_on(office.recipient_kind) if office is not None else ()
    if onward:
        say(f"WARNING: {waiting.office} passes on what it is told to {', '.join(onward)}")
    covering = _covering(waiting, agency)
    for hold in explain_holds(waiting.case, agency, casebridge.clock.now()):
        covers = "covers this, which will not leave" if hold.hold_id in covering else "does not cover this"
        say(f"A hold stands, and {covers}: {hold.text}")


def _as_it_will_leave(casebridge: Casebridge, waiting: Waiting) -> Envelope:
    """The entry that the discloser would write if this were released now; nothing is recorded."""
    from adapters.disclosure.discloser import Discloser
    from domain.case.consular import DisclosureReleased
    from domain.events import Envelope

    now = casebridge.clock.now()
    engagement = waiting.case.engagements.open_for(waiting.office, waiting.purpose)
    if engagement is None:
        raise end(REFUSED, "its basis has ended: nothing may leave [DECISION-12]")
    released = DisclosureReleased(
        notice_id=waiting.id, office=waiting.office, engagement_id=engagement.engagement_id, by_person=True
    )
    source = Envelope(
        stream=f"case-{waiting.case_id}", version=waiting.case.version, event=released,
        circumstances=waiting.prepared.circumstances._replace(occurred_at=now, learned_at=now),
    )
    entry = Discloser(casebridge.backbone, casebridge.rendering()).preview(source)
    if not isinstance(entry, Envelope):
        raise end(REFUSED, f"it would not leave: {entry.value.replace('_', ' ')}")
    return entry


def _facts(casebridge: Casebridge, entry: Envelope) -> Iterator[tuple[str, ...]]:
    from domain.disclosure.events import Disclosed

    assert isinstance(entry.event, Disclosed), "what waits for release becomes an entry with fields"
    for source in entry.event.fields:
        row = casebridge.log.event(source.event_id)
        assert row is not None, "an entry rests on events of the log"
        told = casebridge.clear_codec.decode(row)
        at = told.circumstances
        yield (
            source.path, source.reference, f"{type(told.event).__name__} {str(source.event_id)[:8]}",
            at.occurred_at.isoformat(), at.learned_at.isoformat(),
        )
