"""`policy`: packs, calendars and contracts, as an agency adopted them."""
from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli import policy_checks, policy_runs
from adapters.cli.acting import act
from adapters.cli.console import (
    LISTED_MAX,
    REFUSED,
    USAGE,
    AgencyCode,
    AgencyNeeded,
    AsJson,
    end,
    has_log,
    heading,
    installation,
    say,
    table,
    tell_json,
)
from adapters.cli.plain import plain
from adapters.policy_texts import FILE_BYTES_MAX, PolicyText, find, of_file, shipped
from adapters.reading.packs import pack_in_words
from adapters.reading.packs import standing as standing_of
from domain.policy.pack import parse_pack
from domain.refusals import Refused

if TYPE_CHECKING:
    from domain.agency.state import Adoption, Agency

app = typer.Typer(
    name="policy", no_args_is_help=True, help="Rules, calendars and contracts: list, read, check, compare, adopt."
)
KINDS = {"pack": "AdoptPack", "calendar": "AdoptCalendar", "contract": "AdoptContract"}


@app.command("list")
def list_(ctx: typer.Context, agency: AgencyCode = None, as_json: AsJson = False) -> None:
    """The packs that come with this version, and what agencies have adopted: since when each counts, its digest, and
    whether counsel has confirmed it.

    Example: casebridge policy list
    Next: `casebridge policy show ID` prints one as people read it; `casebridge policy check` says what is wrong with one.
    """
    standing = known_agencies(ctx, agency)
    adopted, packs = [row for one in standing for row in _adopted(one)], [_shipped(text, standing) for text in shipped()]
    if as_json:
        tell_json({"agency": standing[0].code if len(standing) == 1 else None, "adopted": adopted, "shipped": packs})
        return
    heading("Shipped with this version")
    table(("id", "layer", "jurisdiction", "effective from", "rules", "digest", "counsel", "in force at"), [
        (row["id"], row["layer"], row["jurisdiction"], row["effective_from"], row["rules"], str(row["digest"])[:12],
         row["standing"], ", ".join(row["in_force_at"]) or "nobody") for row in packs
    ])
    heading("Adopted")
    table(("agency", "kind", "id", "layer", "counts from", "in force", "digest", "counsel"), [
        (row["agency"], row["kind"], row["id"], row["layer"] or "", row["effective_at"],
         "yes" if row["in_force"] else "no, replaced", str(row["digest"])[:12], row["standing"] or "") for row in adopted
    ])


@app.command()
def show(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(
        metavar="ID", help="Id of a pack or calendar, the recipient kind of a contract, a digest, or a pack's file."
    )],
    agency: AgencyCode = None,
    text: Annotated[bool, typer.Option("--text", help="The text itself, byte for byte.")] = False,
    as_json: AsJson = False,
) -> None:
    """A pack, calendar or contract as people read it: as the agency adopted it, or else as shipped.

    A pack is grouped by process, the strongest rules first: what must, should or may be done, what must not, and where
    the source is silent. Each rule says when it applies, toward whom, within what, by whom, and which lines say so.

    Example: casebridge policy show NM
    Next: `casebridge due` shows what these rules ask for; `casebridge policy diff NM FILE` compares a changed text.
    """
    standing = known_agencies(ctx, agency)
    found = [
        (one.code, kind, adoption) for one in standing for kind in KINDS if (adoption := _latest(one, kind, id)) is not None
    ]
    if as_json and found:
        tell_json([_document(kind, adoption) for _, kind, adoption in found])
        return
    for code, kind, adoption in found:
        if text:
            print(adoption.text, end="")
        else:
            heading(f"{kind.capitalize()} {adoption.id}, adopted by {code}, counts from {adoption.effective_at.isoformat()}")
            say("\n".join(WORDS[kind](adoption)) + "\n")
    if not found:
        _show_text(id, standing, text, as_json)


@app.command()
def adopt(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A pack, calendar or contract.")],
    second_person: Annotated[str, typer.Option("--second-person", metavar="USER", help="Who else confirms it.")],
    agency: AgencyNeeded,
    dry_run_digest: Annotated[str | None, typer.Option(
        metavar="DIGEST", help="What `casebridge policy dry-run` of this text printed: it is recorded with the adoption."
    )] = None,
    user: Annotated[str | None, typer.Option("--as", metavar="USER", help="Who adopts it, if not you.")] = None,
    as_json: AsJson = False,
) -> None:
    """Adopt a pack, a calendar or a contract; it counts from now on. The file says which it is.

    A pack is checked first, beside what the agency has adopted: with an error it is not adopted.

    Example: casebridge policy adopt domain/packs/NM.toml --second-person counsel-1 --agency NM-CYFD
    Next: `casebridge policy show ID` prints it as people read it; `casebridge policy apply` takes a pack to open cases.
    """
    content = file.read_bytes()
    kind = _kind(content, file)
    if dry_run_digest is not None and kind != "pack":
        raise end(USAGE, "only a pack has a dry run")
    with installation(ctx, new=True) as casebridge:
        if kind == "pack":
            policy_checks.refuse_errors(of_file(file), casebridge.backbone.agency(agency), casebridge.clock.now())
        outcome = act(casebridge, agency, KINDS[kind], {
            "text": content.decode(), "second_person": second_person,
            **({"dry_run_digest": dry_run_digest} if dry_run_digest else {}),
        }, role="policy officer", user=user)
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
def known_agencies(ctx: typer.Context, code: str | None) -> list[Agency]:
    """The agency of that code, or every one; none where nothing was ever recorded here."""
    if not has_log():
        return []
    with installation(ctx) as casebridge:
        codes = [name.removeprefix("agency-") for name, _ in casebridge.log.streams("agency-", limit=LISTED_MAX)]
        return [casebridge.backbone.agency(known) for known in codes if code in (None, known)]


