"""`partner list` and `partner kit`: where the offices stand, and what an office's engineer is given to begin with."""
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from adapters.cli.console import (
    REFUSED,
    USAGE,
    AgencyCode,
    AsJson,
    agency_of,
    end,
    installation,
    say,
    table,
    tell_json,
)
from adapters.cli.partners import OfficeCode
from adapters.cli.plain import plain

if TYPE_CHECKING:
    from domain.agency.state import Agency, Office
    from domain.disclosure.contract import Contract


def list_(ctx: typer.Context, agency: AgencyCode = None, as_json: AsJson = False) -> None:
    """The offices of the directory: kind, stage, channel, since when, and why where one is suspended.

    Example: casebridge partner list
    Next: `casebridge partner show OFFICE` shows one whole; `casebridge partner kit OFFICE FOLDER` is for its engineer.
    """
    from adapters.reading.offices import stages_since

    with installation(ctx) as casebridge:
        standing = agency_of(casebridge, agency)
        since = stages_since(casebridge.backbone.envelopes(f"agency-{standing.code}"))
        offices = [(office, since[office.office]) for office in standing.offices.values()]
    if as_json:
        tell_json({"agency": standing.code, "offices": [
            {"office": office.office, "recipient_kind": office.recipient_kind, "stage": office.stage.value,
             "channel": office.channel, "since": plain(began), "reason": office.suspended_for} for office, began in offices
        ]})
    elif not offices:
        say(f"{standing.code} lists no office yet: `casebridge partner add` enters one")
    else:
        table(("office", "kind", "stage", "since", "channel", "why"), [
            (office.office, office.recipient_kind, office.stage.value,
             f"{began.astimezone(ZoneInfo(standing.zone)):%a %d %b %Y %H:%M %Z}", office.channel, office.suspended_for or "")
            for office, began in offices
        ])


def kit(
    ctx: typer.Context,
    office: OfficeCode,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", file_okay=False, help="Where it goes; empty, or made.")],
    agency: AgencyCode = None,
    as_json: AsJson = False,
) -> None:
    """Write what an office's engineer needs, and no secret: documents, schemas, samples, and the names of its feed.

    That is the manual in English and Spanish and the AsyncAPI document of the contract that the agency has adopted for its
    kind, or else of the shipped one; every schema by which an entry may come; a consumer for Kafka, a script for HTTP and a
    receiver of webhooks.

    Example: casebridge partner kit cons-mx.el-paso kit
    Next: bring the office its secret in another way: `casebridge partner show OFFICE --secret`; then `partner rehearse`.
    """
    if folder.exists() and any(folder.iterdir()):
        raise end(USAGE, f"{folder} is not empty: name another folder, so that nothing in it is out of date")
    with installation(ctx) as casebridge:
        standing = agency_of(casebridge, agency)
        known = standing.offices.get(office)
        if known is None:
            raise end(REFUSED, f"{standing.code} lists no office {office}: `casebridge partner list` lists them")
        kafka = casebridge.kafka() if known.channel == "kafka" else None
        if known.channel == "kafka" and kafka is None:
            raise end(USAGE, "no brokers are named: set CASEBRIDGE_KAFKA to host:port")
        contract, *earlier = _contracts(standing, known)
    if contract.denied is not None:
        raise end(REFUSED, f"nothing is given to an office of kind {known.recipient_kind}: {contract.denied}")
    from adapters.partners.kit import kit as made

    files = made(known, contract, earlier, kafka)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    if as_json:
        tell_json({"office": office, "folder": str(folder), "files": sorted(files)})
    else:
        say(f"{len(files)} files written to {folder}: begin with README.md. The office's secret is not among them.")


def _contracts(agency: Agency, office: Office) -> list[Contract]:
    """The contract that holds for an office's kind, or will when it is adopted; then those that held before."""
    from adapters.contract_texts import find
    from domain.disclosure.contract import parse_contract
    from domain.disclosure.kinds import kind_of

    kinds = {office.recipient_kind, kind_of(office.recipient_kind)}
    before = [parse_contract(adoption.text, adoption.digest) for adoption in agency.contracts if adoption.id in kinds]
    now = agency.contract_for(office.recipient_kind) or find(kind_of(office.recipient_kind), None).contract()
    return [now, *before]
