"""`policy check` and `policy diff`: what is wrong with a pack, and what changed from one text to another."""
from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from adapters.cli.console import REFUSED, AgencyCode, AsJson, agency_of, end, has_log, installation, say, tell_json
from adapters.cli.plain import plain
from adapters.policy_texts import PolicyText, around, find, shipped, shipped_calendar
from adapters.reading.packs import differences_in_words, finding_in_words
from domain.policy import check as checking
from domain.policy.check import Checked, Finding, Weight
from domain.policy.differences import Changed, differences
from domain.refusals import Refused

if TYPE_CHECKING:
    from domain.agency.state import Agency
    from domain.policy.calendar import Calendar
    from domain.policy.pack import Pack

NAME = "A pack's file, the digest of an adopted one (eight signs or more), or the id of one that is shipped."
BesideAgency = Annotated[
    str | None, typer.Option("--beside", metavar="AGENCY", help="Check it beside what this agency has adopted.")
]


def check(
    ctx: typer.Context,
    packs: Annotated[
        list[str] | None, typer.Argument(metavar="[PACK]...", help=f"{NAME} Without: all that are shipped.")
    ] = None,
    beside: BesideAgency = None,
    as_json: AsJson = False,
) -> None:
    """What is wrong with packs, each finding with its rule and how to mend it; errors end with 1, warnings do not.

    Found are triggers, events and recipients that do not exist; rules that give two limits for one act, or ask the same
    twice; a prohibition beside a rule that sends what it forbids; limits that no calendar counts; citations of rules that
    are not there; agency rules that wait for a fact of a case; versions without a day of their own. Packs named together
    are read as one stack, and of several versions of one pack each is checked beside the other packs. Without any, each
    pack that is shipped is checked beside the layers that it is adopted with.

    Example: casebridge policy check domain/packs/US.toml domain/packs/NM.toml
    Next: mend the text, then `casebridge policy dry-run FILE` shows what it would have changed in the cases of your log.
    """
    agency, now = _standing(ctx, beside) if beside is not None else (None, None)
    texts = [_found(name, agency) for name in packs] if packs else list(shipped())
    checked = _checked(texts, agency, now) if packs else [_alone(text) for text in texts]
    findings = [finding for one in checked for finding in one.findings]
    counts = Counter(finding.weight for finding in findings)
    errors, warnings = counts[Weight.ERROR], counts[Weight.WARNING]
    if as_json:
        tell_json({"packs": len(texts), "errors": errors, "warnings": warnings, "findings": [asdict(f) for f in findings]})
    else:
        for finding in findings:
            say(finding_in_words(finding))
        rules = sum(len(one.pack.rules) for one in checked if one.pack)
        say(f"{rules} rules in {len(texts)} packs: {errors} errors, {warnings} warnings")
    if errors:
        raise end(REFUSED)


def diff(
    ctx: typer.Context,
    before: Annotated[str, typer.Argument(metavar="BEFORE", help=NAME)],
    after: Annotated[str, typer.Argument(metavar="AFTER", help=NAME)],
    agency: AgencyCode = None,
    as_json: AsJson = False,
) -> None:
    """What changed from one text of a pack to another: rules added and removed, and each changed field in words.

    Example: casebridge policy diff US domain/packs/US.toml
    Next: `casebridge policy dry-run FILE` shows what the change would have meant for the cases of your log.
    """
    standing = _standing(ctx, agency)[0] if has_log() else None
    found = differences(_pack(_found(before, standing)), _pack(_found(after, standing)))
    if as_json:
        tell_json({
            "pack": list(map(_change, found.head)), "added": plain(found.added), "removed": plain(found.removed),
            "changed": [{"rule_id": one.rule.id, "fields": list(map(_change, one.fields))} for one in found.changed],
        })
    elif found.is_empty:
        say("nothing is different but the wording of comments and the order of rules")
    else:
        say("\n".join(differences_in_words(found)))


def refuse_errors(text: PolicyText, agency: Agency, now: datetime) -> None:
    """Say every finding on a pack that is about to be adopted; end with REFUSED where one is an error."""
    from domain.catalogue import EVENT_NAMES

    in_force = agency.packs_at(now)
    checked = checking.check_text(
        text.text, text.digest, name=text.name, beside=in_force, calendar=agency.calendar_at(now), events=EVENT_NAMES
    )
    found: tuple[Finding, ...] = checked.findings
    if checked.pack is not None:
        replaced = next((pack for pack in in_force if pack.id == checked.pack.id), None)
        day = now.astimezone(ZoneInfo(checked.pack.zone)).date()
        found += checking.taking_over(checked.pack, replaced, on=day)
    for finding in found:
        typer.echo(finding_in_words(finding), err=True)
    if any(finding.weight is Weight.ERROR for finding in found):
        refused_by = "PACK" if checked.pack is None else "DECISION-7"
        raise end(REFUSED, f"{text.name} was not adopted: mend its errors first [{refused_by}]")


def _checked(texts: list[PolicyText], agency: Agency | None, now: datetime | None) -> list[Checked]:
    from domain.catalogue import EVENT_NAMES

    read = {text.digest: pack for text in texts if (pack := _pack_or_none(text)) is not None}
    ids = {pack.id for pack in read.values()}
    adopted = () if agency is None else agency.latest_packs()
    beside = [*read.values(), *(pack for pack in adopted if pack.id not in ids)]
    found = []
    for text in texts:
        calendar: Calendar | None
        if agency is not None and now is not None:
            calendar = agency.calendar_at(now)
        else:
            calendar = shipped_calendar(read[text.digest].jurisdiction) if text.digest in read else None
        found.append(checking.check_text(
            text.text, text.digest, name=text.name, beside=beside, calendar=calendar, events=EVENT_NAMES
        ))
    versions = [tuple(pack for pack in (*read.values(), *adopted) if pack.id == id) for id in sorted(ids)]
    return [*found, *(Checked(pack=None, findings=checking.versions(packs)) for packs in versions)]


def _alone(text: PolicyText) -> Checked:
    """A shipped pack beside the layers that it is adopted with."""
    from domain.catalogue import EVENT_NAMES

    pack = _pack(text)
    return checking.check_text(
        text.text, text.digest, name=text.name, beside=around(pack), calendar=shipped_calendar(pack.jurisdiction),
        events=EVENT_NAMES,
    )


def _standing(ctx: typer.Context, code: str | None) -> tuple[Agency, datetime]:
    with installation(ctx) as casebridge:
        return agency_of(casebridge, code), casebridge.clock.now()


def _found(name: str, agency: Agency | None) -> PolicyText:
    try:
        return find(name, agency)
    except Refused as refused:
        raise end(REFUSED, refused.because) from None


def _pack(text: PolicyText) -> Pack:
    try:
        return text.pack()
    except Refused as refused:
        raise end(REFUSED, f"{text.name}: {refused.because} (`casebridge policy check` finds every fault)") from None


def _pack_or_none(text: PolicyText) -> Pack | None:
    try:
        return text.pack()
    except Refused:
        return None


def _change(change: Changed) -> dict[str, Any]:
    return {"field": change.field, "before": plain(change.before), "after": plain(change.after)}
