"""The facts of a case as triggers read them: each child in each spell of custody, with its parents."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.case.custody import Episode, Plan
from domain.case.happenings import Happening
from domain.case.relief import ReliefScreeningCompleted
from domain.case.screening import ScreeningOutcome, TraffickingScreeningCompleted
from domain.facts import Register
from domain.people import PARENTS
from domain.personal import Known, Withheld
from domain.policy.facts import ChildFacts, PersonFacts, Since

if TYPE_CHECKING:
    from domain.case.state import Case

EVER = datetime.min.replace(tzinfo=UTC)
READ = ("intake", "custody", "citizenship", "language", "happenings")
"""What of a case the facts are read from: while it and `last_day` are the same, so are they."""


def facts_of(case: Case, zone: str) -> Iterator[ChildFacts]:
    """Each child of the case once for each spell of custody, planned or taken, and once where it had none.

    A spell that has ended still counts: what it raised was true.
    """
    people = case.intake.people
    episodes = case.custody.episodes.values()
    children = dict.fromkeys((*(p.person_id for p in people.values() if p.role is None), *(e.child_id for e in episodes)))
    as_of = last_day(case, zone)
    for child_id in children:
        parents = tuple(
            _person(case, p.person_id) for p in people.values() if p.role in PARENTS and child_id in p.child_ids
        )
        yield from _in_spells(case, _whatever_the_custody(case, _person(case, child_id), parents, as_of))


def last_day(case: Case, zone: str) -> datetime:
    """The beginning of the last day, in the zone of the agency, in which the case was told anything."""
    if case.as_of is None:
        return EVER
    return case.as_of.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def _person(case: Case, person_id: UUID) -> PersonFacts:
    origin, person = case.citizenship.of(person_id), case.intake.people.get(person_id)
    return PersonFacts(
        person_id=person_id, nationalities=origin.nationalities, birth_country=origin.birth_country,
        language=case.language.of(person_id).language,
        birth_date=Register() if person is None else person.birth_date,
        address=Register() if person is None else person.address,
    )


def _whatever_the_custody(
    case: Case, child: PersonFacts, parents: tuple[PersonFacts, ...], as_of: datetime
) -> ChildFacts:
    """What has happened to the child apart from custody."""
    happened = case.happenings.about(child.person_id)

    def first(*names: str) -> Since | None:
        found = [happening for name in names for happening in happened.get(name, ())]
        return min(found, key=lambda happening: happening.learned_at).since if found else None

    suspected, is_suspicion_withheld = _suspected(happened)
    relief, is_relief_withheld = _relief(happened.get("ReliefScreeningCompleted", ()))
    eligible = first("SijsEligibilityIdentified")
    received = first("UnaccompaniedMinorReceived")
    return ChildFacts(
        child=child, parents=parents, as_of=as_of,
        opened=first("ChildAddedToCase"), suspected=suspected, is_suspicion_withheld=is_suspicion_withheld,
        received=None if received is None else received._replace(at=received.occurred_at),
        in_court=first("HearingScheduled", "CourtOrderEntered"), found_eligible=eligible,
        relief_candidate=min((s for s in (relief, eligible) if s), key=lambda since: since.at, default=None),
        is_relief_withheld=is_relief_withheld,
    )


def _suspected(happened: Mapping[str, tuple[Happening, ...]]) -> tuple[tuple[Since, ...], bool]:
    """Concerns, reports of a hotline, and screenings that found one; and whether a finding is withheld."""
    found = [*happened.get("TraffickingConcernFlagged", ()), *happened.get("PolarisReportReceived", ())]
    is_withheld = False
    for happening in happened.get("TraffickingScreeningCompleted", ()):
        assert isinstance(happening.event, TraffickingScreeningCompleted)
        outcome = happening.event.outcome
        is_withheld |= isinstance(outcome, Withheld)
        if outcome == Known(ScreeningOutcome.CONCERN):
            found.append(happening)
    return tuple(happening.since for happening in found), is_withheld


def _relief(screened: Iterable[Happening]) -> tuple[Since | None, bool]:
    """Since when counsel found a kind of relief that may be open; and whether a result is withheld."""
    first: Since | None = None
    is_withheld = False
    for happening in screened:
        assert isinstance(happening.event, ReliefScreeningCompleted)
        candidates = happening.event.candidates
        is_withheld |= isinstance(candidates, Withheld)
        if isinstance(candidates, Known) and candidates.value and (first is None or happening.learned_at < first.at):
            first = happening.since
    return first, is_withheld


def _in_spells(case: Case, alone: ChildFacts) -> Iterator[ChildFacts]:
    child = alone.child.person_id
    plans = sorted((p for p in case.custody.plans.values() if p.child_id == child), key=lambda plan: plan.planned_at)
    before, found = EVER, False
    for episode in case.custody.episodes_of(child):
        plan = next((p for p in plans if before < p.planned_at <= episode.taken_at), None)
        yield _spell(case, alone, plan, episode)
        before, found = episode.taken_at, True
    plan = next((p for p in plans if p.planned_at > before), None)
    if plan is not None or not found:
        yield _spell(case, alone, plan, None)


def _spell(case: Case, alone: ChildFacts, plan: Plan | None, episode: Episode | None) -> ChildFacts:
    """The child in one spell; the unit's knowledge counts from the beginning of it, or whenever there is none."""
    planned = None if plan is None else Since(
        at=plan.planned_at, occurred_at=plan.planned_at, event_id=plan.event_id, spell_id=plan.plan_id
    )
    custody = None if episode is None else Since(
        at=episode.taken_at, occurred_at=episode.taken_at, event_id=episode.event_id, spell_id=episode.episode_id
    )
    begun = planned or custody
    informed = tuple(
        h.since for h in case.happenings.about(alone.child.person_id).get("ImmigrationUnitInformed", ())
        if begun is None or h.occurred_at >= begun.occurred_at
    )
    return alone._replace(
        planned=planned, custody=custody, custody_ended_at=None if episode is None else episode.ended_at,
        unit_informed=informed,
    )
