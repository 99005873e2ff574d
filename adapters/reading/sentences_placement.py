"""Sentences on planned custody, citizenship, consular services, corrections, and where a child lives or travels."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters.reading.words import countries, in_words, people, person, personal
from domain.case import (
    adoption,
    citizenship_sources,
    consular_service,
    custody,
    mislinks,
    particulars,
    placement,
    privacy,
    repatriation,
    reunification,
    reunification_time,
    unaccompanied,
)
from domain.case.state import Case
from domain.events import Event
from domain.personal import Known, Personal, transform

Text = Callable[[Case, Any], str]


def _code(value: Personal[Any]) -> str:
    """A code as this reader may see it, in words."""
    return personal(transform(value, in_words))


def _country(value: Personal[str]) -> str:
    return countries(transform(value, lambda code: (code,)))


def _warned(warnings: tuple[object, ...]) -> str:
    return f"; note: {', '.join(in_words(code) for code in warnings)}" if warnings else ""


def _determined(case: Case, e: citizenship_sources.CitizenshipDetermined) -> str:
    who = f"{e.decided_by} on {person(case, e.person_id)}"
    if e.undeterminable == Known(True):
        return f"{who}: nobody can tell where from"
    nationality = "stateless" if e.stateless == Known(True) else f"national of {countries(e.nationalities)}"
    return f"{who}: born in {_country(e.birth_country)}, {nationality}"


def _undeliverable(case: Case, e: consular_service.ConsularNotificationUndeliverable) -> str:
    why = {"none_in_us": "has no consulate here", "bounced": "the notice came back", "refused": "the notice was turned away"}
    return f"{_country(e.consulate_country)}: {why[e.reason]}; about {people(case, e.child_ids)}"


def _disclosure_refused(case: Case, e: privacy.DisclosureRefused) -> str:
    items = personal(transform(e.fields, lambda fields: ", ".join(in_words(field) for field in fields)))
    return f"{personal(e.partner)} asked for {items} of {people(case, e.person_ids)} and was refused ({e.rule_id})"


def _travel(case: Case, e: placement.TravelArranged) -> str:
    escort = "with an escort" if e.escort_id else "no escort named"
    to = f" to {person(case, e.to_party_id)}" if e.to_party_id else ""
    return f"{person(case, e.child_id)} on {personal(e.travels_on)}{to}, to {e.purpose.value}, {escort}"


def _way(case: Case, e: reunification.ReunificationPlanAbroadApproved | reunification.ChildReunifiedAbroad) -> str:
    way = f"{person(case, e.child_id)} to {person(case, e.carer_id)} in {_country(e.country)}"
    return f"{way}{_warned(e.warnings)}"


def _abduction(case: Case, e: repatriation.ChildAbductionReported) -> str:
    where = "while in custody" if e.in_custody else "not from custody"
    return f"{person(case, e.child_id)} is said to be taken away, {where}{_warned(e.warnings)}"


def _received(case: Case, e: unaccompanied.UnaccompaniedMinorReceived) -> str:
    return f"{person(case, e.child_id)} from {_code(e.received_from)}, for {_code(e.reason)}{_warned(e.warnings)}"


TEXTS: dict[type[Event], Text] = {
    custody.CustodyPlanned: lambda c, e: f"{e.decided_by} decided to take {person(c, e.child_id)} into custody",
    particulars.FactCorrected:
        lambda c, e: f"{in_words(e.field)} of {person(c, e.person_id)}: what was recorded was never true",
    particulars.FactSuperseded: lambda c, e: f"{in_words(e.field)} of {person(c, e.person_id)} is another from now on",
    mislinks.MislinkWithdrawn:
        lambda c, e: f"recorded of {people(c, e.person_ids)}, was another's, counts no more: {personal(e.evidence)}",
    mislinks.ReportWithdrawn:
        lambda c, e: f"recorded of {people(c, e.person_ids)}, was never true, counts no more: {personal(e.evidence)}",
    mislinks.TimeCorrected:
        lambda c, e: f"the time of what was recorded of {people(c, e.person_ids)} was wrong: {personal(e.evidence)}",
    citizenship_sources.CitizenshipDocumentObtained:
        lambda c, e: f"{in_words(e.doc_type)} of {person(c, e.person_id)}, issued in {_country(e.issuer_country)}",
    citizenship_sources.CitizenshipSourceConsulted:
        lambda c, e: f"{in_words(e.method)} about {person(c, e.person_id)}: {personal(e.result)}",
    citizenship_sources.CitizenshipDetermined: _determined,
    consular_service.ConsularNotificationUndeliverable: _undeliverable,
    consular_service.PartnerAcknowledged: lambda c, e: f"{personal(e.partner)} has it, about {people(c, e.person_ids)}",
    consular_service.ConsularServiceRequested: lambda c, e: f"{_code(e.service)} of {e.office} for {people(c, e.child_ids)}",
    consular_service.ConsularServiceAnswered: lambda c, e: f"{e.outcome.value}, {personal(e.note_ref)}{_warned(e.warnings)}",
    privacy.DisclosureRefused: _disclosure_refused,
    placement.PlacementMade: lambda c, e: f"{person(c, e.child_id)} with {person(c, e.carer_id)}",
    placement.TravelArranged: _travel,
    reunification.ReunificationPlanAbroadApproved: _way,
    reunification.ChildReunifiedAbroad: _way,
    reunification_time.ReunificationClockStarted:
        lambda c, e: f"{e.months} months for {person(c, e.child_id)}, from {e.start}",
    reunification_time.ReunificationExtensionRequested:
        lambda c, e: f"a court is asked for {e.to_months} months for {person(c, e.child_id)}{_warned(e.warnings)}",
    reunification_time.ReunificationPeriodExtended:
        lambda c, e: f"{e.to_months} months for {person(c, e.child_id)}, order {personal(e.order_ref)}{_warned(e.warnings)}",
    repatriation.ChildAbductionReported: _abduction,
    repatriation.RepatriationToUsRequested:
        lambda c, e: f"{e.initiator.value} asks for {person(c, e.child_id)} back from {_country(e.from_country)}",
    repatriation.BioPsychoSocialAssessmentCompleted:
        lambda c, e: f"of {person(c, e.child_id)}, from what {', '.join(source.value for source in e.sources)} told",
    repatriation.ChildRepatriatedToUs: lambda c, e: f"{person(c, e.child_id)} is back, by {personal(e.via)}",
    adoption.InternationalAdoptionInitiated:
        lambda c, e: f"{person(c, e.child_id)} by {person(c, e.adopter_id)} in {_country(e.country)}{_warned(e.warnings)}",
    adoption.InternationalAdoptionFinalized: lambda c, e: f"of {person(c, e.child_id)}",
    unaccompanied.UnaccompaniedMinorReceived: _received,
    unaccompanied.UnaccompaniedMinorStaffed:
        lambda c, e: f"{person(c, e.child_id)}: proceedings {_code(e.in_proceedings)}, attorney {_code(e.has_attorney)}",
    unaccompanied.IdentityVerifiedByConsulate: lambda c, e: f"{person(c, e.subject_id)}: {_code(e.result)}",
}
