"""`policy dry-run`, `apply`, `pages` and `calendars`: what a changed pack would have done, taking it to open cases, and what
is made from the packs and the days off that are shipped."""
from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from adapters.cli.console import (
    LISTED_MAX,
    REFUSED,
    USAGE,
    AgencyCode,
    AgencyNeeded,
    AsJson,
    actor,
    end,
    installation,
    principal,
    progress,
    say,
    table,
    tell_json,
)
from adapters.policy_texts import around, find, shipped
from domain.refusals import Refused

if TYPE_CHECKING:
    from adapters.apply_policy import Reached
    from adapters.composition import Casebridge
    from adapters.dry_run import Report
    from domain.policy.pack import Pack

CHANGES = {
    "raised": "would be raised", "moved": "would have another clock or limit", "withdrawn": "would not be there",
    "met": "would be met", "missed": "would be missed", "no longer missed": "would be missed no longer",
    "cannot tell": "could not be told: a fact is not known",
}


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("a day such as 2026-09-01 is wanted") from None


def dry_run(
    ctx: typer.Context,
    pack: Annotated[str, typer.Argument(
        metavar="PACK", help="The changed pack: a file, the digest of an adopted text, or the id of a shipped pack."
    )],
    agency: AgencyCode = None,
    since: Annotated[date | None, typer.Option(
        "--from", metavar="DAY", parser=day, help="Suppose it was in force from this day on, not from its effective_from."
    )] = None,
    as_json: AsJson = False,
) -> None:
    """What a changed pack would have done to the cases in your log: duties raised, moved, met, missed or not there.

    Every case is decided again, one after the other, with the changed pack in force for all that was learned from its
    day on, and compared with the duties that were really recorded. Nothing is written. The report counts by rule, names
    the first cases, and has a digest that an adoption may carry.

    Example: casebridge policy dry-run domain/packs/NM.toml --agency NM-CYFD --from 2026-08-01
    Next: `casebridge policy adopt FILE --dry-run-digest DIGEST` adopts it, and records that this report was made.
    """
    from adapters.dry_run import Text
    from adapters.dry_run import dry_run as run

    with installation(ctx) as casebridge:
        try:
            standing = casebridge.backbone.agency(agency) if agency is not None else None
            found = find(pack, standing)
            changed = found.pack()
        except Refused as refused:
            raise end(REFUSED, f"{refused.because} (`casebridge policy check` finds every fault)") from None
        zone = ZoneInfo(changed.zone)
        begins = datetime.combine(since or changed.effective_from, time.min, tzinfo=zone)
        text = Text(text=found.text, digest=found.digest, since=begins)
        agencies = _agencies(casebridge, agency, changed)
        with progress(f"deciding again under {found.name}", casebridge.log.head().position) as tell:
            report = run(casebridge.backbone, text, agencies, now=casebridge.clock.now(), tell=tell)
    if as_json:
        tell_json({**report.document(), "report_digest": report.report_digest()})
    else:
        _print(report)
    if report.unreadable.cases:
        raise end(REFUSED, f"{report.unreadable.cases} cases cannot be read and are not in this report: `casebridge fsck` "
                           "says why")


