"""`contracts`: what may flow to whom, as people read it, checked, compared, adopted, and tried on the real log."""
from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from adapters.cli import policies
from adapters.cli.console import (
    REFUSED,
    AgencyCode,
    AgencyNeeded,
    AsJson,
    agency_of,
    end,
    has_log,
    heading,
    installation,
    progress,
    say,
    table,
    tell_json,
)
from adapters.cli.plain import plain
from adapters.contract_texts import ContractText, adopted, find, shipped
from adapters.policy_texts import of_file
from adapters.reading.contracts import Change, Effect, differences, effects, in_words
from domain.disclosure.check import check as checked
from domain.disclosure.contract import JURISDICTIONS, Contract
from domain.disclosure.purposes import Purpose
from domain.disclosure.vocabulary import WORDS
from domain.refusals import Refused

if TYPE_CHECKING:
    from domain.agency.state import Agency

app = typer.Typer(
    name="contracts", no_args_is_help=True, help="What may flow to whom: list, read, check, compare, adopt, try."
)
NAME = "A contract's file, or a recipient kind such as ISS: as the agency adopted it, or else as shipped."
File = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The text of a contract.")]
CASES_PAGE = 500


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Every contract that comes with this version or is in force: for which purposes something flows, and where.

    Example: casebridge contracts list
    Next: `casebridge contracts show ISS` prints one as people read it.
    """
    agencies = policies.known_agencies(ctx, None)
    texts = [*shipped(), *(text for agency in agencies for text in adopted(agency))]
    contracts = {text.text.digest: text.contract() for text in texts}.values()
    rows = [_row(each, agencies) for each in sorted(contracts, key=lambda each: (each.recipient_kind, each.version))]
    if as_json:
        tell_json(rows)
        return
    table(("kind", "version", "flows for", "in force at", "digest"), [
        (row["kind"], row["version"],
         ", ".join(purpose.replace("_", " ") for purpose in row["purposes"]) or f"nothing: {row['denied']}",
         ", ".join(row["in_force_at"]) or "nobody", row["digest"][:12]) for row in rows
    ])


@app.command()
def show(
    ctx: typer.Context,
    contract: Annotated[str, typer.Argument(metavar="CONTRACT", help=NAME)],
    agency: AgencyCode = None,
    text: Annotated[bool, typer.Option("--text", help="The text itself, byte for byte.")] = False,
    as_json: AsJson = False,
) -> None:
    """A contract as people read it: for each purpose what flows, on which ground, and who lets it go.

    Example: casebridge contracts show ICE-PIC
    Next: `casebridge contracts check ICE-PIC` proves that it reaches nothing forbidden.
    """
    found = _found(contract, _standing(ctx, agency))
    if text:
        print(found.text.text, end="")
    elif as_json:
        tell_json({"where": found.where, **plain(asdict(_contract(found)))})
    else:
        heading(f"Contract for {_contract(found).recipient_kind}, {found.where}")
        say("\n".join(in_words(_contract(found))))


@app.command()
def check(
    ctx: typer.Context,
    contracts: Annotated[
        list[str] | None, typer.Argument(metavar="[CONTRACT]...", help=f"{NAME} Without: all shipped and adopted ones.")
    ] = None,
    agency: AgencyCode = None,
    as_json: AsJson = False,
) -> None:
    """Prove of contracts that nothing forbidden is reached, over every place, kind, purpose and field; else name it.

    Each finding says which line forbids it and the shortest way there: place, kind, purpose, field, and through whom it
    is passed on. An office inside Homeland Security is judged by purpose; to tell who passes on is to tell whom they
    pass on to; what a partner told us is not told back to it; a kind without a column in the matrix is told nothing.

    Example: casebridge contracts check domain/contracts/iss.v2.toml
    Next: mend the text, or `casebridge contracts adopt FILE`; an agency cannot adopt what is found here.
    """
    standing = _standing(ctx, agency)
    if contracts:
        texts = [_found(name, standing) for name in contracts]
    else:
        texts = [*shipped(), *(adopted(standing) if standing is not None else ())]
    findings = [(text, finding) for text in texts for finding in checked(_contract(text))]
    kinds = len({_contract(text).recipient_kind for text in texts})
    looked = len(JURISDICTIONS) * kinds * len(Purpose) * len(WORDS)
    if as_json:
        tell_json({"contracts": len(texts), "findings": [
            {"contract": _contract(text).recipient_kind, **asdict(finding)} for text, finding in findings
        ]})
    else:
        for text, finding in findings:
            say(f"{text.text.name}: {finding}")
        what = f"{len(texts)} contract{'s' * (len(texts) != 1)} of {kinds} kind{'s' * (kinds != 1)}"
        ways = f"{len(JURISDICTIONS)} places, {len(Purpose)} purposes and {len(WORDS)} fields ({looked:,} ways)"
        say(f"{what} over {ways}: {len(findings)} forbidden")
    if findings:
        raise end(REFUSED)


@app.command()
def diff(
    ctx: typer.Context,
    before: Annotated[str, typer.Argument(metavar="BEFORE", help=NAME)],
    after: Annotated[str, typer.Argument(metavar="AFTER", help=NAME)],
    agency: AgencyCode = None,
    as_json: AsJson = False,
) -> None:
    """What flows by one contract and not by another: fields, grounds, places, and who lets it go, purpose by purpose.

    Example: casebridge contracts diff ISS domain/contracts/iss.v2.toml
    Next: `casebridge contracts dry-run FILE` shows what the change would mean for the cases of your log.
    """
    standing = _standing(ctx, agency)
    found = differences(_contract(_found(before, standing)), _contract(_found(after, standing)))
    if as_json:
        tell_json([asdict(change) for change in found])
    elif not found:
        say("nothing flows otherwise: only words of comments are different")
    for change in () if as_json else found:
        _print_change(change)


@app.command()
def adopt(
    ctx: typer.Context,
    file: File,
    second_person: Annotated[str, typer.Option("--second-person", metavar="USER", help="Who else confirms it.")],
    agency: AgencyNeeded,
    user: Annotated[str | None, typer.Option("--as", metavar="USER", help="Who adopts it, if not you.")] = None,
    as_json: AsJson = False,
) -> None:
    """Adopt a contract; it counts from now on. One that reaches anything forbidden is refused.

    Example: casebridge contracts adopt domain/contracts/iss.v2.toml --second-person counsel-1 --agency NM-CYFD
    Next: `casebridge partner add` lists an office of this kind; a person opens an engagement with it.
    """
    _contract(ContractText(where="file", text=of_file(file)))
    policies.adopt(
        ctx, file=file, second_person=second_person, agency=agency, dry_run_digest=None, user=user, as_json=as_json
    )


@app.command("dry-run")
def dry_run(
    ctx: typer.Context, file: File, agency: AgencyCode = None, as_json: AsJson = False
) -> None:
    """What a contract would change in the cases of the log: who would be given more or less. Nothing is recorded.

    Every open engagement with an office of this kind is looked at, with what was prepared on it, by the facts that the
    case holds now. Fields are named, values are not.

    Example: casebridge contracts dry-run domain/contracts/iss.v2.toml
    Next: `casebridge contracts adopt FILE`, if that is what you mean.
    """
    contract = _contract(ContractText(where="file", text=of_file(file)))
    findings = checked(contract)
    with installation(ctx) as casebridge:
        standing = agency_of(casebridge, agency)
        found, cases = list[Effect](), 0
        streams = [name for name, _ in casebridge.log.streams("case-")]
        with progress("reading cases", len(streams)) as tell:
            for stream in streams:
                case_id = UUID(stream.removeprefix("case-"))
                case = casebridge.backbone.case(case_id)
                if case.intake.agency == standing.code:
                    cases += 1
                    found += effects(case_id, case, standing, contract)
                tell(cases)
    if as_json:
        tell_json({"cases": cases, "forbidden": [str(finding) for finding in findings],
                   "effects": [plain(asdict(effect)) for effect in found]})
        if findings:
            raise end(REFUSED)
        return
    for effect in found:
        more, less = ", ".join(effect.added), ", ".join(effect.removed)
        say(f"case {effect.case_id}, {effect.office}, {effect.purpose.replace('_', ' ')}:"
            + (f" more: {more}" if more else "") + (f" less: {less}" if less else ""))
    say(f"{len(found)} disclosures of {cases} cases would be others; nothing was recorded")
    if findings:
        say(f"it cannot be adopted: {findings[0]}")
        raise end(REFUSED)


@app.command()
def pages(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", file_okay=False, help="Where the pages go; made if need be.")],
    as_json: AsJson = False,
) -> None:
    """Write the partners' manual: a page for each kind, in English and in Spanish, of what it is given and how it reads.

    Example: casebridge contracts pages docs/partners
    Next: give a partner the page of its kind; a test fails where the committed pages are not those of the contracts.
    """
    from adapters.reading.manual import pages as made

    _written(folder, made([text.contract() for text in shipped()]), as_json)


@app.command()
def asyncapi(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", file_okay=False, help="Where they go; made if need be.")],
    as_json: AsJson = False,
) -> None:
    """Write the partners' AsyncAPI 3.0 documents: topics, headers, schemas and worked examples, one for each kind.

    A kind to which nothing is given has none. The examples are invented, and laid out by the renderers of real entries.

    Example: casebridge contracts asyncapi docs/asyncapi
    Next: give a partner's engineer the document of its kind; a test holds the committed ones to the contracts.
    """
    from adapters.asyncapi import documents

    _written(folder, documents([text.contract() for text in shipped()]), as_json)


def _written(folder: Path, wanted: dict[str, str], as_json: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")
    if as_json:
        tell_json({"folder": str(folder), "pages": sorted(wanted)})
    else:
        say(f"{len(wanted)} pages written to {folder}")


def _row(contract: Contract, agencies: list[Agency]) -> dict[str, Any]:
    return {
        "kind": contract.recipient_kind, "version": contract.version, "digest": contract.digest,
        "purposes": [flow.purpose.value for flow in contract.flows], "denied": contract.denied,
        "in_force_at": [
            agency.code for agency in agencies
            if any(text.text.digest == contract.digest for text in adopted(agency))
        ],
    }


def _standing(ctx: typer.Context, code: str | None) -> Agency | None:
    """The agency whose contracts count: the one that was named, or the only one there is."""
    if not has_log():
        return None
    known = policies.known_agencies(ctx, code)
    if code is not None and not known:
        raise end(REFUSED, f"no agency {code} has recorded anything here")
    return known[0] if len(known) == 1 else None


def _found(name: str, agency: Agency | None) -> ContractText:
    try:
        return find(name, agency)
    except Refused as refused:
        raise end(REFUSED, f"{refused.because} [{refused.rule}]") from None


def _contract(text: ContractText) -> Contract:
    try:
        return text.contract()
    except Refused as refused:
        raise end(REFUSED, f"{text.text.name}: {refused.because} [{refused.rule}]") from None


def _print_change(change: Change) -> None:
    heading(change.purpose.replace("_", " "))
    for sign, paths in (("+", change.added), ("-", change.removed)):
        for path in paths:
            say(f"  {sign} {path}")
    for words in change.changed:
        say(f"  ~ {words}")
