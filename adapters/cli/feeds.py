"""`feed` and `release`: what an office was given, and what waits for a person's decision."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
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
    from domain.case.state import Case
    from domain.disclosure.purposes import Purpose
    from domain.events import Envelope

PAGE = 200
FOLLOW_SECONDS = 1.0
LETTER_RULE = "-" * 72


# ------------------------------------------------------------------ feed
def feed(
    ctx: typer.Context,
    office: Annotated[str, typer.Argument(metavar="OFFICE", help="The office's code, such as cons-mx.el-paso.")],
    after: Annotated[int, typer.Option(metavar="N", min=0, help="Only entries with a higher number.")] = 0,
    follow: Annotated[bool, typer.Option("--follow", help="Go on as entries come; Ctrl-C ends it.")] = False,
    as_json: AsJson = False,
) -> None:
    """What an office was given, entry by entry: when, for what, which fields, and the letter as it reads.

    The fields are named; their values stand only in the letter. A letter whose key is withheld is not shown. Times are
    those of the office's zone. What proved untrue since it was given is said, while the entry stands.

    Example: casebridge feed cons-mx.el-paso --after 1
    Next: `casebridge case timeline CASE` shows the receipt that came back.
    """
    with installation(ctx) as casebridge:
        if not _is_listed(casebridge, office):
            raise end(REFUSED, f"no agency lists an office {office}: `casebridge partner list` lists them")
        number = after
        try:
            while True:
                for envelope in _entries(casebridge, office, number):
                    entry = _entry(casebridge, envelope)
                    number = envelope.version
                    if as_json:
                        tell_json(entry)
                    else:
                        _print(entry, _zone(casebridge, envelope))
                if not follow:
                    break
                casebridge.log.wait(after=casebridge.log.head().position, timeout_seconds=FOLLOW_SECONDS)
        except KeyboardInterrupt:
            pass
    if number == after and not as_json and not follow:
        say(f"{office} was given nothing{f' after number {after}' if after else ''}")


def _zone(casebridge: Casebridge, entry: Envelope) -> str:
    """Where the office is that an entry was written for; the agency's where the directory no longer has it."""
    told: Any = entry.event
    agency = casebridge.backbone.agency(entry.circumstances.agency)
    office = agency.offices.get(told.office)
    return office.zone if office is not None else agency.zone


def _is_listed(casebridge: Casebridge, office: str) -> bool:
    agencies = (stream.removeprefix("agency-") for stream, _ in casebridge.log.streams("agency-"))
    return any(office in casebridge.backbone.agency(code).offices for code in agencies)


def _entries(casebridge: Casebridge, office: str, after: int) -> Iterator[Envelope]:
    while rows := casebridge.log.read_stream(f"feed-{office}", after=after, limit=PAGE):
        for row in rows:
            yield casebridge.codec.decode(row)
        after = rows[-1].version


def _entry(casebridge: Casebridge, envelope: Envelope) -> dict[str, Any]:
    """An entry with its letter; `letter` is None where it has none, or where its key is withheld."""
    from domain.disclosure.events import Disclosed, Held, Released, Withdrawn

    told: Any = envelope.event
    entry: dict[str, Any] = {
        "office": told.office, "number": told.number, "at": envelope.circumstances.occurred_at.isoformat(),
        "case": str(told.case_id), "what": type(told).__name__,
    }
    match told:
        case Disclosed():
            entry |= {
                "purpose": told.purpose.value, "basis": told.basis, "rules": list(told.rule_ids),
                "fields": list(dict.fromkeys(source.path for source in told.fields)), "refers_to": None,
                "case_reference": told.case_reference, "digest": told.digest, "contract_digest": told.contract_digest,
                "schema_fingerprint": told.schema_fingerprint, "renderer": told.renderer,
            }
        case Withdrawn():
            entry |= {
                "purpose": "recall", "fields": [], "refers_to": told.withdraws, "case_reference": told.case_reference,
                "digest": told.digest, "schema_fingerprint": told.schema_fingerprint, "renderer": told.renderer,
            }
        case Held() | Released():
            entry |= {"fields": [], "refers_to": told.holds if isinstance(told, Held) else told.releases}
    stage, receipt_at = _delivery(casebridge, told.office, told.number)
    return entry | {"stage": stage, "staged_at": receipt_at, "letter": _letter_of(casebridge, envelope),
                    "corrected_since": list(_corrected(casebridge, envelope))}


def _corrected(casebridge: Casebridge, envelope: Envelope) -> tuple[str, ...]:
    from adapters.reading.feeds import corrected_since, withdrawn_numbers
    from domain.disclosure.events import Disclosed

    entry = envelope.event
    if not isinstance(entry, Disclosed):
        return ()
    later = _entries(casebridge, entry.office, entry.number)
    return () if entry.number in withdrawn_numbers(later) else corrected_since(casebridge, entry)


def _delivery(casebridge: Casebridge, office: str, number: int) -> tuple[str, str | None]:
    """The last stage of an entry's delivery, in words, and when that was."""
    stages = casebridge.backbone.envelopes(f"delivery-{office}-{number}")
    if not stages:
        return "waiting", None
    last = stages[-1]
    name = type(last.event).__name__
    return STAGES.get(name, name), last.circumstances.occurred_at.isoformat()