def _adoptions(agency: Agency) -> Iterator[tuple[str, Adoption]]:
    for kind, adopted in (("pack", agency.packs), ("calendar", agency.calendars), ("contract", agency.contracts)):
        for adoption in adopted:
            yield kind, adoption


def _adopted(agency: Agency) -> Iterator[dict[str, Any]]:
    for kind, adoption in _adoptions(agency):
        pack = parse_pack(adoption.text, adoption.digest) if kind == "pack" else None
        yield {
            "agency": agency.code, "kind": kind, "id": adoption.id, "digest": adoption.digest,
            "effective_at": adoption.effective_at.isoformat(), "in_force": adoption is _latest(agency, kind, adoption.id),
            "layer": pack and pack.layer, "as_reported": pack and pack.as_reported, "standing": pack and standing_of(pack),
        }


def _shipped(text: PolicyText, agencies: Sequence[Agency]) -> dict[str, Any]:
    pack = text.pack()
    return {
        "id": pack.id, "layer": pack.layer, "jurisdiction": pack.jurisdiction, "digest": pack.digest,
        "effective_from": pack.effective_from.isoformat(), "rules": len(pack.rules), "as_reported": pack.as_reported,
        "standing": standing_of(pack),
        "in_force_at": [a.code for a in agencies if (known := _latest(a, "pack", pack.id)) and known.digest == pack.digest],
    }


def _show_text(name: str, agencies: Sequence[Agency], whole: bool, as_json: bool) -> None:
    """A pack that is adopted by nobody under this name: a file, a digest, or one that is shipped."""
    try:
        found = find(name, agencies[0] if len(agencies) == 1 else None)
        pack = found.pack()
    except Refused as refused:
        known = ", ".join(sorted({adoption.id for one in agencies for _, adoption in _adoptions(one)}))
        raise end(REFUSED, f"{refused.because}; adopted are {known or 'none'}") from None
    if as_json:
        content = plain(tomllib.loads(found.text))
        tell_json([{"kind": "pack", "id": pack.id, "digest": pack.digest, "effective_at": None, "content": content}])
    elif whole:
        print(found.text, end="")
    else:
        heading(f"Pack {pack.id}, {found.where}, not in force by this text")
        say("\n".join(pack_in_words(pack)) + "\n")


def _latest(agency: Agency, kind: str, id: str) -> Adoption | None:
    from domain.agency.state import last_of

    return last_of(adoption for of, adoption in _adoptions(agency) if of == kind and adoption.id == id)


def _document(kind: str, adoption: Adoption) -> dict[str, Any]:
    """The adopted text as JSON, dates as text."""
    return {
        "kind": kind, "id": adoption.id, "digest": adoption.digest, "effective_at": adoption.effective_at.isoformat(),
        "content": plain(tomllib.loads(adoption.text)),
    }


def _pack(adoption: Adoption) -> Iterator[str]:
    yield from pack_in_words(parse_pack(adoption.text, adoption.digest))


def _calendar(adoption: Adoption) -> Iterator[str]:
    from domain.policy.calendar import parse_calendar

    calendar = parse_calendar(adoption.text, adoption.digest)
    yield f"Working days from {calendar.first} to {calendar.last}; Saturdays and Sundays are days off. {calendar.citation}."
    yield from (f"  {day:%a %d %b %Y}  {name}" for day, name in sorted(calendar.days_off.items()))


def _contract(adoption: Adoption) -> Iterator[str]:
    from adapters.reading.contracts import in_words
    from domain.disclosure.contract import parse_contract

    yield from in_words(parse_contract(adoption.text, adoption.digest))


app.command("check")(policy_checks.check)
app.command("diff")(policy_checks.diff)
app.command("dry-run")(policy_runs.dry_run)
app.command("apply")(policy_runs.apply)
app.command("pages")(policy_runs.pages)
app.command("calendars")(policy_runs.calendars)
WORDS = {"pack": _pack, "calendar": _calendar, "contract": _contract}
