"""What was told outside of every feed, as the case stood then, and what of it does not stand any more."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from domain.agency.state import Agency
from domain.case.citizenship import CitizenshipCorrected
from domain.case.corrections import OwedBecause, Owes, Untrue
from domain.case.court import CourtOrderEntered, OrderStage
from domain.case.erasure import ExpungeOrdered
from domain.case.given import as_it_was
from domain.case.mislinks import MislinkWithdrawn, ReportWithdrawn, TimeCorrected
from domain.case.notice_items import people_around
from domain.case.outside_corrections import OutsideCorrectionOwed
from domain.case.particulars import FactCorrected
from domain.case.record_scope import WHOLE_RECORD, Scope, box_of
from domain.case.state import Case
from domain.case.told import Telling, ToldOutside
from domain.disclosure.items import AskedItem
from domain.disclosure.telling import told_of, was_known
from domain.events import Envelope
from domain.partners import CONSULATE
from domain.personal import Known
from domain.submission import Recording, Submission

MAY_OWE = (
    ToldOutside, FactCorrected, CitizenshipCorrected, TimeCorrected, MislinkWithdrawn, ReportWithdrawn, CourtOrderEntered,
    ExpungeOrdered,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """Why somebody should not go on believing, or keep, what they were told, and what that leaves to owe."""

    event_id: UUID
    because: OwedBecause
    owes: Owes


def owed(submission: Submission[Any], case: Case, events: Sequence[Envelope]) -> list[Recording]:
    """What these events make owed to whoever was told outside: once for each cause, and nothing beside a recall of all.

    What was told, and to whom, is encrypted: where this reader may not see it, a fact that proved untrue raises nothing
    here, for a guess would tell somebody of a correction to what they never heard. An order of the court, or to expunge,
    names its persons in clear and is owed in any case.
    """
    if not any(isinstance(envelope.event, MAY_OWE) for envelope in events):
        return []
    recordings: list[Recording] = []
    for telling_id, telling in case.told.outside.items():
        raised = {one.owed.cause_event_id for one in case.outside_corrections.of(telling_id)}
        standing = [one.owed.owes for one in case.outside_corrections.standing(case, telling)]
        for cause in _causes(case, submission.standing, telling):
            if cause.event_id in raised or any(_is_covered(cause, owes) for owes in standing):
                continue
            told = OutsideCorrectionOwed(
                correction_id=submission.own_id("outside correction", len(recordings)), telling_id=telling_id,
                cause_event_id=cause.event_id, person_ids=telling.told.person_ids, owes=cause.owes, because=cause.because,
                clock_start=submission.learned_at, due_zone=submission.standing.zone,
            )
            raised.add(cause.event_id)
            standing.append(cause.owes)
            recordings.append(Recording(event=told, causation_id=cause.event_id))
    return recordings


def _is_covered(cause: Cause, owes: Owes) -> bool:
    """Whether all of it is to be disregarded, or erased, already."""
    return owes is Owes.ERASURE or (owes is Owes.RECALL and cause.owes is not Owes.ERASURE)


def _causes(case: Case, standing: Agency, telling: Telling) -> Iterator[Cause]:
    """Every one of them, those that take all of it back before those that touch a part."""
    for event_id, expunge in case.erasure.standing.items():
        if is_reached(case, telling, expunge.scope):
            yield Cause(event_id=event_id, because=OwedBecause.EXPUNGED, owes=Owes.ERASURE)
    yield from _order_fell(case, telling)
    later = _later(case, telling)
    if later:
        yield from _never_theirs(case, standing, telling, later)
        for untrue, _ in proved_untrue(case, telling):
            yield Cause(event_id=untrue.by_event_id, because=OwedBecause.UNTRUE, owes=untrue.leaves)


def is_reached(case: Case, telling: Telling, scope: Scope) -> bool:
    """Whether an order on `scope` is about a telling: about one of its persons, unless all that was told is known to have
    come from other boxes. What a seal withholds now was told then; a person judges before anybody is asked."""
    items, persons = telling.told.items, telling.told.person_ids
    if not set(persons) & set(scope.person_ids):
        return False
    if set(scope.compartments) >= WHOLE_RECORD or not isinstance(items, Known):
        return True
    was = _as_it_was(case, telling)
    for item in items.value:
        told = {found for state in was for found in told_of(state, item, persons, was_known)}
        boxes = (box_of(case.mislinks.history[event_id][2], name) for event_id, name in told)
        if not told or any(box & scope.pairs for box in boxes):
            return True
    return False


def _order_fell(case: Case, telling: Telling) -> Iterator[Cause]:
    """The order that it rested on is stayed, amended or vacated, as for an engagement; or was so when it was told, or
    never was, so that nothing should have been told."""
    order_id = telling.told.order_id
    if order_id is None:
        return
    if order_id not in case.court.orders:
        entered = case.recorded.get(order_id)
        for untrue in case.corrections.untrue:
            report = case.mislinks.history.get(untrue.event_id)
            if report is not None and report[2] is entered:
                yield Cause(event_id=untrue.by_event_id, because=OwedBecause.NOT_FOR_THEM, owes=Owes.RECALL)
        return
    changed = case.court.changed_by(order_id)
    if changed is not None:
        stood = case.court.standing(order_id, telling.at) is OrderStage.IN_FORCE
        because = OwedBecause.BASIS_FELL if stood else OwedBecause.NOT_FOR_THEM
        yield Cause(event_id=changed.event_id, because=because, owes=Owes.RECALL)


def _later(case: Case, telling: Telling) -> list[Untrue]:
    """What proved untrue after it was told, or was recorded only after that was: whoever told it may not have known."""
    return [
        untrue for untrue in case.corrections.untrue
        if (untrue.version > telling.version or untrue.learned_at > telling.at)
        and untrue.by_event_id not in case.mislinks.withdrawn
    ]


def _as_it_was(case: Case, telling: Telling) -> tuple[Case, Case]:
    """What the record said when it was told, and what the agency had learned by then and recorded since: a person tells
    of both."""
    return (
        as_it_was(case, lambda version, learned_at: version < telling.version and learned_at <= telling.at),
        as_it_was(case, lambda _, learned_at: learned_at <= telling.at),
    )


def proved_untrue(case: Case, telling: Telling) -> Iterator[tuple[Untrue, tuple[AskedItem, ...]]]:
    """What of a telling, or of what was told to put it right, proved untrue, with the items of it that it touches. Nothing
    where the items are withheld."""
    items, persons = telling.told.items, telling.told.person_ids
    for one in _told_at(case, telling) if isinstance(items, Known) else ():
        later = _later(case, one)
        was = _as_it_was(case, one) if later else ()
        told = {item: {found for state in was for found in told_of(state, item, persons)} for item in items.value}
        for untrue in later:
            touched = tuple(item for item, found in told.items() if any(untrue.touches(*field) for field in found))
            if touched:
                yield untrue, touched


def _told_at(case: Case, telling: Telling) -> Iterator[Telling]:
    """The telling, and again when a person put it right: what was true by then was told."""
    yield telling
    for one in case.outside_corrections.of(telling.told.telling_id):
        if one.settled is not None and one.owed.owes is Owes.CORRECTION:
            yield replace(telling, at=one.settled.at, version=one.settled.version)


def _never_theirs(case: Case, standing: Agency, telling: Telling, later: Sequence[Untrue]) -> Iterator[Cause]:
    """A consulate that was told of its nationals, where none of them, nor of those around them, proved to be one."""
    country = _consulates_country(standing, telling)
    persons = telling.told.person_ids
    if country is None or _nationals(case, country, persons):
        return
    wrong = {event_id for was in _as_it_was(case, telling) for event_id in _nationals(was, country, persons)}
    for untrue in reversed(later):  # The last of them left nobody who is one.
        if untrue.event_id in wrong:
            yield Cause(event_id=untrue.by_event_id, because=OwedBecause.NOT_FOR_THEM, owes=Owes.RECALL)


def _consulates_country(standing: Agency, telling: Telling) -> str | None:
    if not isinstance(telling.told.partner, Known):
        return None
    partner = telling.told.partner.value
    office = standing.offices.get(partner)
    kind = partner if office is None else office.recipient_kind
    if not kind.startswith(CONSULATE):
        return None
    return kind.removeprefix(CONSULATE) if office is None else office.country


def _nationals(case: Case, country: str, persons: Sequence[UUID]) -> list[UUID]:
    """The events by which one of these persons, or of the family around them, is a national of a country."""
    family = dict.fromkeys((*persons, *people_around(case, persons)))
    facts = [case.citizenship.of(person).nationalities.current for person in family]
    return [
        fact.event_id for fact in facts
        if fact is not None and isinstance(fact.value, Known) and country in fact.value.value
    ]
