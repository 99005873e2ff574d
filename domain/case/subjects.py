"""What in a case each purpose is about, and so which compartments an engagement for it rests on."""
from __future__ import annotations

from collections.abc import Mapping

from domain.case.adoption import InternationalAdoptionInitiated
from domain.case.clearance import InternationalHomeClearanceRequested
from domain.case.consular_service import ConsularServiceRequested
from domain.case.court import HearingScheduled
from domain.case.detention import ParentReportedDetained
from domain.case.documents import DocumentRequested
from domain.case.kin import DifHomeStudyRequested, IssHomeStudyRequested
from domain.case.language import TranslationRequested
from domain.case.participation import ParentalInterestCoordinatorContacted
from domain.case.placement import PlacementMade
from domain.case.relief import ReliefScreeningRequested
from domain.case.repatriation import RepatriationToUsRequested
from domain.case.reunification import ReunificationPlanAbroadApproved
from domain.case.service import ServiceOfProcessRequested
from domain.case.trafficking import TraffickingConcernFlagged
from domain.case.trafficking_notices import AvanzarReferralMade
from domain.case.visits import VisitPlanned
from domain.disclosure.purposes import Purpose
from domain.events import Boxed, Compartment, Event, fields_of

ABOUT: Mapping[Purpose, tuple[type[Event], ...]] = {
    Purpose.HOME_STUDY: (
        IssHomeStudyRequested, DifHomeStudyRequested, InternationalHomeClearanceRequested, ConsularServiceRequested,
    ),
    Purpose.REUNIFICATION: (
        ReunificationPlanAbroadApproved, InternationalAdoptionInitiated, RepatriationToUsRequested,
        ConsularServiceRequested,
    ),
    Purpose.SERVICE_OF_PROCESS: (ServiceOfProcessRequested,),
    Purpose.DOCUMENT_TRACING: (DocumentRequested,),
    Purpose.IDENTITY_CHECK: (ConsularServiceRequested,),
    Purpose.HEARING_LOGISTICS: (HearingScheduled,),
    Purpose.COURT_ATTENDANCE: (HearingScheduled,),
    Purpose.ARRANGE_VISIT: (VisitPlanned,),
    Purpose.BORDER_VISIT: (VisitPlanned,),
    Purpose.LOCATE_PARENT: (ParentReportedDetained, ParentalInterestCoordinatorContacted),
    Purpose.CONTACT_PARENT: (ParentReportedDetained, ParentalInterestCoordinatorContacted),
    Purpose.ADVOCATE_RELEASE: (ParentReportedDetained, ParentalInterestCoordinatorContacted),
    Purpose.TRAFFICKING_REPORT: (TraffickingConcernFlagged,),
    Purpose.TRAFFICKING_NOTICE: (TraffickingConcernFlagged,),
    Purpose.SCREENING_REFERRAL: (AvanzarReferralMade, TraffickingConcernFlagged),
    Purpose.RELIEF_SCREENING: (ReliefScreeningRequested,),
    Purpose.COURT_REPORT: (HearingScheduled,),
    Purpose.TRANSLATION: (TranslationRequested,),
    Purpose.CARE: (PlacementMade,),
}
"""What in the case each purpose is about; `about` names it by its own id."""


def rests_on(purpose: Purpose) -> frozenset[Compartment]:
    """Whoever learns of a person learns who they are; and what a purpose is about is boxed as its events declare it."""
    declared = (declaration for kind in ABOUT.get(purpose, ()) for declaration in fields_of(kind).values())
    return frozenset({Compartment.IDENTITY, *(one.compartment for one in declared if isinstance(one, Boxed))})
