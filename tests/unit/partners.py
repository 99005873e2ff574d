"""New Mexico's agency with every contract that comes along, and one live office of each kind."""
from __future__ import annotations

from functools import cache
from uuid import UUID

from domain.agency import decide as agency_decide
from domain.agency.agreements import ConsularService, Jurisdiction, MouStatus, RecordMouStatus
from domain.agency.state import Agency
from domain.agency.state import evolve as evolve_agency
from domain.disclosure.kinds import COLUMNS, SENT_TO
from domain.submission import Command, envelopes
from tests.specification import NOON, ROOT, an_id, new_mexico, submission

MEXICO = an_id("agreement with Mexico")
CONTRACTS = ROOT / "domain" / "contracts"


def office_of(kind: str) -> str:
    return {"CONS-MX": "cons-mx.el-paso"}.get(kind, f"{kind.lower()}.office")


def latest(kind: str) -> str:
    """The last version of the contract for a kind, as it comes along."""
    return max(CONTRACTS.glob(f"{kind.lower()}.v*.toml"), key=lambda path: path.name).read_text(encoding="utf-8")


def having(agency: Agency, *commands: Command) -> Agency:
    """The agency after these commands of its own."""
    for number, command in enumerate(commands):
        made = submission(command, at=NOON, standing=agency, number=-1_000 - agency.version - number, case_id=None)
        recordings = agency_decide.DECIDES[type(command)](made, agency)
        for envelope in envelopes(made, recordings, stream=f"agency-{agency.code}", after=agency.version):
            agency = evolve_agency(agency, envelope)
    return agency


def listed(kind: str, *, place: str = "NM", country: str | None = None) -> tuple[Command, ...]:
    office = office_of(kind)
    return (
        agency_decide.ListOffice(
            office=office, recipient_kind=kind, name=f"Office of {kind}", country=country, zone="America/Denver",
            serves=(place,), channel="webhook", address="https://office.example/feed",
        ),
        agency_decide.PutOfficeLive(office=office, second_person="counsel-1"),
    )


def signed(change_id: UUID = MEXICO, *services: ConsularService) -> Command:
    return RecordMouStatus(
        change_id=change_id, jurisdiction=Jurisdiction.NM, country="MX", status=MouStatus.SIGNED,
        services=services or tuple(ConsularService),
    )


@cache
def everybody() -> Agency:
    """New Mexico, its agreement with Mexico, and everybody to whom something may be sent."""
    kinds = sorted(SENT_TO)
    adopt = [agency_decide.AdoptContract(text=latest(kind), second_person="counsel-1") for kind in kinds]
    offices = [one for kind in COLUMNS if kind not in {"CONS-MX", "CONS-xx", "DHS-ENF"} for one in listed(kind)]
    return having(new_mexico(), *adopt, *offices, signed())
