"""What a seal or an expungement reaches: every copy and every declared place, and when each is without the text."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.reading.words import counted, in_words, moment, people, personal
from domain.agency.state import Agency
from domain.agency.targets import CORRECTIONS, target_of
from domain.case import given_outside
from domain.case.consular import ConsulateNotified, Way
from domain.case.disclosures import DisclosureReceived
from domain.case.doubts import entry_of
from domain.case.expunging import reached
from domain.case.given import Given, has_recall
from domain.case.record_scope import Scope, box_of
from domain.case.state import Case
from domain.disclosure.telling import was_known
from domain.events import Boxed, Envelope, fields_of
from domain.personal import transform

CACHES_SECONDS = 60
TOPIC_DAYS = 8
"""A partner's topic: retention of seven days, and a segment that rolls within one (design decision 21)."""
NO_DATE = "no date can be promised: it is asked to erase, and `record confirm` records that it says it did"

ASKED_BEFORE = "was asked already to disregard it and to keep no copy; `record confirm` records that it says it has none"
ASKED_LATER = "it is asked to erase once the hand-over is proven"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """`by` is when the text is gone from there; None where that is somebody else's to say. `overdue_at` is when the
    agency's own target for an answer has passed, if it has set itself one."""

    where: str
    what: str
    by: datetime | None
    until_then: str
    overdue_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asking:
    """What a target for the answer of an office is reckoned from."""

    clock_start: datetime
    due_zone: str
    rule_id: str = CORRECTIONS
    due_at: datetime | None = None


def places(
    case: Case, standing: Agency, envelopes: Iterable[Envelope], scope: Scope, *, now: datetime, at: datetime,
    is_for_ever: bool,
) -> Iterator[Place]:
    """Every place that holds text of this scope, where keys are withheld (or, for ever, destroyed) at `at`.

    `envelopes` is the stream of the case: what was recorded of several persons together goes with the key of any.
    """
    yield Place(
        where="key store", what=f"{counted(len(scope.pairs), 'key', 'keys')}, one for each person and compartment", by=at,
        until_then="destroyed, with every copy in its file" if is_for_ever else "withheld; an order gives them back",
    )
    yield Place(
        where="log, views, the agency's own Kafka topic, backups", what="encrypted text that nothing opens any more",
        by=at, until_then="stays as it is, so that every proof still verifies",
    )
    yield from _shared(case, envelopes, scope, at)
    yield Place(
        where="running processes", what="text that was opened", by=at + timedelta(seconds=CACHES_SECONDS),
        until_then=f"caches last {CACHES_SECONDS} s at the most",
    )
    for office, given in _by_office(reached(case, standing, scope)).items():
        yield from _held_by(case, standing, office, given, now=now, at=at, is_for_ever=is_for_ever)
    yield from _told_outside(case, scope, standing.zone) if is_for_ever else ()
    yield Place(
        where="letters that people printed or sent", what="outside of any program", by=None,
        until_then="whoever holds one is told by a person",
    )


def _shared(case: Case, envelopes: Iterable[Envelope], scope: Scope, at: datetime) -> Iterator[Place]:
    """What stands in one box about a person of the scope and about others, by what it means."""
    found: dict[str, dict[str, None]] = {}
    for envelope in envelopes:
        for name, declaration in fields_of(type(envelope.event)).items():
            pairs = box_of(envelope.event, name)
            if isinstance(declaration, Boxed) and pairs & scope.pairs and was_known(getattr(envelope.event, name)):
                left = {person for person, _ in pairs - scope.pairs}
                others = people(case, tuple(person for person in case.intake.people if person in left))
                if others:
                    found.setdefault(others, {})[declaration.meaning.partition(";")[0]] = None
    for others, meanings in found.items():
        yield Place(
            where=f"recorded together with {others}", what="; ".join(meanings), by=at,
            until_then="goes for all of them; what was recorded of each alone stays readable",
        )


def _told_outside(case: Case, scope: Scope, zone: str) -> Iterator[Place]:
    for telling in case.told.outside.values():
        if given_outside.is_reached(case, telling, scope):
            items = personal(transform(telling.told.items, lambda told: tuple(map(in_words, told))))
            yield Place(
                where=personal(telling.told.partner), by=None,
                what=f"what it was told outside of the feeds {moment(telling.at, zone)}: {items}",
                until_then="a person asks it to erase that: `casebridge due` lists it",
            )


def _by_office(given: Iterable[Given]) -> dict[str, list[Given]]:
    found: dict[str, list[Given]] = {}
    for one in given:
        found.setdefault(one.office, []).append(one)
    return found


def _held_by(
    case: Case, standing: Agency, office: str, given: list[Given], *, now: datetime, at: datetime, is_for_ever: bool
) -> Iterator[Place]:
    """Its topic, where there is one: nothing of a webhook or of an answer to a reading is kept by us. And its own copies."""
    known = standing.offices.get(office)
    channel = "" if known is None else known.channel
    in_topic = [one for one in given if (received.channel if (received := _received(case, one)) else channel) == Way.KAFKA]
    if in_topic:
        yield Place(
            where=f"topic of {office}", what=_listed(case, in_topic, standing.zone), by=at + timedelta(days=TOPIC_DAYS),
            until_then="a declared place: goes by age",
        )
    what = f"what it keeps of {_listed(case, given, standing.zone)}"
    if not is_for_ever:
        yield Place(where=office, what=what, by=None, until_then="its own: a seal asks nobody to erase")
        return
    target = target_of(standing, _Asking(clock_start=now, due_zone=standing.zone))
    overdue_at = None if target is None else target.at
    late = "the agency has set no target after which it is overdue" if overdue_at is None else (
        f"overdue after {moment(overdue_at, standing.zone)}, by the agency's own target, which is policy and not law"
    )
    proven = [one for one in given if one.is_disclosed]
    if any(not has_recall(case, one.disclosure_id) for one in proven):
        yield Place(where=office, what=what, by=None, overdue_at=overdue_at, until_then=f"{NO_DATE}; {late}")
    else:
        yield Place(where=office, what=what, by=None, until_then=ASKED_BEFORE if proven else ASKED_LATER)


def _listed(case: Case, given: list[Given], zone: str) -> str:
    return ", ".join(_named(case, one, zone) for one in given)


def _named(case: Case, one: Given, zone: str) -> str:
    """`entry 3 (home study)`; by its purpose alone where it left by no feed."""
    purpose = in_words(one.purpose)
    if not one.is_disclosed:
        return f"{purpose}, let go {moment(one.left.at, zone)} and possibly given: no hand-over is proven"
    number = entry_of(case, one.disclosure_id)
    if number is None:
        return f"{purpose}, told outside the feed"
    doubt = "" if _received(case, one) is not None else ", possibly given: no hand-over is proven"
    return f"entry {number} ({purpose}){doubt}"


def _received(case: Case, one: Given) -> ConsulateNotified | DisclosureReceived | None:
    notice, other = case.consular.notices.get(one.disclosure_id), case.disclosures.disclosures.get(one.disclosure_id)
    return notice.notified if notice is not None else other.received if other is not None else None
