"""What happens in a family: for each tracked rule a scene that raises it, a near miss, and what nobody knows."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from domain.case.citizenship import ObtainCitizenshipInformation
from domain.case.consular import InformImmigrationUnit
from domain.case.court import ArrangeRemoteParticipation, Channel, ScheduleHearing
from domain.case.custody import PlanCustody, TakeIntoCustody
from domain.case.intake import AddChild, AddParty, OpenCase
from domain.case.language import (
    AssignInterpreter,
    DeterminePreferredLanguage,
    InterpreterKind,
    InterpretingMode,
    LanguageMethod,
)
from domain.case.petitions import FileSijsPetition, IdentifySijsEligibility
from domain.case.relatives import IdentifyRelative
from domain.case.relief import (
    CompleteReliefScreening,
    ReliefKind,
    ReliefProvider,
    RequestReliefScreening,
    ScreenedBy,
)
from domain.case.reunification_time import StartReunificationClock
from domain.case.screening import CompleteTraffickingScreening, ScreeningOutcome, ScreeningTool
from domain.case.trafficking import Exploitation, FlagTraffickingConcern, SubmitOtipReferral
from domain.case.trafficking_notices import (
    AvanzarPurpose,
    CrossReportToLawEnforcement,
    HotlineNumber,
    NotifyProsecutorLiaison,
    NotifyTaskForce,
    NotifyTraffickingHotline,
    NotifyTraffickingUnit,
    ReferToAvanzar,
)
from domain.case.unaccompanied import ReceivedBecause, ReceivedFrom, ReceiveUnaccompaniedMinor
from domain.people import Address, Role
from domain.policy.facts import MissingFact
from domain.submission import Command
from tests.specification import an_id
from tests.unit.people import from_country, obtain

KID, MOTHER, FATHER, AUNT = an_id("kid"), an_id("kid's mother"), an_id("kid's father"), an_id("kid's aunt")
ORIGIN, BIRTH_DATE = MissingFact.ORIGIN, MissingFact.BIRTH_DATE
LANGUAGE, RESIDENCE, COURT = MissingFact.LANGUAGE, MissingFact.RESIDENCE, MissingFact.COURT
Commands = tuple[Command, ...]

# ------------------------------------------------------------------ what happens
opened = OpenCase(child_ids=(KID,), referral_id="R-7")
kid_of_nine = AddChild(child_id=KID, birth_date=date(2017, 3, 9))
kid_of_twelve = AddChild(child_id=KID, birth_date=date(2014, 8, 13))
kid_without_a_birthday = AddChild(child_id=KID)
taken = TakeIntoCustody(child_id=KID, episode_id=an_id("kid's episode"))
planned = PlanCustody(plan_id=an_id("kid's plan"), child_id=KID, decided_by="supervisor-1")
informed = InformImmigrationUnit(child_ids=(KID,), unit="the unit")
flagged = FlagTraffickingConcern(concern_id=an_id("concern"), child_id=KID, kinds=(Exploitation.LABOUR,))
hearing = ScheduleHearing(
    hearing_id=an_id("kid's hearing"), child_ids=(KID,), scheduled_for=datetime(2026, 10, 1, 15, tzinfo=UTC)
)
received = ReceiveUnaccompaniedMinor(
    reception_id=an_id("reception"), child_id=KID, received_from=ReceivedFrom.ORR, reason=ReceivedBecause.SPONSOR_BREAKDOWN
)
eligible = IdentifySijsEligibility(finding_id=an_id("finding"), child_id=KID, basis_ref="memo 4")
may_qualify = CompleteReliefScreening(
    screening_id=an_id("relief"), person_id=KID, screened_by=ScreenedBy.ATTORNEY, attorney_id=an_id("counsel"),
    candidates=(ReliefKind.SIJS,),
)


def parent(party: Role, country: str | None = None) -> AddParty:
    """A parent, with the country of their address where it is known."""
    address = None if country is None else Address(
        country=country, street="Calle 4", number="7", colonia=None, municipality=None, city="Xela", region=None,
        postal_code=None, landmarks=None,
    )
    person = MOTHER if party is Role.MOTHER else FATHER
    return AddParty(party_id=person, role=party, child_ids=(KID,), address=address)


def family(child: AddChild = kid_of_nine, mother: str | None = None, father: str | None = None) -> Commands:
    return opened, child, parent(Role.MOTHER, mother), parent(Role.FATHER, father)


def origins(kid: str, mother: str = "US", father: str = "US") -> ObtainCitizenshipInformation:
    return obtain(from_country(KID, kid), from_country(MOTHER, mother), from_country(FATHER, father), id="origins")


def speaks(*languages: str) -> Commands:
    """Mother and father say in which language they want to be spoken to."""
    return tuple(
        DeterminePreferredLanguage(
            determination_id=an_id(f"language {number}"), person_id=person, language=language, method=LanguageMethod.ASKED
        )
        for number, (person, language) in enumerate(zip((MOTHER, FATHER), languages, strict=True))
    )


def screened(tool: ScreeningTool = ScreeningTool.INTERNAL, outcome: ScreeningOutcome = ScreeningOutcome.CLEAR) -> Command:
    return CompleteTraffickingScreening(
        screening_id=an_id(f"screening {tool}"), child_id=KID, tool=tool, outcome=outcome,
    )


def told(line: HotlineNumber) -> Command:
    return NotifyTraffickingHotline(notice_id=an_id(f"hotline {line}"), child_id=KID, line=line)


def avanzar(purpose: AvanzarPurpose) -> Command:
    return ReferToAvanzar(referral_id=an_id(f"avanzar {purpose}"), child_id=KID, purpose=purpose)


referred = SubmitOtipReferral(referral_id=an_id("otip"), child_id=KID)
unit_told = NotifyTraffickingUnit(notice_id=an_id("unit told"), child_id=KID, unit="CSEC unit")
interpreted = AssignInterpreter(
    assignment_id=an_id("interpreter"), person_id=MOTHER, language="es", interpreter_kind=InterpreterKind.CONTRACTOR,
    mode=InterpretingMode.PHONE,
)


# ------------------------------------------------------------------ the table
@dataclass(frozen=True, kw_only=True)
class Scene:
    """`unknown` has, for every fact that the rule's trigger reads, a scene in which nobody knows it.

    `met` are the acts after which none of the rule's duties is open; a notice to a consulate has tests of its own.
    """

    raises: Commands
    misses: Commands
    unknown: Mapping[MissingFact, Commands] = field(default_factory=dict)
    met: Commands = ()


def in_custody(met: Command) -> Scene:
    return Scene(raises=(*family(), taken), misses=family(), met=(met,))


def on_referral(tool: ScreeningTool) -> Scene:
    return Scene(raises=(opened, kid_of_nine), misses=(opened,), met=(screened(tool),))


def on_suspicion(*met: Command) -> Scene:
    return Scene(raises=(*family(), flagged), misses=(*family(), screened()), met=met)


def of_noncitizen(*met: Command) -> Scene:
    return Scene(
        raises=(*family(), flagged, origins("GT")), misses=(*family(), flagged, origins("US", "GT", "GT")),
        unknown={ORIGIN: (*family(), flagged)}, met=met,
    )


of_noncitizen_minor = Scene(
    raises=(*family(), origins("GT"), flagged), misses=(*family(), flagged, origins("US", "GT", "GT")),
    unknown={
        ORIGIN: (*family(), flagged), BIRTH_DATE: (*family(kid_without_a_birthday), origins("GT"), flagged),
    }, met=(referred,),
)
in_custody_unknown: Mapping[MissingFact, Commands] = {ORIGIN: (*family(), taken)}


def of_immigrants(met: Command) -> Scene:
    return Scene(
        raises=(*family(), taken, origins("US", "GT")), misses=(*family(), taken, origins("US")),
        unknown=in_custody_unknown, met=(met,),
    )


def of_origin(yes: ObtainCitizenshipInformation, no: ObtainCitizenshipInformation, *met: Command) -> Scene:
    return Scene(raises=(*family(), taken, yes), misses=(*family(), taken, no), unknown=in_custody_unknown, met=met)


INTERNAL = ScreeningTool.INTERNAL
SCENES: Mapping[str, Scene] = {
    "US-CONSULATE-VCCR": of_origin(origins("GT"), origins("US", "GT")),
    "US-CONSULATE-MX-ART6": of_origin(origins("MX"), origins("GT", "MX")),
    "US-TRAFFICK-SCREEN": in_custody(screened()),
    "US-OTIP-REFER": of_noncitizen_minor,
    "US-LANG-PREFERRED": Scene(
        raises=(*family(), taken, *speaks("es", "en")), misses=(*family(), taken, *speaks("en", "en")),
        unknown={LANGUAGE: (*family(), taken)}, met=(interpreted,),
    ),
    "US-COURT-ABROAD": Scene(
        raises=(*family(mother="GT", father="US"), hearing, taken),
        misses=(*family(mother="US", father="US"), hearing, taken),
        unknown={RESIDENCE: (*family(father="US"), taken)}, met=(ArrangeRemoteParticipation(
            arrangement_id=an_id("arranged"), hearing_id=hearing.hearing_id, party_id=MOTHER, channel=Channel.PHONE,
        ),),
    ),
    "CA-SB1064-EFFORTS": of_immigrants(StartReunificationClock(
        clock_id=an_id("clock"), child_id=KID, start=date(2026, 8, 13)
    )),
    "CA-SB1064-KIN": in_custody(IdentifyRelative(
        identification_id=an_id("aunt found"), party_id=MOTHER, relation="aunt",
    )),
    "CA-SB1064-RELIEF": of_immigrants(RequestReliefScreening(
        request_id=an_id("relief asked"), child_id=KID, provider=ReliefProvider.PRO_BONO
    )),
    "LAC-TRAFFICK-CSEC": in_custody(unit_told),
    "SDC-CONSULATE-ILO": Scene(
        raises=(*family(), taken, hearing, origins("US", "GT")), misses=(*family(), taken, hearing, origins("US")),
        unknown={ORIGIN: (*family(), taken, hearing), COURT: (*family(), taken, origins("US", "GT"))}, met=(informed,),
    ),
    "SDC-CONSULATE-FORM": Scene(
        raises=(*family(), taken, hearing, origins("US", "GT"), informed),
        misses=(*family(), taken, hearing, origins("US", "GT")),
        unknown={
            ORIGIN: (*family(), taken, hearing, informed), COURT: (*family(), taken, origins("US", "GT"), informed),
        },
    ),
    "SDC-TRAFFICK-CSEIT-12": Scene(
        raises=(*family(kid_of_twelve), taken), misses=(*family(kid_of_nine), taken),
        unknown={BIRTH_DATE: (*family(kid_without_a_birthday), taken)}, met=(screened(ScreeningTool.CSE_IT),),
    ),
    "SDC-TRAFFICK-INTERVIEW": in_custody(screened()),
    "SDC-TRAFFICK-TF": on_suspicion(NotifyTaskForce(notice_id=an_id("force"), child_id=KID)),
    "SCC-TRAFFICK-CSEC": in_custody(unit_told),
    "NJ-CONSULATE-INFORM": Scene(
        raises=(*family(), planned, origins("GT")), misses=(*family(), planned, origins("US", "GT")),
        unknown={ORIGIN: (*family(), planned)}, met=(informed,),
    ),
    "NJ-CONSULATE-SEND": Scene(
        raises=(*family(), planned, informed, origins("GT")), misses=(*family(), planned, origins("GT")),
        unknown={ORIGIN: (*family(), planned, informed)},
    ),
    "NJ-CONSULATE-TWO-NAT": Scene(
        raises=(*family(), planned, origins("HN", "HN", "SV")), misses=(*family(), taken, origins("US", "HN", "SV")),
        unknown={ORIGIN: (*family(), planned)},
    ),
    "NJ-TRAFFICK-CALLS": on_referral(ScreeningTool.HOTLINE),
    "NJ-TRAFFICK-RHTAT": on_referral(ScreeningTool.RHTAT),
    "NJ-TRAFFICK-AVANZAR-CSEIT": in_custody(avanzar(AvanzarPurpose.SCREENING)),
    "NJ-TRAFFICK-HOTLINES": on_suspicion(told(HotlineNumber.NJ_STATE), told(HotlineNumber.POLARIS)),
    "NJ-TRAFFICK-PROSECUTOR": on_suspicion(NotifyProsecutorLiaison(
        notice_id=an_id("prosecutor"), child_id=KID, county="Essex"
    )),
    "NJ-TRAFFICK-AVANZAR": on_suspicion(avanzar(AvanzarPurpose.SERVICES)),
    "NM-CONSULATE-INFORM": of_origin(origins("US", "GT"), origins("US"), informed),
    "NM-CONSULATE-MX-24H": of_origin(origins("US", "MX"), origins("US", "GT")),
    "NM-CONSULATE-OTHER-5WD": of_origin(origins("US", "GT"), origins("US", "MX")),
    "NM-CONSULATE-USC-BOTH": Scene(
        raises=(*family(), taken, origins("US", "GT", "MX")), misses=(*family(), taken, origins("US", "GT")),
        unknown=in_custody_unknown,
    ),
    "NM-CONSULATE-USC-ONE": Scene(
        raises=(*family(), taken, origins("US", "GT")), misses=(*family(), taken, origins("US", "GT", "MX")),
        unknown=in_custody_unknown,
    ),
    "NM-CONSULATE-DATA": Scene(
        raises=(*family(), taken, origins("GT")), misses=(*family(), taken, origins("US")),
    ),
    "NM-SIJS-FILE": Scene(
        raises=(*family(), eligible), misses=(*family(), may_qualify),
        met=(FileSijsPetition(petition_id=an_id("petition"), child_id=KID),),
    ),
    "NM-TRAFFICK-INITIAL": on_referral(INTERNAL),
    "NM-TRAFFICK-UNIT": of_noncitizen(informed),
    "NM-TRAFFICK-10Q": Scene(
        raises=(*family(), flagged, origins("GT"), informed), misses=(*family(), informed, flagged, origins("GT")),
        unknown={ORIGIN: (*family(), flagged, informed)}, met=(screened(ScreeningTool.NM_10),),
    ),
    "NM-TRAFFICK-REPORT": of_noncitizen_minor,
    "NM-UC-IMMEDIATE": Scene(
        raises=(*family(), received, origins("HN")), misses=(*family(), received, origins("US")),
        unknown={ORIGIN: (*family(), received)}, met=(informed,),
    ),
    "NYC-TRAFFICK-UNIT": on_suspicion(unit_told),
    "OR-CONSULATE-MX-PARENT": of_origin(origins("US", "MX"), origins("US", "GT")),
    "OR-TRAFFICK-TOOL": on_referral(ScreeningTool.OR_FAMILY),
    "OR-TRAFFICK-LE": on_suspicion(CrossReportToLawEnforcement(
        notice_id=an_id("police"), child_id=KID, agency="county sheriff"
    )),
}