STAGES = {
    "HandOverStarted": "started", "HandedOver": "handed over", "HandOverFailed": "failed", "HandOverDoubted": "in doubt",
    "DeliveryHeldBack": "held back", "DeliveryLetGo": "let go", "DeliveryStopped": "stopped",
}


def _letter_of(casebridge: Casebridge, envelope: Envelope) -> str | None:
    from domain.disclosure.contract import Purpose
    from domain.disclosure.events import Disclosed, Withdrawn
    from domain.disclosure.letter import letter
    from domain.disclosure.rendering import Unrenderable

    told, circumstances = envelope.event, envelope.circumstances
    if not isinstance(told, Disclosed | Withdrawn):
        return None
    try:
        record = casebridge.rendering().render(envelope).record
    except Unrenderable:
        return None
    office = casebridge.backbone.agency(circumstances.agency).offices.get(told.office)
    purpose = told.purpose if isinstance(told, Disclosed) else Purpose.RECALL
    name = office.name if office is not None else told.office
    return letter(record, purpose, name, circumstances.agency, circumstances.occurred_at.date())


FIELDS = {"handed over": "fields given", "in doubt": "fields that may have been given", "stopped": "fields not given"}


def _print(entry: dict[str, Any], zone: str) -> None:
    from adapters.reading.words import moment

    def local(at: str) -> str:
        return moment(datetime.fromisoformat(at), zone)

    about = f", about number {entry['refers_to']}" if entry.get("refers_to") else ""
    heading(f"{entry['office']} number {entry['number']}: {entry['what']}{about}")
    say(f"{local(entry['at'])} ({zone}), for {str(entry.get('purpose', 'its place in the feed')).replace('_', ' ')}, "
        f"case {entry['case']}; delivery {entry['stage']}"
        + (f" {local(entry['staged_at'])}" if entry["staged_at"] else ""))
    say(f"{FIELDS.get(entry['stage'], 'fields to be given')}: {', '.join(entry['fields']) or 'none'}")
    if entry["corrected_since"]:
        say(f"untrue since a correction: {', '.join(entry['corrected_since'])}")
    if entry["letter"] is not None:
        say(f"{LETTER_RULE}\n{entry['letter']}{LETTER_RULE}\n")
    elif "digest" in entry:
        say("the letter is (withheld): a key that it rests on is not available\n")


# ------------------------------------------------------------------ release
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
            _list([waiting for case_id in cases for waiting in _waiting(casebridge, case_id)], as_json)
            if not as_json:
                say_not_left(casebridge, cases)
            return
        chosen = next((one for one in _waiting(casebridge, target) if one.id == notice), None)
        if chosen is None:
            raise end(REFUSED, f"case {target} has nothing of the id {notice} that waits: `casebridge release` lists them")
        if not as_json:
            _show(casebridge, chosen)
        office = chosen.office
        if not yes and (as_json or not typer.confirm(f"Release it to {office}?")):
            raise end(REFUSED, "nothing was released" + ("; with --json, say --yes" if as_json else ""))
        data = {"notice_id": str(notice)}
        outcome = act(casebridge, chosen.agency, "ReleaseDisclosure", data, role="liaison", user=user, case=target)
    if as_json:
        tell_json({"case": str(target), "notice_id": str(notice), "office": office, "position": outcome.last})
    else:
        say(f"released: `casebridge work` hands it over to {office}")


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


def _list(waiting: list[Waiting], as_json: bool) -> None:
    if as_json:
        tell_json([
            {"case": str(one.case_id), "notice_id": str(one.id), "office": one.office, "agency": one.agency,
             "purpose": one.purpose.value, "prepared_at": one.prepared_at,
             "child_ids": [str(person) for person in one.person_ids if one.case.intake.people[person].role is None],
             "missing_required": list(one.missing_required), "missing_optional": list(one.missing_optional)}
            for one in waiting
        ])
    elif not waiting:
        say("nothing waits for release")
    else:
        table(("case", "id", "office", "for", "prepared", "lacks"), [
            (one.case_id, one.id, one.office, one.purpose.replace("_", " "), one.prepared_at,
             ", ".join(one.missing_required).replace("_", " ")) for one in waiting
        ])


def _show(casebridge: Casebridge, waiting: Waiting) -> None:
    entry = _as_it_will_leave(casebridge, waiting)
    what = waiting.purpose.replace("_", " ").capitalize()
    heading(f"{what} {waiting.id} to {waiting.office}, as it will leave")
    text = _letter_of(casebridge, entry)
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

    engagement = waiting.case.engagements.open_for(waiting.office, waiting.purpose)
    assert engagement is not None, "it was shown as it will leave"
    say(f"The ground on which it leaves: {ground(waiting.case, engagement.engagement_id)}")
    agency = casebridge.backbone.agency(waiting.agency)
    office = agency.offices.get(waiting.office)
    say(f"The family was assured what stays private: {'; '.join(assured(waiting.case)) or 'nobody was, on record'}")
    onward = passed_on(office.recipient_kind) if office is not None else ()
    if onward:
        say(f"WARNING: {waiting.office} passes on what it is told to {', '.join(onward)}")
    for hold in explain_holds(waiting.case, agency, casebridge.clock.now()):
        say(f"A hold stands: {hold.text}")


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
