"""A case in which every field of the vocabulary that somebody can tell is known, and something of each kind is asked."""
from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from uuid import UUID

from domain.agency.agreements import ConsularService
from domain.case.citizenship import ObtainCitizenshipInformation, PersonOrigin
from domain.case.consent import Capacity, GrantConsent
from domain.case.consular_service import RequestConsularService
from domain.case.court import ArrangeRemoteParticipation, Channel, EnterCourtOrder, OrderKind, ScheduleHearing
from domain.case.custody import TakeIntoCustody
from domain.case.detention import LocatedBy, LocateDetainee, ObtainANumber, ReportParentDetained
from domain.case.documents import DocumentKind, DocumentSource, RequestDocument
from domain.case.intake import AddChild, AddParty, OpenCase
from domain.case.kin import RequestHomeStudy
from domain.case.language import RequestTranslation
from domain.case.placement import PlaceChild
from domain.case.relief import CompleteReliefScreening, ReliefKind, ReliefProvider, RequestReliefScreening, ScreenedBy
from domain.case.reunification import ApproveReunificationAbroad
from domain.case.service import RequestServiceOfProcess, Route
from domain.case.trafficking import (
    Exploitation,
    FlagTraffickingConcern,
    LetterKind,
    ReceiveOtipLetter,
    SubmitOtipReferral,
)
from domain.case.unaccompanied import ReceivedBecause, ReceivedFrom, ReceiveUnaccompaniedMinor, StaffUnaccompaniedMinor
from domain.case.visits import Attendee, CoordinateBorderVisit, PlanVisit, Platform, VisitMode
from domain.disclosure.purposes import BY_RULE, Purpose
from domain.people import Address, PersonName, Role
from domain.submission import Command
from tests.specification import NOON, Scenario, an_id
from tests.unit.partners import everybody, office_of

CHILD, MOTHER, AUNT, CARER, SPONSOR = (an_id(name) for name in ("child", "mother", "aunt", "carer", "sponsor"))
EVERYBODY = (CHILD, MOTHER, AUNT, CARER, SPONSOR)
CONSENT, ORDER = an_id("consent"), an_id("order")
SOON = NOON + timedelta(days=60)


def home(street: str) -> Address:
    return Address(
        country="MX", street=street, number="7", colonia="El Molino", municipality="Bocoyna", city="Creel",
        region="Chihuahua", postal_code="33200", landmarks="junto al pozo",
    )


def party(party_id: UUID, role: Role, given_names: str) -> AddParty:
    return AddParty(
        party_id=party_id, role=role, child_ids=(CHILD,), relation=f"{role} de la niña",
        name=PersonName(given_names=given_names, surnames="Ibáñez Núñez"), birth_date=date(1990, 1, 2),
        address=home(f"Calle {given_names}"), phone="+1 505 555 0100",
    )


