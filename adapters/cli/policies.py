"""`policy`: packs, calendars and contracts, as an agency adopted them."""
from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from adapters.cli.console import (
    REFUSED,
    AgencyCode,
    AgencyNeeded,
    AsJson,
    actor,
    agency_of,
    end,
    heading,
    installation,
    principal,
    say,
    table,
    tell_json,
)

if TYPE_CHECKING:
    from domain.agency.state import Adoption, Agency

app = typer.Typer(name="policy", no_args_is_help=True, help="Rules, calendars and contracts: list, read, adopt.")
KINDS = {"pack": "AdoptPack", "calendar": "AdoptCalendar", "contract": "AdoptContract"}
FILE_BYTES_MAX = 200_000


@app.command("list")
def list_(ctx: typer.Context, agency: AgencyCode = None, as_json: AsJson = False) -> None:
    """What the agency has adopted: every text, since when it counts, and whether counsel has confirmed it.

    Example: casebridge policy list
    Next: `casebridge policy show ID` prints one as people read it.
    """
    with installation(ctx) as casebridge:
        standing = agency_of(casebridge, agency)
    rows = [
        {"kind": kind, "id": adoption.id, "digest": adoption.digest, "effective_at": adoption.effective_at.isoformat(),
         "in_force": adoption is _latest(standing, kind, adoption.id), "as_reported": _as_reported(kind, adoption)}
        for kind, adoption in _adoptions(standing)
    ]
    if as_json:
        tell_json({"agency": standing.code, "adopted": rows})
        return
    table(("kind", "id", "counts from", "in force", "digest", "note"), [
        (row["kind"], row["id"], row["effective_at"], "yes" if row["in_force"] else "no, replaced", str(row["digest"])[:12],
         row["as_reported"] or "") for row in rows
    ])


@app.command()
def show(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(metavar="ID", help="Id of a pack or calendar, or the recipient kind of a contract.")],
    agency: AgencyCode = None,
    text: Annotated[bool, typer.Option("--text", help="The adopted text itself, byte for byte.")] = False,
    as_json: AsJson = False,
) -> None:
    """An adopted pack, calendar or contract, as people read it.

    Example: casebridge policy show NM
    Next: `casebridge due` shows what these rules ask for; `casebridge policy adopt FILE` brings a new text.
    """
    with installation(ctx) as casebridge:
        standing = agency_of(casebridge, agency)
    found = [(kind, adoption) for kind in KINDS if (adoption := _latest(standing, kind, id)) is not None]
    if not found:
        known = ", ".join(sorted({adoption.id for _, adoption in _adoptions(standing)}))
        raise end(REFUSED, f"{standing.code} has adopted nothing called {id}; it has {known or 'nothing'}")
    if as_json:
        tell_json([_document(kind, adoption) for kind, adoption in found])
        return
    for kind, adoption in found:
        if text:
            print(adoption.text, end="")
        else:
            heading(f"{kind.capitalize()} {adoption.id}, adopted, counts from {adoption.effective_at.isoformat()}")
            say("\n".join(WORDS[kind](adoption)) + "\n")


@app.command()
def adopt(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A pack, calendar or contract.")],
    second_person: Annotated[str, typer.Option("--second-person", metavar="USER", help="Who else confirms it.")],
    agency: AgencyNeeded,
    user: Annotated[str | None, typer.Option("--as", metavar="USER", help="Who adopts it, if not you.")] = None,
    as_json: AsJson = False,
) -> None:
    """Adopt a pack, a calendar or a contract; it counts from now on. The file says which it is.

    Example: casebridge policy adopt domain/packs/NM.toml --second-person counsel-1 --agency NM-CYFD
    Next: `casebridge policy show ID` prints it as people read it.
    """
    content = file.read_bytes()
    kind = _kind(content, file)
    with installation(ctx, new=True) as casebridge:
        outcome = casebridge.backbone.submit({
            "command": KINDS[kind], "command_id": str(uuid4()), "agency": agency,
            "actor": actor(agency, "policy officer", user), "occurred_at": casebridge.clock.now().isoformat(),
            "data": {"text": content.decode(), "second_person": second_person},
        }, principal=principal())
    if outcome.status == "refused":
        raise end(REFUSED, f"{outcome.because} (field {outcome.field}) [{outcome.rule}]")
    if as_json:
        tell_json({"kind": kind, "adopted": bool(outcome.events), "stream": outcome.stream, "position": outcome.last})
    else:
        say(f"{agency} {'has adopted this' if outcome.events else 'had adopted before, so nothing is new: this'} {kind}")


