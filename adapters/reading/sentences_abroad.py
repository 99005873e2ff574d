"""Sentences on relatives, home studies, papers served abroad, hearings, documents and visits."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters.reading.words import countries, in_words, moment, people, person, personal
from domain.case import clearance, court, documents, kin, relatives, service, visits
from domain.case.state import Case
from domain.events import Event
from domain.personal import Known, Personal, transform

Text = Callable[[Case, Any], str]


def _code(value: Personal[Any]) -> str:
    return in_words(personal(transform(value, str)))


def _attendees(value: Personal[tuple[visits.Attendee, ...]]) -> str:
    return in_words(personal(transform(value, ", ".join)))


def _country(value: Personal[str]) -> str:
    return countries(transform(value, lambda code: (code,)))


def _odd(warnings: tuple[str, ...]) -> str:
    return f"; note: {', '.join(in_words(code) for code in warnings)}" if warnings else ""


def _study_asked(case: Case, e: kin.DifHomeStudyRequested) -> str:
    return f"home of {person(case, e.subject_id)} in {personal(e.municipality)}, attempt {e.attempt}"


def _study(case: Case, e: kin.HomeStudyCompleted) -> str:
    return (
        f"home of {person(case, e.subject_id)}, by {in_words(e.provider)}, {in_words(e.mode)}: {_code(e.outcome)}"
        f"{_odd(e.warnings)}"
    )


def _service_asked(case: Case, e: service.ServiceOfProcessRequested) -> str:
    return (
        f"{personal(e.document)} for {person(case, e.party_id)} in {_country(e.country)}, by {in_words(e.route)}"
        f"{_odd(e.warnings)}"
    )


def _attempt(case: Case, e: service.ServiceAttempted) -> str:
    then = f", next by {in_words(e.next_route)}" if e.next_route else ""
    why = f": {personal(e.reason)}" if e.result is service.AttemptResult.FAILED else ""
    return f"on {person(case, e.party_id)} by {in_words(e.route)}, {e.result.value}{why}{then}{_odd(e.warnings)}"


def _hearing(case: Case, e: court.HearingScheduled) -> str:
    moved = ", moved from another day" if e.replaces_hearing_id else ""
    at = moment(e.scheduled_for, e.scheduled_zone)
    return f"about {people(case, e.child_ids)} on {at} ({e.scheduled_zone}){moved}: {personal(e.kind)}"


def _order(case: Case, e: court.CourtOrderEntered) -> str:
    changes = f", which {e.effect.value} an earlier one" if e.effect else ""
    supervised = "; visits under supervision only" if e.supervised_visits_only == Known(True) else ""
    lets = f"; it lets offices learn for {', '.join(map(in_words, e.purposes))}" if e.purposes else ""
    return f"{_code(e.kind)}, about {people(case, e.child_ids)}{changes}{supervised}{lets}"


def _document(case: Case, e: documents.DocumentReceived) -> str:
    return f"{in_words(e.doc_type)} of {person(case, e.person_id)}, issued in {_country(e.issuer_country)}{_odd(e.warnings)}"


def _visit_planned(case: Case, e: visits.VisitPlanned) -> str:
    how = f" over {e.platform.value}" if e.platform else ""
    return (
        f"{people(case, e.child_ids)} with {person(case, e.party_id)}, {_code(e.mode)}{how}, "
        f"{'supervised' if e.supervised else 'unsupervised'}, {moment(e.planned_for, e.planned_zone)} ({e.planned_zone})"
    )


def _border(case: Case, e: visits.BorderVisitCoordinated) -> str:
    return f"at {personal(e.port)} with {personal(e.consulate)}: {_attendees(e.attendees)}{_odd(e.warnings)}"


def _visit_held(case: Case, e: visits.VisitHeld) -> str:
    return f"{people(case, e.child_ids)} with {person(case, e.party_id)}, {_code(e.mode)}{_odd(e.warnings)}"


def _visit_cancelled(case: Case, e: visits.VisitCancelled) -> str:
    how = "somebody did not come" if e.is_no_show else f"by {_code(e.by)}"
    return f"of {people(case, e.child_ids)} with {person(case, e.party_id)}, {how}: {personal(e.reason)}"


TEXTS: dict[type[Event], Text] = {
    relatives.RelativeIdentified: lambda c, e: f"{person(c, e.party_id)} in {_country(e.country)}, "
                                               f"by {personal(e.found_by)}",
    relatives.RelativePlacementAssessed: lambda c, e: f"{person(c, e.party_id)} for {people(c, e.child_ids)}: "
                                                      f"{_code(e.result)}; status was not weighed",
    relatives.CaregiverLicensed: lambda c, e: f"{person(c, e.party_id)}, licence {personal(e.licence_ref)}",
    relatives.CourtesyHomeEvaluationRequestedByDif: lambda c, e: f"home of {person(c, e.subject_id)}, "
                                                                 f"DIF's reference {personal(e.dif_ref)}",
    kin.DifHomeStudyRequested: _study_asked,
    clearance.InternationalHomeClearanceRequested:
        lambda c, e: f"home of {person(c, e.subject_id)} in {_country(e.country)}",
    kin.HomeStudyCompleted: _study,
    kin.HomeStudyFailed: lambda c, e: f"home of {person(c, e.subject_id)}: {in_words(e.reason)}",
    service.ServiceOfProcessRequested: _service_asked,
    service.ServiceAttempted: _attempt,
    service.ServiceCompleted: lambda c, e: f"on {person(c, e.party_id)}, proof {personal(e.proof_ref)}",
    court.HearingScheduled: _hearing,
    court.RemoteParticipationArranged: lambda c, e: f"{person(c, e.party_id)} by {in_words(e.channel)}{_odd(e.warnings)}",
    court.ParentParticipatedInHearing: lambda c, e: f"{person(c, e.party_id)} by {in_words(e.channel)}{_odd(e.warnings)}",
    court.CourtOrderEntered: _order,
    documents.DocumentRequested: lambda c, e: f"{in_words(e.doc_type)} of {person(c, e.person_id)}, "
                                              f"from {in_words(e.source)}",
    documents.DocumentReceived: _document,
    documents.DocumentUnobtainable: lambda c, e: f"{in_words(e.doc_type)} of {person(c, e.person_id)}: "
                                                 f"{personal(e.reason)}",
    documents.DualCitizenshipEstablished: lambda c, e: f"{person(c, e.child_id)}: {countries(e.countries)}",
    visits.VisitPlanned: _visit_planned,
    visits.BorderVisitCoordinated: _border,
    visits.VisitHeld: _visit_held,
    visits.VisitCancelled: _visit_cancelled,
}
