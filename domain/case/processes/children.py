"""P05, P06, P07 and P15: safety from trafficking, relief, language, unaccompanied minors."""
from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.agency.state import Agency
from domain.case.language import LanguageStage
from domain.case.petitions import ReliefStage, relief_stage
from domain.case.processes.states import Stand, after, step
from domain.case.screening import TraffickingStage, trafficking_stage
from domain.case.state import Case
from domain.case.unaccompanied import MinorStage
from domain.case.unaccompanied import stage_of as minor_stage

SCREEN = step("CompleteTraffickingScreening", "with the tool of this place")
CONCERN = step("FlagTraffickingConcern", "somebody is concerned, whatever a screening showed")
LETTER = step("ReceiveOtipLetter", "a letter came; its own dates hold")
BENEFIT = step("RecordOtipBenefit", "a benefit that the letter opens was applied for, granted or refused")
REPORT = step("SubmitOtipReferral", "a noncitizen minor, through Shepherd")
TRAFFICKING = {
    TraffickingStage.NOT_SCREENED: (SCREEN, CONCERN, REPORT), TraffickingStage.SCREENED: (SCREEN, CONCERN, REPORT),
    TraffickingStage.CLEAR: (SCREEN, CONCERN), TraffickingStage.FLAGGED: (REPORT, SCREEN, CONCERN),
    TraffickingStage.REPORTED: (LETTER, step("RecordAcknowledgement", "OTIP said that it has the referral"), CONCERN),
    TraffickingStage.INTERIM: (BENEFIT, LETTER), TraffickingStage.EXPIRED: (LETTER, REPORT),
    TraffickingStage.ELIGIBLE: (BENEFIT, LETTER), TraffickingStage.DENIED_ELIGIBILITY: (LETTER, REPORT),
    TraffickingStage.DENIED_ASSISTANCE: (LETTER, REPORT),
}
SUSPECTED = frozenset(TraffickingStage) - {
    TraffickingStage.NOT_SCREENED, TraffickingStage.SCREENED, TraffickingStage.CLEAR,
}
UNIT = step("NotifyTraffickingUnit", "the agency's own unit for trafficked children")
TOLD_HERE = {
    "LAC": (UNIT,), "SCC": (UNIT,), "NYC": (UNIT,), "SDC": (UNIT, step("NotifyTaskForce", "SDC-TRAFFICK-TASKFORCE")),
    "OR": (step("CrossReportToLawEnforcement", "OR-TRAFFICK-LE"),),
    "NJ": (
        step("NotifyTraffickingHotline", "the state's hotline and Polaris, which passes notices on: no status"),
        step("NotifyProsecutorLiaison", "of the county"), step("ReferToAvanzar", "for screening or services"),
        step("AdoptIndividualServicePlan", "a plan of services with the child's own goals"), UNIT,
    ),
}
"""Whom else an agency tells of a child who may have been trafficked, as the guide describes it of the place."""
NO_CONCERN = {TraffickingStage.CLEAR: "no concern at this screening"}
REFER = step("RequestReliefScreening", "a legal provider screens; a caseworker does not")
COUNSEL = step("AssignImmigrationCounsel", "counsel took it on")
SCREENED = step("CompleteReliefScreening", "by somebody who may judge it")
ELIGIBLE = step("IdentifySijsEligibility", "the child is one for whom this petition may be filed")
SIJS = step("FileSijsPetition", "for a child found eligible")
FILE = step("FileReliefPetition", "another kind of relief")
RELIEF = {
    ReliefStage.NOT_REFERRED: (REFER, COUNSEL, SCREENED, ELIGIBLE), ReliefStage.REFERRED: (COUNSEL, SCREENED, ELIGIBLE),
    ReliefStage.SCREENED: (ELIGIBLE, FILE), ReliefStage.NO_CANDIDATE: (REFER, SCREENED),
    ReliefStage.CANDIDATE: (ELIGIBLE, SIJS, FILE, COUNSEL),
    ReliefStage.FILED: (step("DecideReliefPetition", "it was granted, denied or withdrawn"), FILE, ELIGIBLE),
    ReliefStage.DENIED: (FILE, ELIGIBLE), ReliefStage.WITHDRAWN: (FILE, ELIGIBLE), ReliefStage.GRANTED: (FILE,),
}
INTERPRET = step("AssignInterpreter", "certified staff, a unit, a contractor, a speaker whom a consulate found")
LANGUAGE = {
    LanguageStage.UNKNOWN: (step("DeterminePreferredLanguage", "the person says it, with the variety"),),
    LanguageStage.DETERMINED: (INTERPRET, step("RequestTranslation", "a paper in this language")),
    LanguageStage.SERVED: (step("RequestTranslation", "a paper in this language"),),
    LanguageStage.UNMET: (INTERPRET,),
}
TRANSLATE = (step("CompleteTranslation", "it is done, with a template where one is at hand"),)
TELL = step("InformImmigrationUnit", "the agency's own unit is told of the minor")
VERIFY = step("RecordIdentityVerification", "what the consulate answered; its silence verifies nobody")
STAFF = step("StaffUnaccompaniedMinor", "are there proceedings, an attorney, what else is critical")
MINOR = {
    MinorStage.RECEIVED: (TELL, STAFF), MinorStage.NOTIFIED: (STAFF, VERIFY), MinorStage.STAFFED: (VERIFY,),
    MinorStage.VERIFIED: (
        step("PlaceChild", "with a carer"), step("ArrangeTravel", "to the sponsor, once who that is was looked into"),
    ),
}


def safety(case: Case, standing: Agency, now: datetime) -> Iterator[Stand]:
    for child in case.intake.children:
        stage = trafficking_stage(case, child.person_id)
        told = tuple(
            item for item in TOLD_HERE.get(standing.jurisdiction, ()) if stage in SUSPECTED or item is UNIT
        )  # A worker's concern goes to the unit before anything is recorded of it.
        yield Stand(
            person_ids=(child.person_id,), what="trafficking", state=NO_CONCERN.get(stage, stage.value),
            next=(*after(TRAFFICKING, stage), *told),
        )


def relief(case: Case, standing: Agency, now: datetime) -> Iterator[Stand]:
    """Every child, and whoever else a petition was filed for or who was screened."""
    filed = (petition.person_id for petition in case.petitions.petitions.values())
    for person_id in dict.fromkeys((*(c.person_id for c in case.intake.children), *case.relief.screened, *filed)):
        stage = relief_stage(case, person_id)
        yield Stand(person_ids=(person_id,), what="relief", state=stage.value, next=after(RELIEF, stage))


def language(case: Case, standing: Agency, now: datetime) -> Iterator[Stand]:
    """What each person speaks, and every paper that was given to be translated."""
    for person_id in case.intake.people:
        stage = case.language.of(person_id).stage
        yield Stand(person_ids=(person_id,), what="language", state=stage.value, next=after(LANGUAGE, stage))
    for request_id, request in case.language.requests.items():
        is_done = request_id in case.language.translated
        yield Stand(
            person_ids=request.person_ids, what="translation", state="completed" if is_done else "requested",
            next=() if is_done else TRANSLATE, id=request_id,
        )


def minors(case: Case, standing: Agency, now: datetime) -> Iterator[Stand]:
    for reception_id, reception in case.unaccompanied.receptions.items():
        stage = minor_stage(case, reception_id)
        if stage is not None:
            yield Stand(
                person_ids=(reception.received.child_id,), what="unaccompanied minor", state=stage.value,
                next=after(MINOR, stage), id=reception_id,
            )
