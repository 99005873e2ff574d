"""The processes of a case (domain.md section 3): how each stands, and what may be recorded next."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.agency.state import Agency
from domain.case.processes import abroad, children, notices, parents
from domain.case.processes.states import Stand, Step, step
from domain.case.state import Case

__all__ = ["PROCESSES", "Process", "ProcessStand", "Stand", "Step", "processes_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """`begins` are the commands by which a matter of it enters a case."""

    id: str
    title: str
    stands: Callable[[Case, Agency, datetime], Iterable[Stand]]
    begins: tuple[Step, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessStand:
    process: Process
    stands: tuple[Stand, ...]


def _all(*processes: Process) -> Mapping[str, Process]:
    return {process.id: process for process in processes}


PROCESSES = _all(
    Process(id="P01", title="Custody and where people are from", stands=notices.custody_and_origin),
    Process(id="P02", title="Notice to consulates", stands=notices.notices),
    Process(
        id="P03", title="Relatives and home studies", stands=abroad.homes,
        begins=(
            step("IdentifyRelative", "somebody named a relative who may care for a child"), abroad.BY_DIF, abroad.BY_ISS,
            step("RequestHomeClearance", "before a visit in a home abroad"),
            step("RecordHomeStudy", "a study that a foster agency or the agency itself made"),
            step("ReceiveCourtesyEvaluationRequest", "DIF asks the agency to evaluate a home here"),
        ),
    ),
    Process(
        id="P04", title="Detained parents", stands=parents.detained,
        begins=(
            step("ReportParentDetained", "somebody said that a parent is in ICE's hands"),
            step("ExecuteContingencyDocument", "a parent may be detained or deported"),
            step("MakeFamilyPreparednessPlan", "a parent may be detained or deported"),
        ),
    ),
    Process(
        id="P05", title="Safety from trafficking", stands=children.safety,
        begins=(step("ReceivePolarisReport", "the hotline reported about a child"),),
    ),
    Process(
        id="P06", title="Relief and petitions", stands=children.relief,
        begins=(step("ProvideLegalResources", "a list of legal resources"),),
    ),
    Process(
        id="P07", title="Language", stands=children.language,
        begins=(
            step("RequestTranslation", "a paper in another language"),
            step("CompleteTranslation", "a paper that was translated at once"),
            step("AssignCulturalBroker", "for a family that agrees"),
        ),
    ),
    Process(
        id="P08", title="Papers served abroad", stands=parents.served,
        begins=(step("RequestServiceOfProcess", "a case was opened against a parent abroad"),),
    ),
    Process(
        id="P09", title="Visits", stands=parents.visits,
        begins=(step("PlanVisit", "a parent is abroad, deported or detained"),),
    ),
    Process(
        id="P10", title="Hearings", stands=parents.hearings,
        begins=(
            step("ScheduleHearing", "the court set a day; a parent abroad or detained takes part"),
            step("EnterCourtOrder", "the court entered an order"),
        ),
    ),
    Process(
        id="P11", title="Documents", stands=abroad.papers,
        begins=(
            step("RequestDocument", "a paper is missing: ask the family, the consulate, then ISS"),
            step("ReceiveDocument", "a paper came unasked"),
        ),
    ),
    Process(
        id="P12", title="Living with family abroad", stands=abroad.reunions,
        begins=(
            step("IdentifyRelative", "a parent or relative abroad may care for the child"),
            step("PlaceChild", "with a carer"),
        ),
    ),
    Process(
        id="P13", title="Return to the US", stands=abroad.returns,
        begins=(
            step("RequestRepatriation", "DOS, ISS or a consulate asked for it"),
            step("ReportChildAbduction", "a child was taken away"),
        ),
    ),
    Process(
        id="P14", title="Time to reunify", stands=parents.time_to_reunify,
        begins=(step("StartReunificationClock", "reunification services began"),),
    ),
    Process(
        id="P15", title="Unaccompanied minors", stands=children.minors,
        begins=(step("ReceiveUnaccompaniedMinor", "a minor came whom no parent or guardian has in custody"),),
    ),
    Process(
        id="P16", title="Adoption abroad", stands=abroad.adoptions,
        begins=(step("InitiateInternationalAdoption", "a relative or carer abroad would adopt"),),
    ),
    Process(
        id="P18", title="What consulates are asked for", stands=notices.services,
        begins=(step("RequestConsularService", "consulate first, ISS where it cannot (US-ISS-FALLBACK)"),),
    ),
)


def processes_of(case: Case, standing: Agency, now: datetime) -> list[ProcessStand]:
    """Every process with what stands in it, by number; of a closed case too: what is left open is not forgotten."""
    return [
        ProcessStand(process=process, stands=tuple(process.stands(case, standing, now))) for process in PROCESSES.values()
    ]