STORY: tuple[Command, ...] = (
    OpenCase(child_ids=(CHILD,), referral_id="R-1", allegation_class="neglect"),
    AddChild(child_id=CHILD, name=PersonName(given_names="Íñiga", surnames="Peña Ibáñez"), birth_date=date(2017, 3, 9)),
    party(MOTHER, Role.MOTHER, "Begoña"), party(AUNT, Role.RELATIVE, "Ximena"), party(CARER, Role.CARER, "Hortensia"),
    party(SPONSOR, Role.SPONSOR, "Anselmo"),
    TakeIntoCustody(child_id=CHILD, episode_id=an_id("episode")),
    ObtainCitizenshipInformation(information_id=an_id("information"), basis="interview", persons=tuple(
        PersonOrigin(
            person_id=person, nationalities=("MX",), birth_country="MX", birth_region="Chihuahua", birth_city="Creel"
        ) for person in (CHILD, MOTHER)
    )),
    ReceiveUnaccompaniedMinor(
        reception_id=an_id("reception"), child_id=CHILD, received_from=ReceivedFrom.ORR, reason=ReceivedBecause.NEGLECT
    ),
    StaffUnaccompaniedMinor(staffing_id=an_id("staffing"), child_id=CHILD, in_proceedings=True),
    PlaceChild(placement_id=an_id("placement"), child_id=CHILD, carer_id=CARER),
    ReportParentDetained(report_id=an_id("report"), party_id=MOTHER, source="aunt"),
    ObtainANumber(party_id=MOTHER, a_number="A012345678"),
    LocateDetainee(
        location_id=an_id("location"), party_id=MOTHER, facility="An Invented Facility", method=LocatedBy.FACILITY
    ),
    FlagTraffickingConcern(concern_id=an_id("concern"), child_id=CHILD, kinds=(Exploitation.LABOUR,)),
    SubmitOtipReferral(referral_id=an_id("referral"), child_id=CHILD),
    ReceiveOtipLetter(
        letter_id=an_id("letter"), child_id=CHILD, letter_kind=LetterKind.ELIGIBILITY, issued_on=date(2026, 8, 20),
        benefits_from=date(2026, 8, 20), benefits_until=date(2027, 2, 20),
    ),
    RequestReliefScreening(request_id=an_id("relief"), child_id=CHILD, provider=ReliefProvider.CONTRACT),
    CompleteReliefScreening(
        screening_id=an_id("screening"), person_id=CHILD, screened_by=ScreenedBy.ATTORNEY, attorney_id=an_id("attorney"),
        candidates=(ReliefKind.T, ReliefKind.SIJS),
    ),
    ScheduleHearing(hearing_id=an_id("hearing"), child_ids=(CHILD,), scheduled_for=SOON, kind="review"),
    ArrangeRemoteParticipation(
        arrangement_id=an_id("arrangement"), hearing_id=an_id("hearing"), party_id=MOTHER, channel=Channel.ZOOM,
        place="room 3",
    ),
    PlanVisit(
        visit_id=an_id("visit"), child_ids=(CHILD,), party_id=MOTHER, mode=VisitMode.BORDER, planned_for=SOON,
        supervised=True, place="the bridge", platform=Platform.OTHER,
    ),
    CoordinateBorderVisit(
        visit_id=an_id("visit"), port="An Invented Port", consulate="cons-mx.el-paso",
        attendees=(Attendee.CASEWORKER, Attendee.CONSULATE_REPRESENTATIVE, Attendee.CBP_OFFICERS, Attendee.CHILD),
    ),
    RequestHomeStudy(
        request_id=an_id("study"), subject_id=AUNT, child_ids=(CHILD,), address=home("Calle del Estudio"), attempt=1
    ),
    RequestServiceOfProcess(
        request_id=an_id("papers"), party_id=MOTHER, document="petition", document_dated=date(2026, 8, 14), country="MX",
        route=Route.CONSULATE, needs_translation=False,
    ),
    RequestDocument(
        request_id=an_id("document"), person_id=CHILD, doc_type=DocumentKind.BIRTH_CERTIFICATE,
        source=DocumentSource.CONSULATE, described="the long form",
    ),
    RequestTranslation(
        request_id=an_id("translation"), document_id=an_id("paper"), person_ids=(CHILD,), from_language="es",
        to_language="en",
    ),
    ApproveReunificationAbroad(plan_id=an_id("plan"), child_id=CHILD, carer_id=AUNT, country="MX"),
    RequestConsularService(
        request_id=an_id("identity"), office="cons-mx.el-paso", child_ids=(CHILD,),
        service=ConsularService.IDENTITY_CHECK,
    ),
    EnterCourtOrder(
        order_id=ORDER, child_ids=(CHILD,), party_ids=(MOTHER, AUNT, CARER, SPONSOR), kind=OrderKind.OTHER, order_ref="D-1",
        purposes=tuple(purpose for purpose in Purpose if purpose not in BY_RULE),
    ),
)
ABOUT: Mapping[Purpose, UUID] = {
    Purpose.HOME_STUDY: an_id("study"), Purpose.REUNIFICATION: an_id("plan"), Purpose.SERVICE_OF_PROCESS: an_id("papers"),
    Purpose.DOCUMENT_TRACING: an_id("document"), Purpose.IDENTITY_CHECK: an_id("identity"),
    Purpose.HEARING_LOGISTICS: an_id("hearing"), Purpose.COURT_ATTENDANCE: an_id("hearing"),
    Purpose.ARRANGE_VISIT: an_id("visit"), Purpose.BORDER_VISIT: an_id("visit"), Purpose.LOCATE_PARENT: an_id("report"),
    Purpose.CONTACT_PARENT: an_id("report"), Purpose.ADVOCATE_RELEASE: an_id("report"),
    Purpose.TRAFFICKING_REPORT: an_id("concern"), Purpose.TRAFFICKING_NOTICE: an_id("concern"),
    Purpose.SCREENING_REFERRAL: an_id("concern"), Purpose.RELIEF_SCREENING: an_id("relief"),
    Purpose.COURT_REPORT: an_id("hearing"), Purpose.TRANSLATION: an_id("translation"), Purpose.CARE: an_id("placement"),
}


@cache
def whole_case() -> Scenario:
    return Scenario(standing=everybody()).given(*STORY)


def parents_consent(*persons: UUID, purposes: tuple[Purpose, ...] = (), **changes: object) -> GrantConsent:
    """The mother consents for herself and her child, to ISS alone unless told otherwise."""
    wish: dict[str, object] = {
        "consent_id": CONSENT, "given_by": MOTHER, "capacity": Capacity.PARENT, "person_ids": persons or (MOTHER, CHILD),
        "purposes": purposes or tuple(set(Purpose) - BY_RULE), "offices": (office_of("ISS"),), "language": "es",
        "text_version": "consent-2026-1", **changes,
    }
    return GrantConsent(**wish)  # type: ignore[arg-type]