def apply(
    ctx: typer.Context,
    agency: AgencyNeeded,
    record: Annotated[
        bool, typer.Option("--record", help="Send the command for each of them; without it, they are only listed.")
    ] = False,
    user: Annotated[str | None, typer.Option("--as", metavar="USER", help="Who applies it, if not you.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let newly adopted packs reach the cases that were open before: list those that they would change, or send it.

    A fact is judged once, by the rules in force when it was learned, so a new pack leaves open cases as they are until
    it is applied to each. Applying raises what the packs ask for now, ends what they ask for no more, and starts no clock
    before their adoption. A case is sent one command, and a second time nothing.

    Example: casebridge policy apply --agency NM-CYFD --record
    Next: `casebridge due` shows what is owed since; `casebridge policy dry-run` says what a pack would have done before.
    """
    from adapters.apply_policy import line, reached
    from domain.events import Actor

    told = actor(agency, "policy officer", user)
    by = Actor(agency=told["agency"], role=told["role"], user=told["user"])
    counts: Counter[str] = Counter()
    with installation(ctx) as casebridge:
        now = casebridge.clock.now()
        if not casebridge.backbone.agency(agency).packs:
            raise end(REFUSED, f"{agency} has adopted no pack")
        with progress(f"looking at the cases of {agency}", None) as tell:
            for one in reached(casebridge.backbone, agency, by, now=now, tell=tell):
                because = one.because
                if record and because is None:
                    outcome = casebridge.backbone.submit(line(agency, by, one.case_id, now=now), principal=principal())
                    because = outcome.because
                counts["refused" if because else "cases"] += 1
                counts.update({"raised": one.raised, "withdrawn": one.withdrawn, "questions": one.questions})
                _tell_case(one, because, as_json)
    summary = f"{counts['cases']} cases, {counts['raised']} duties raised, {counts['withdrawn']} ended, " \
              f"{counts['questions']} questions"
    print(f"{summary}{'' if record else ': --record sends it'}", file=sys.stderr if as_json else sys.stdout)
    if counts["refused"]:
        raise end(REFUSED, f"{counts['refused']} cases could not be decided")


def _tell_case(one: Reached, because: str | None, as_json: bool) -> None:
    if as_json:
        tell_json({**asdict(one), "case_id": str(one.case_id), "because": because})
    elif because:
        say(f"{one.case_id}: refused: {because}")
    else:
        say(f"{one.case_id}: {one.raised} duties raised, {one.withdrawn} ended, {one.questions} questions")


def pages(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", file_okay=False, help="Where the pages go; made if need be.")],
    as_json: AsJson = False,
) -> None:
    """Write a page for each shipped pack: what is done, when, why, and which lines say so; and an index of them.

    Pages of packs that are there no more are removed from the folder.

    Example: casebridge policy pages docs/jurisdictions
    Next: read docs/jurisdictions/README.md; a test fails where the committed pages are not those of the packs.
    """
    from adapters.reading.pages import MADE
    from adapters.reading.pages import pages as made

    texts = [text.pack() for text in shipped()]
    wanted = made([(pack, around(pack)) for pack in texts])
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        if old.name not in wanted and MADE in old.read_text(encoding="utf-8"):
            old.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")
    if as_json:
        tell_json({"folder": str(folder), "pages": sorted(wanted)})
    else:
        say(f"{len(wanted)} pages written to {folder}")


def calendars(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", file_okay=False, help="Where they go; made if need be.")],
    as_json: AsJson = False,
) -> None:
    """Write the calendar of working days of each agency: a civil calendar, and what laws and agencies say otherwise.

    What differs from the civil calendar stands in `adapters/calendars.toml`, each line with what says so.

    Example: casebridge policy calendars domain/calendars
    Next: read the one that is yours; `casebridge policy adopt domain/calendars/NJ.toml` has your agency count by it.
    """
    from adapters.calendars import calendars as made

    wanted = made()
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")
    if as_json:
        tell_json({"folder": str(folder), "calendars": sorted(wanted)})
    else:
        say(f"{len(wanted)} calendars written to {folder}")


def _agencies(casebridge: Casebridge, code: str | None, pack: Pack) -> list[str]:
    """The one that is named, or all that have adopted a text of this pack before."""
    codes = [name.removeprefix("agency-") for name, _ in casebridge.log.streams("agency-", limit=LISTED_MAX)]
    known = [one for one in codes if code in (None, one)]
    if code is not None:
        if not known:
            raise end(REFUSED, f"there is no agency {code} here; there are {', '.join(codes) or 'none'}")
        return known
    adopted = [one for one in known if any(a.id == pack.id for a in casebridge.backbone.agency(one).packs)]
    if not adopted:
        raise end(USAGE, f"no agency has adopted pack {pack.id}: say which would, with --agency")
    return adopted


def _print(report: Report) -> None:
    say(f"Pack {report.pack_id} ({report.digest[:12]}), as if in force from {report.since.date()}, for "
        f"{', '.join(report.agencies)}: {report.cases:,} cases with {report.events:,} events decided again; nothing was "
        "written.")
    rows = [
        (agency, jurisdiction, rule_id, CHANGES[change.value], found.duties, found.cases, _named(found.named))
        for (agency, jurisdiction, rule_id, change), found in sorted(report.counted.items()) if change.value in CHANGES
    ]
    if rows:
        table(("agency", "jurisdiction", "rule", "duties that", "duties", "cases", "first case"), rows)
    unchanged = sum(found.duties for key, found in report.counted.items() if key[3].value not in CHANGES)
    say(f"{unchanged:,} duties would be as they are.")
    say(f"Digest of this report: {report.report_digest()}")


def _named(cases: Sequence[object]) -> str:
    return str(cases[0]) if cases else ""