def _kind(content: bytes, file: Path) -> str:
    try:
        if len(content) > FILE_BYTES_MAX:
            raise end(REFUSED, f"{file} is longer than {FILE_BYTES_MAX:,} bytes")
        top = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise end(REFUSED, f"{file} is no TOML: {error}") from None
    kinds = [kind for kind in KINDS if kind in top]
    if len(kinds) != 1:
        raise end(REFUSED, f"{file} must have one of the tables [pack], [calendar] and [contract]")
    return kinds[0]


# ------------------------------------------------------------------ what was adopted
def _adoptions(agency: Agency) -> Iterator[tuple[str, Adoption]]:
    for kind, adopted in (("pack", agency.packs), ("calendar", agency.calendars), ("contract", agency.contracts)):
        for adoption in adopted:
            yield kind, adoption


def _latest(agency: Agency, kind: str, id: str) -> Adoption | None:
    adopted = [adoption for of, adoption in _adoptions(agency) if of == kind and adoption.id == id]
    return max(adopted, key=lambda adoption: adoption.effective_at, default=None)


def _as_reported(kind: str, adoption: Adoption) -> str | None:
    from domain.policy.pack import parse_pack

    return parse_pack(adoption.text, adoption.digest).as_reported if kind == "pack" else None


def _document(kind: str, adoption: Adoption) -> dict[str, Any]:
    """The adopted text as JSON, dates as text."""
    from adapters.cli.plain import plain

    return {
        "kind": kind, "id": adoption.id, "digest": adoption.digest, "effective_at": adoption.effective_at.isoformat(),
        "content": plain(tomllib.loads(adoption.text)),
    }


def _pack(adoption: Adoption) -> Iterator[str]:
    from domain.policy.pack import parse_pack

    pack = parse_pack(adoption.text, adoption.digest)
    note = f" {pack.as_reported}: counsel has not confirmed it." if pack.as_reported else ""
    yield f"{pack.layer} layer, jurisdiction {pack.jurisdiction}, clocks in {pack.zone}. Source: {pack.source}.{note}"
    for rule in pack.rules:
        to = f" To: {', '.join(rule.recipients)}." if rule.recipients else ""
        yield f"\n{rule.id} ({rule.force})"
        yield f"  {rule.words}{to}"
        yield f"  Limit: {rule.limit.words}." + (f" Met by {rule.met_by}." if rule.met_by else "")
        if rule.trigger:
            yield f"  Applies when: {rule.trigger.replace('_', ' ')}." + ("" if rule.tracked else " Not tracked.")
        if rule.owner:
            yield f"  Owed by the {rule.owner}."
        if rule.cited_on:
            yield f"  Stands on {', '.join(rule.cited_on)}."
        if rule.requires:
            items = (item.name.replace("_", " ") + (" (only if known)" if item.optional else "") for item in rule.requires)
            yield f"  Carries: {', '.join(items)}."
        yield f"  {'Citation: ' + rule.citation + '. ' if rule.citation else ''}Source lines {rule.source_lines}."


def _calendar(adoption: Adoption) -> Iterator[str]:
    from domain.policy.calendar import parse_calendar

    calendar = parse_calendar(adoption.text, adoption.digest)
    yield f"Working days from {calendar.first} to {calendar.last}; Saturdays and Sundays are days off. {calendar.citation}."
    yield from (f"  {day:%a %d %b %Y}  {name}" for day, name in sorted(calendar.days_off.items()))


def _contract(adoption: Adoption) -> Iterator[str]:
    from domain.disclosure.contract import parse_contract

    contract = parse_contract(adoption.text, adoption.digest)
    yield f"What may flow to {contract.recipient_kind}, version {contract.version}. What is not named here does not flow."
    for flow in contract.flows:
        purpose, release = (word.value.replace("_", " ") for word in (flow.purpose, flow.release))
        yield f"\nFor {purpose}: {flow.publishes}, released: {release}"
        yield f"  Basis: {flow.basis}"
        yield from (f"  {path}: {basis}" for path, basis in flow.fields)


WORDS = {"pack": _pack, "calendar": _calendar, "contract": _contract}
