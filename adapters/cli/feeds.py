"""`feed`: what an office was given, entry by entry."""
from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli.console import (
    REFUSED,
    AsJson,
    end,
    heading,
    installation,
    say,
    tell_json,
)

if TYPE_CHECKING:
    from adapters.composition import Casebridge
    from domain.events import Envelope

PAGE = 200
FOLLOW_SECONDS = 1.0
LETTER_RULE = "-" * 72


def feed(
    ctx: typer.Context,
    office: Annotated[str, typer.Argument(metavar="OFFICE", help="The office's code, such as cons-mx.el-paso.")],
    after: Annotated[int, typer.Option(metavar="N", min=0, help="Only entries with a higher number.")] = 0,
    follow: Annotated[bool, typer.Option("--follow", help="Go on as entries come; Ctrl-C ends it.")] = False,
    as_json: AsJson = False,
) -> None:
    """What an office was given, entry by entry: when, for what, which fields, and the letter as it reads.

    The fields are named; their values stand only in the letter. A letter whose key is withheld is not shown. Times are
    those of the office's zone. What proved untrue since it was given is said, while the entry stands.

    Example: casebridge feed cons-mx.el-paso --after 1
    Next: `casebridge case timeline CASE` shows the receipt that came back.
    """
    with installation(ctx) as casebridge:
        if not _is_listed(casebridge, office):
            raise end(REFUSED, f"no agency lists an office {office}: `casebridge partner list` lists them")
        number = after
        try:
            while True:
                for envelope in _entries(casebridge, office, number):
                    entry = _entry(casebridge, envelope)
                    number = envelope.version
                    if as_json:
                        tell_json(entry)
                    else:
                        _print(entry, _zone(casebridge, envelope))
                if not follow:
                    break
                casebridge.log.wait(after=casebridge.log.head().position, timeout_seconds=FOLLOW_SECONDS)
        except KeyboardInterrupt:
            pass
    if number == after and not as_json and not follow:
        say(f"{office} was given nothing{f' after number {after}' if after else ''}")


def _zone(casebridge: Casebridge, entry: Envelope) -> str:
    """Where the office is that an entry was written for; the agency's where the directory no longer has it."""
    told: Any = entry.event
    agency = casebridge.backbone.agency(entry.circumstances.agency)
    office = agency.offices.get(told.office)
    return office.zone if office is not None else agency.zone


def _is_listed(casebridge: Casebridge, office: str) -> bool:
    agencies = (stream.removeprefix("agency-") for stream, _ in casebridge.log.streams("agency-"))
    return any(office in casebridge.backbone.agency(code).offices for code in agencies)


def _entries(casebridge: Casebridge, office: str, after: int) -> Iterator[Envelope]:
    while rows := casebridge.log.read_stream(f"feed-{office}", after=after, limit=PAGE):
        for row in rows:
            yield casebridge.codec.decode(row)
        after = rows[-1].version


def _entry(casebridge: Casebridge, envelope: Envelope) -> dict[str, Any]:
    """An entry with its letter; `letter` is None where it has none, or where its key is withheld."""
    from domain.disclosure.events import Disclosed, Held, Released, Withdrawn

    told: Any = envelope.event
    entry: dict[str, Any] = {
        "office": told.office, "number": told.number, "at": envelope.circumstances.occurred_at.isoformat(),
        "case": str(told.case_id), "what": type(told).__name__,
    }
    match told:
        case Disclosed():
            entry |= {
                "purpose": told.purpose.value, "basis": told.basis, "rules": list(told.rule_ids),
                "fields": list(dict.fromkeys(source.path for source in told.fields)), "refers_to": None,
                "case_reference": told.case_reference, "digest": told.digest, "contract_digest": told.contract_digest,
                "schema_fingerprint": told.schema_fingerprint, "renderer": told.renderer,
            }
        case Withdrawn():
            entry |= {
                "purpose": "recall", "fields": [], "refers_to": told.withdraws, "case_reference": told.case_reference,
                "digest": told.digest, "schema_fingerprint": told.schema_fingerprint, "renderer": told.renderer,
            }
        case Held() | Released():
            entry |= {"fields": [], "refers_to": told.holds if isinstance(told, Held) else told.releases}
    stage, receipt_at = _delivery(casebridge, told.office, told.number)
    return entry | {"stage": stage, "staged_at": receipt_at, "letter": letter_of(casebridge, envelope),
                    "corrected_since": list(_corrected(casebridge, envelope))}


def _corrected(casebridge: Casebridge, envelope: Envelope) -> tuple[str, ...]:
    from adapters.reading.feeds import corrected_since, withdrawn_numbers
    from domain.disclosure.events import Disclosed

    entry = envelope.event
    if not isinstance(entry, Disclosed):
        return ()
    later = _entries(casebridge, entry.office, entry.number)
    return () if entry.number in withdrawn_numbers(later) else corrected_since(casebridge, entry)


def _delivery(casebridge: Casebridge, office: str, number: int) -> tuple[str, str | None]:
    """The last stage of an entry's delivery, in words, and when that was."""
    stages = casebridge.backbone.envelopes(f"delivery-{office}-{number}")
    if not stages:
        return "waiting", None
    last = stages[-1]
    name = type(last.event).__name__
    return STAGES.get(name, name), last.circumstances.occurred_at.isoformat()


STAGES = {
    "HandOverStarted": "started", "HandedOver": "handed over", "HandOverFailed": "failed", "HandOverDoubted": "in doubt",
    "DeliveryHeldBack": "held back", "DeliveryLetGo": "let go", "DeliveryStopped": "stopped",
}


def letter_of(casebridge: Casebridge, envelope: Envelope) -> str | None:
    from domain.disclosure.contract import Purpose
    from domain.disclosure.events import Disclosed, Withdrawn
    from domain.disclosure.letter import letter
    from domain.disclosure.rendering import Unrenderable

    told, circumstances = envelope.event, envelope.circumstances
    if not isinstance(told, Disclosed | Withdrawn):
        return None
    try:
        record = casebridge.rendering().render(envelope).record
    except Unrenderable:
        return None
    office = casebridge.backbone.agency(circumstances.agency).offices.get(told.office)
    purpose = told.purpose if isinstance(told, Disclosed) else Purpose.RECALL
    name = office.name if office is not None else told.office
    return letter(record, purpose, name, circumstances.agency, circumstances.occurred_at.date())


FIELDS = {"handed over": "fields given", "in doubt": "fields that may have been given", "stopped": "fields not given"}


def _print(entry: dict[str, Any], zone: str) -> None:
    from adapters.reading.words import moment

    def local(at: str) -> str:
        return moment(datetime.fromisoformat(at), zone)

    about = f", about number {entry['refers_to']}" if entry.get("refers_to") else ""
    heading(f"{entry['office']} number {entry['number']}: {entry['what']}{about}")
    say(f"{local(entry['at'])} ({zone}), for {str(entry.get('purpose', 'its place in the feed')).replace('_', ' ')}, "
        f"case {entry['case']}; delivery {entry['stage']}"
        + (f" {local(entry['staged_at'])}" if entry["staged_at"] else ""))
    say(f"{FIELDS.get(entry['stage'], 'fields to be given')}: {', '.join(entry['fields']) or 'none'}")
    if entry["corrected_since"]:
        say(f"untrue since a correction: {', '.join(entry['corrected_since'])}")
    if entry["letter"] is not None:
        say(f"{LETTER_RULE}\n{entry['letter']}{LETTER_RULE}\n")
    elif "digest" in entry:
        say("the letter is (withheld): a key that it rests on is not available\n")
