"""P03, P11, P12, P13 and P16: homes and papers abroad, the way to a family there, the way back, adoption."""
from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.agency.state import Agency
from domain.case.adoption import AdoptionStage
from domain.case.documents import DocumentStage
from domain.case.kin import StudyProvider, StudyStage
from domain.case.processes.states import Stand, after, step
from domain.case.repatriation import RepatriationStage
from domain.case.repatriation import stage_of as return_stage
from domain.case.reunification import ReunificationStage
from domain.case.reunification import stage_of as reunion_stage
from domain.case.state import Case
from domain.people import Role

REPORT = step("RecordHomeStudy", "its report is there")
FAILURE = step("RecordHomeStudyFailure", "it will not come, for a reason")
BY_DIF = step("RequestDifHomeStudy", "a home in Mexico: DIF is asked first, by the municipality")
BY_ISS = step("RequestHomeStudy", "where the consulate or DIF cannot: ISS, with the reason (US-ISS-FALLBACK)")
STUDY = {
    StudyStage.NEEDED: (BY_DIF, BY_ISS),
    StudyStage.REQUESTED: (step("RecordAcknowledgement", "they said that they have it"), REPORT, FAILURE),
    StudyStage.ACKNOWLEDGED: (REPORT, FAILURE),
    StudyStage.COMPLETED: (
        step("AssessRelativePlacement", "the agency decides, whatever anybody's status"),
        step("LicenseCaregiver", "as a foster parent"),
    ),
    StudyStage.CONTRADICTED: (step("RecordHomeStudy", "a person asks which report holds; until then none does"), BY_ISS),
    StudyStage.FAILED: (BY_ISS, BY_DIF),
}
FOR_DIF = (step("RecordHomeStudy", "the agency's own report, for DIF"), FAILURE)
PROVIDERS = {StudyProvider.ISS: "home study by ISS", StudyProvider.DIF: "home study by DIF"}
DOCUMENT = {
    DocumentStage.REQUESTED: (
        step("ReceiveDocument", "it is there, with what it says"),
        step("RecordDocumentUnobtainable", "it cannot be had from whoever was asked"),
    ),
    DocumentStage.RECEIVED: (step("EstablishDualCitizenship", "where a child goes abroad and needs it"),),
    DocumentStage.UNOBTAINABLE: (step("RequestDocument", "of somebody else: the consulate, then ISS (US-DOC-CONSULATE)"),),
}
REUNION = {
    ReunificationStage.PROPOSED: (BY_DIF, BY_ISS),
    ReunificationStage.STUDIED: (step("RequestDocument", "travel papers, birth record and case file are needed"),),
    ReunificationStage.PAPERS_READY: (step("ApproveReunificationAbroad", "study and papers are there"),),
    ReunificationStage.APPROVED: (step("ArrangeTravel", "with an escort"),),
    ReunificationStage.TRAVEL_ARRANGED: (step("RecordReunificationAbroad", "the child arrived"),),
}
RETURN = {
    RepatriationStage.REQUESTED: (step("CompleteBioPsychoSocialAssessment", "from what ISS, DOS or DIF told"),),
    RepatriationStage.ASSESSED: (step("ArrangeTravel", "ISS or the agency settles transport"),),
    RepatriationStage.TRAVEL_SET: (step("RecordRepatriation", "the child came back"),),
}
ADOPTION = {AdoptionStage.INITIATED: (step("FinalizeInternationalAdoption", "it became final, with the State Department"),)}


def homes(case: Case, standing: Agency, now: datetime) -> Iterator[Stand]:
    """Relatives whose home nobody was asked to study, and every study that was asked for."""
    studied = {study.subject_id for study in case.kin.studies.values()}
    for party_id in case.relatives.known:
        if party_id not in studied:
            yield Stand(person_ids=(party_id,), what="home study", state="needed", next=after(STUDY, StudyStage.NEEDED))
    for study in case.kin.studies.values():
        stage = case.kin.stage(study.request_id, case.consular_services.acknowledged)
        is_courtesy = study.provider is StudyProvider.AGENCY and study.requested_at is not None
        attempt = f", attempt {study.attempt}" if study.attempt > 1 else ""
        yield Stand(
            person_ids=(study.subject_id,), state=stage.value, id=study.request_id,
            what="home evaluation that DIF asks of the agency" if is_courtesy else (
                f"{PROVIDERS.get(study.provider, 'home study')}{attempt}"
            ),
            next=FOR_DIF if is_courtesy and study.is_live else after(STUDY, stage),
        )


def papers(case: Case, standing: Agency, now: datetime) -> Iterator[Stand]:
    """Each kind of paper of each person that was asked for or received."""
    asked = ((item.person_id, item.doc_type) for item in case.documents.requests.values())
    there = ((item.person_id, item.doc_type) for item in case.documents.received.values())
    for person_id, kind in dict.fromkeys((*asked, *there)):
        stage = case.documents.stage(person_id, kind)
        yield Stand(
            person_ids=(person_id,), what=kind.value.replace("_", " "), state=stage.value, next=after(DOCUMENT, stage)
        )


def reunions(case: Case, standing: Agency, now: datetime) -> Iterator[Stand]:
    """Each child with each carer abroad for whom a home was studied or a plan approved."""
    pairs = {(plan.approved.child_id, plan.approved.carer_id): None for plan in case.reunification.plans.values()}
    for study in case.kin.studies.values():
        person = case.intake.people.get(study.subject_id)
        if person is not None and study.provider in PROVIDERS and person.role is not Role.SPONSOR:
            pairs |= {(child_id, study.subject_id): None for child_id in person.child_ids}
    for child_id, carer_id in pairs:
        stage = reunion_stage(case, child_id, carer_id)
        yield Stand(
            person_ids=(child_id, carer_id), what="living with family abroad", state=stage.value, next=after(REUNION, stage)
        )


def returns(case: Case, standing: Agency, now: datetime) -> Iterator[Stand]:
    for request_id, request in case.repatriation.requests.items():
        stage = return_stage(case, request_id)
        if stage is not None:
            yield Stand(
                person_ids=(request.requested.child_id,), what="return to the US", state=stage.value,
                next=after(RETURN, stage), id=request_id,
            )


def adoptions(case: Case, standing: Agency, now: datetime) -> Iterator[Stand]:
    for adoption_id, adoption in case.adoptions.adoptions.items():
        yield Stand(
            person_ids=(adoption.initiated.child_id,), what="adoption abroad", state=adoption.stage.value,
            next=after(ADOPTION, adoption.stage), id=adoption_id,
        )
