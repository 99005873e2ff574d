"""Sentences on detained parents, trafficking, relief and language."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters.reading.words import in_words, people, person, personal
from domain.case import (
    detention,
    language,
    participation,
    petitions,
    relief,
    screening,
    trafficking,
    trafficking_notices,
)
from domain.case.state import Case
from domain.events import Event
from domain.personal import Known, transform

Text = Callable[[Case, Any], str]


def _listed(codes: tuple[object, ...]) -> str:
    return ", ".join(in_words(code) for code in codes) or "nothing"


def _code(value: Any) -> str:
    """A code as this reader may see it, in words."""
    return personal(transform(value, in_words))


def _codes(value: Any) -> str:
    return personal(transform(value, _listed))


def _odd(warnings: tuple[object, ...]) -> str:
    return f"; look again: {_listed(warnings)}" if warnings else ""


def _odd_boxed(warnings: Any) -> str:
    return _odd(warnings.value) if isinstance(warnings, Known) else ""


def _located(case: Case, e: detention.IceDetaineeLocated) -> str:
    return f"{person(case, e.party_id)} in {personal(e.facility)}{_odd(e.warnings)}"


def _moved(case: Case, e: detention.DetaineeTransferred) -> str:
    return f"{person(case, e.party_id)} from {personal(e.from_facility)} to {personal(e.to_facility)}"


def _coordinator(case: Case, e: participation.ParentalInterestCoordinatorContacted) -> str:
    return f"about {person(case, e.party_id)}, {_code(e.purpose)}; told: {_listed(e.disclosed_fields)}"


DETENTION: dict[type[Event], Text] = {
    detention.ParentReportedDetained: lambda c, e: f"{person(c, e.party_id)}, by {personal(e.source)}",
    detention.ANumberObtained: lambda c, e: f"of {person(c, e.party_id)}",
    detention.DetaineeLocatorSearched: lambda c, e: f"for {person(c, e.party_id)}: {personal(e.result)}",
    detention.IceDetaineeLocated: _located,
    detention.DetaineeTransferred: _moved,
    detention.DetentionFacilityContacted: lambda c, e: f"{personal(e.facility)} about {person(c, e.party_id)}, "
                                                       f"{personal(e.purpose)}: {personal(e.outcome)}",
    detention.DetentionContactDesignated: lambda c, e: f"{personal(e.contact_ref)} in {personal(e.facility)} "
                                                       f"for {person(c, e.party_id)}",
    detention.DetentionEnded: lambda c, e: f"{person(c, e.party_id)}: {_code(e.outcome)}{_odd(e.warnings)}",
    participation.ParentalInterestCoordinatorContacted: _coordinator,
    participation.ParentalInterestCoordinatorResponded: lambda c, e: f"about {person(c, e.party_id)}: {personal(e.outcome)}",
    participation.DetainedParentCourtTransportArranged: lambda c, e: f"{person(c, e.party_id)} to a hearing: {e.state}",
    participation.DetainedParentReleaseAdvocated: lambda c, e: f"{person(c, e.party_id)}, with {personal(e.to)}: "
                                                               f"{personal(e.ground)}",
    participation.DetainedParentReferredToCounsel: lambda c, e: f"{person(c, e.party_id)} to {personal(e.programme)}",
    participation.CounselCommunicationFacilitated: lambda c, e: f"{person(c, e.party_id)}, {_code(e.counsel_kind)} counsel",
    participation.ParentalInterestRightsExplained: lambda c, e: f"of {person(c, e.party_id)}, to {personal(e.stakeholders)}",
    participation.ContingencyDocumentExecuted: lambda c, e: f"by {person(c, e.party_id)}: {_code(e.kind)}",
    participation.FamilyPreparednessPlanMade: lambda c, e: f"by {person(c, e.party_id)}: {person(c, e.carer_id)} would care "
                                                           f"for {people(c, e.child_ids)}",
}


def _letter(case: Case, e: trafficking.OtipLetterReceived) -> str:
    until = "no end" if e.indefinite == Known(True) else personal(e.benefits_until)
    period = f"benefits {personal(e.benefits_from)} to {until}"
    return f"{_code(e.letter_kind)} for {person(case, e.child_id)}, {period}{_odd_boxed(e.warnings)}"


def _screening(case: Case, e: screening.TraffickingScreeningCompleted) -> str:
    version = f" ({e.tool_version})" if e.tool_version else ""
    return f"{person(case, e.child_id)} with {in_words(e.tool)}{version}: {_code(e.outcome)}{_odd_boxed(e.warnings)}"


def _hotline(case: Case, e: trafficking_notices.TraffickingHotlineNotified) -> str:
    onward = f", which passes it on to {_listed(e.onward_disclosure)}" if e.onward_disclosure else ""
    return f"{in_words(e.line)} about {person(case, e.child_id)}{onward}"


TRAFFICKING: dict[type[Event], Text] = {
    trafficking.TraffickingConcernFlagged: lambda c, e: f"about {person(c, e.child_id)}",
    trafficking.OtipReferralSubmitted: lambda c, e: f"about {person(c, e.child_id)}",
    trafficking.OtipLetterReceived: _letter,
    trafficking.OtipBenefitPeriodExpired: lambda c, e: f"of {person(c, e.child_id)} on {personal(e.on)}, no letter followed",
    trafficking.OtipBenefitRecorded: lambda c, e: f"{_code(e.benefit)} for {person(c, e.child_id)}: {_code(e.state)}",
    screening.TraffickingScreeningCompleted: _screening,
    trafficking_notices.TraffickingUnitNotified: lambda c, e: f"{e.unit} told of {person(c, e.child_id)}",
    trafficking_notices.TaskForceNotified: lambda c, e: f"told of {person(c, e.child_id)}",
    trafficking_notices.LawEnforcementCrossReported: lambda c, e: f"{personal(e.agency)} told of {person(c, e.child_id)}",
    trafficking_notices.TraffickingHotlineNotified: _hotline,
    trafficking_notices.PolarisReportReceived: lambda c, e: f"about {person(c, e.child_id)}, {personal(e.polaris_ref)}",
    trafficking_notices.ProsecutorLiaisonNotified: lambda c, e: f"{personal(e.county)} about {person(c, e.child_id)}",
    trafficking_notices.AvanzarReferralMade: lambda c, e: f"{person(c, e.child_id)} for {_code(e.purpose)}",
    trafficking_notices.IndividualServicePlanAdopted: lambda c, e: f"for {person(c, e.child_id)}, {personal(e.goals_ref)}",
}

RELIEF: dict[type[Event], Text] = {
    relief.ReliefScreeningRequested: lambda c, e: f"for {person(c, e.child_id)}, of {e.provider}",
    relief.ImmigrationCounselAssigned: lambda c, e: f"to {person(c, e.person_id)}, {in_words(e.kind)}",
    relief.ReliefScreeningCompleted: lambda c, e: f"of {person(c, e.person_id)}, by {in_words(e.screened_by)}: "
                                                  f"{_codes(e.candidates)}",
    relief.ImmigrationStatusRecorded:
        lambda c, e: f"of {person(c, e.person_id)}, by {in_words(e.told_by)}: {personal(e.status)}",
    relief.LegalResourcesProvided: lambda c, e: f"{e.list_ref} to {person(c, e.child_id)}",
    petitions.SijsEligibilityIdentified: lambda c, e: f"of {person(c, e.child_id)}, {personal(e.basis_ref)}",
    petitions.SijsPetitionFiled: lambda c, e: f"for {person(c, e.child_id)}{_odd(e.warnings)}",
    petitions.ReliefPetitionFiled: lambda c, e: f"for {person(c, e.person_id)}: {_code(e.kind)}",
    petitions.ReliefPetitionDecided: lambda c, e: f"of {person(c, e.person_id)}: {_code(e.decision)}{_odd(e.warnings)}",
}


def _preferred(case: Case, e: language.PreferredLanguageDetermined) -> str:
    dialect = f", {personal(e.dialect)}" if isinstance(e.dialect, Known) else ""
    return f"{person(case, e.person_id)}: {personal(e.language)}{dialect}"


def _interpreter(case: Case, e: language.InterpreterAssigned) -> str:
    how = f"{in_words(e.interpreter_kind)}, {in_words(e.mode)}"
    return f"{personal(e.language)} for {person(case, e.person_id)}, {how}{_odd(e.warnings)}"


def _translated(_: Case, e: language.TranslationCompleted) -> str:
    return f"of a paper, with {e.template_used}" if e.template_used else "of a paper"


LANGUAGE: dict[type[Event], Text] = {
    language.PreferredLanguageDetermined: _preferred,
    language.InterpreterAssigned: _interpreter,
    language.LanguageServiceRejected: lambda c, e: f"a worker without certificate in {personal(e.language)} for "
                                                   f"{person(c, e.person_id)}",
    language.TranslationRequested: lambda c, e: f"of a paper about {people(c, e.person_ids)}, "
                                                f"{personal(e.from_language)} to {personal(e.to_language)}",
    language.TranslationCompleted: _translated,
    language.CulturalBrokerAssigned: lambda c, e: f"to {people(c, e.person_ids)}",
}

TEXTS: dict[type[Event], Text] = DETENTION | TRAFFICKING | RELIEF | LANGUAGE
