"""The whole case: its areas' states side by side, and what has been recorded under which id."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from domain.case import (
    adoption,
    approval,
    assignments,
    citizenship,
    citizenship_sources,
    clearance,
    consent,
    consular,
    consular_service,
    corrections,
    court,
    custody,
    detention,
    disclosures,
    documents,
    doubts,
    engagement,
    erasure,
    happenings,
    holds,
    intake,
    kin,
    language,
    mislinks,
    moments,
    obligations,
    outside_corrections,
    participation,
    particulars,
    permission,
    petitions,
    placement,
    policy,
    privacy,
    recalls,
    relatives,
    relief,
    repatriation,
    requests,
    reunification,
    reunification_time,
    screening,
    sealing,
    service,
    sources,
    told,
    trafficking,
    trafficking_notices,
    unaccompanied,
    visits,
)
from domain.case.keys import Key, Keys
from domain.events import Compartment, Envelope, Event
from domain.growing import Growing
from domain.personal import Withheld
from domain.policy.acts import ACTS
from domain.refusals import Contradiction
from domain.submission import Recording


class Case(NamedTuple):
    """The fold of one case stream. Each area touches its own field only; `version` is that of the stream.

    Every event copies it, and a tuple is copied eight times as fast as a dataclass: that was half of a fold.

    `as_of` is the last moment up to which the case was told anything: what depends on an age is judged by it.
    """

    version: int = 0
    as_of: datetime | None = None
    intake: intake.Intake = intake.INITIAL
    custody: custody.Custody = custody.INITIAL
    citizenship: citizenship.Citizenship = citizenship.INITIAL
    obligations: obligations.Obligations = obligations.INITIAL
    engagements: engagement.Engagements = engagement.INITIAL
    consular: consular.Consular = consular.INITIAL
    kin: kin.Kin = kin.INITIAL
    detention: detention.Detention = detention.INITIAL
    trafficking: trafficking.Trafficking = trafficking.INITIAL
    privacy: privacy.Privacy = privacy.INITIAL
    participation: participation.Participation = participation.INITIAL
    relatives: relatives.Relatives = relatives.INITIAL
    service: service.Service = service.INITIAL
    court: court.Court = court.INITIAL
    documents: documents.Documents = documents.INITIAL
    visits: visits.Visits = visits.INITIAL
    citizenship_sources: citizenship_sources.CitizenshipSources = citizenship_sources.INITIAL
    consular_services: consular_service.ConsularServices = consular_service.INITIAL
    placement: placement.Placement = placement.INITIAL
    reunification: reunification.Reunification = reunification.INITIAL
    reunification_time: reunification_time.ReunificationTime = reunification_time.INITIAL
    repatriation: repatriation.Repatriation = repatriation.INITIAL
    unaccompanied: unaccompanied.Unaccompanied = unaccompanied.INITIAL
    adoptions: adoption.Adoptions = adoption.INITIAL
    screening: screening.Screening = screening.INITIAL
    trafficking_notices: trafficking_notices.TraffickingNotices = trafficking_notices.INITIAL
    relief: relief.Relief = relief.INITIAL
    petitions: petitions.Petitions = petitions.INITIAL
    language: language.LanguageAccess = language.INITIAL
    sources: sources.Sources = sources.INITIAL
    assignments: assignments.Assignments = assignments.INITIAL
    requests: requests.Requests = requests.INITIAL
    sealing: sealing.Sealing = sealing.INITIAL
    erasure: erasure.Erasure = erasure.INITIAL
    told: told.Told = told.INITIAL
    happenings: happenings.Happenings = happenings.INITIAL
    mislinks: mislinks.Mislinks = mislinks.INITIAL
    consents: consent.Consents = consent.INITIAL
    approvals: approval.Approvals = approval.INITIAL
    permission: permission.Permission = permission.INITIAL
    disclosures: disclosures.Disclosures = disclosures.INITIAL
    doubts: doubts.Doubts = doubts.INITIAL
    policy: policy.AppliedPolicy = policy.INITIAL
    moments: moments.Moments = moments.INITIAL
    recalls: recalls.Recalls = recalls.INITIAL
    corrections: corrections.Corrections = corrections.INITIAL
    outside_corrections: outside_corrections.OutsideCorrections = outside_corrections.INITIAL
    holds: holds.Holds = holds.INITIAL
    recorded: Growing[Key, Event] = Growing()

    def taking(self, persons: Sequence[UUID], *compartments: Compartment) -> tuple[UUID, ...]:
        """Those of these persons of whom something can be recorded in each of the compartments, because it is neither
        sealed nor expunged. What is recorded of several together is recorded of these; of all where of none, to be refused.
        """
        closed = self.sealing.pairs | self.erasure.expunged_pairs
        left = tuple(one for one in persons if not any((one, compartment) in closed for compartment in compartments))
        return left or tuple(persons)

    def once(self, key: Key, event: Event) -> list[Recording]:
        """Record `event` under the id that its sender gave it, once.

        The same id with the same content is nothing; with other content it is a contradiction and refused
        (design decision 6). A field that is withheld from this reader is not compared, nor are `warnings`:
        what we found odd when it came is not the sender's word.
        """
        known = self.recorded.get(key)
        if known is None:
            return [Recording(event=event)]
        for item in fields(cast(Any, event)):
            if item.name == "warnings":
                continue
            before, now = getattr(known, item.name, None), getattr(event, item.name)
            if not isinstance(before, Withheld) and before != now:
                raise Contradiction("this id was recorded before, with other content", field=item.name)
        return []


AREAS = {
    "intake": intake, "custody": custody, "citizenship": citizenship, "obligations": obligations,
    "engagements": engagement, "consular": consular, "kin": kin, "detention": detention, "trafficking": trafficking,
    "privacy": privacy,
    "participation": participation,
    "relatives": relatives, "service": service, "court": court, "documents": documents, "visits": visits,
    "citizenship_sources": citizenship_sources, "consular_services": consular_service, "placement": placement,
    "reunification": reunification, "reunification_time": reunification_time, "repatriation": repatriation,
    "unaccompanied": unaccompanied, "adoptions": adoption,
    "screening": screening,
    "trafficking_notices": trafficking_notices,
    "relief": relief,
    "petitions": petitions,
    "language": language,
    "policy": policy,
    "sources": sources,
    "assignments": assignments,
    "requests": requests,
    "sealing": sealing,
    "erasure": erasure,
    "told": told,
    "mislinks": mislinks,
    "consents": consent,
    "approvals": approval,
    "permission": permission,
    "disclosures": disclosures,
    "doubts": doubts,
    "moments": moments,
    "recalls": recalls,
    "corrections": corrections,
    "outside_corrections": outside_corrections,
    "holds": holds,
}
# A part of an area has a file of its own.
PARTS: tuple[tuple[str, Any], ...] = (*AREAS.items(), ("intake", particulars), ("kin", clearance))
NO_REPORTS = (
    "obligations", "engagements", "consular", "permission", "disclosures", "doubts", "sources", "assignments", "sealing",
    "erasure", "mislinks", "moments", "recalls", "corrections", "outside_corrections", "holds",
)
EVOLVES: dict[type[Event], tuple[tuple[str, Any], ...]] = {}
KEYS: Keys = {}
for _name, _area in PARTS:
    for _event, _evolve in cast(Mapping[type[Event], Any], _area.EVOLVES).items():
        EVOLVES[_event] = (*EVOLVES.get(_event, ()), (_name, _evolve))
    KEYS |= cast(Keys, _area.KEYS)
for _event in EVOLVES:
    if _event.__name__ in ACTS:
        EVOLVES[_event] = (*EVOLVES[_event], ("happenings", happenings.happened))
REPORTS = frozenset(declared for declared, areas in EVOLVES.items() if not {name for name, _ in areas} <= {*NO_REPORTS})


def evolve(case: Case, envelope: Envelope) -> Case:
    """The case after one more event. Total: whatever prefix, filter or missing key, it never raises (I10).

    What was recorded of the wrong person, or at a wrong time, is told at once in every area: the reports that
    count are folded anew.
    """
    after = _evolved(case, envelope)
    return _anew(after) if isinstance(envelope.event, mislinks.PUTS_RIGHT) else after


def _evolved(case: Case, envelope: Envelope) -> Case:
    event = envelope.event
    changes: dict[str, Any] = {
        name: area_evolve(getattr(case, name), event, envelope) for name, area_evolve in EVOLVES[type(event)]
    }
    key = KEYS.get(type(event))
    if key is not None:
        changes["recorded"] = case.recorded.having(key(event), event)
    if type(event) in REPORTS:
        changes["mislinks"] = case.mislinks.with_report(envelope)
    learned_at = envelope.circumstances.learned_at
    as_of = learned_at if case.as_of is None else max(case.as_of, learned_at)
    return case._replace(version=envelope.version, as_of=as_of, **changes)


def _anew(case: Case) -> Case:
    """The areas of reports from those that still count; acts, duties, and under which ids all was recorded, stay."""
    left = Case()
    for envelope in case.mislinks.left():
        left = _evolved(left, envelope)
    kept: dict[str, Any] = {name: getattr(case, name) for name in (*NO_REPORTS, "recorded", "version", "as_of")}
    return left._replace(**kept)


def fold(envelopes: Iterable[Envelope], case: Case | None = None) -> Case:
    state = Case() if case is None else case
    for envelope in envelopes:
        state = evolve(state, envelope)
    return state
