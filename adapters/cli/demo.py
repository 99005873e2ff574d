"""The demo: two recorded histories through the real parts, on SQLite and loopback, and what came of them."""
from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from adapters.backbone import Outcome
from adapters.cli.console import INFRASTRUCTURE, end
from adapters.clocks import HistoryClock
from adapters.composition import Casebridge
from adapters.json_lines import lines as submitted
from adapters.partners.receiver import Received, Receiver
from adapters.play import Player
from adapters.reading.acts import Explained, explain_acts, explain_questions
from adapters.reading.feeds import Entry, entries
from adapters.reading.timeline import Line, lines
from adapters.reading.words import moment
from adapters.settings import Settings

HISTORIES = Path(__file__).resolve().parents[2] / "tests" / "histories"
BUNDLED = ("h1-new-mexico.jsonl", "h2-home-study-detainee-letter.jsonl")
START = datetime(2026, 7, 1, tzinfo=UTC)
AFTERWARDS = timedelta(hours=1)
CONSEQUENCE = "> "
"""Stands before what no person reported, for those who see no colour."""


def run(console: Console, *, as_json: bool = False, histories: Path = HISTORIES) -> int:
    """Play the bundled histories in a temporary folder; 0 where every line was accepted."""
    missing = [name for name in BUNDLED if not (histories / name).is_file()]
    if missing:
        raise end(INFRASTRUCTURE, f"the demo's histories are not here ({', '.join(missing)}): they are in tests/histories "
                                  "of the source, not in an installed package; run `make demo` in a copy of the source")
    with tempfile.TemporaryDirectory(prefix="casebridge-demo-") as folder:
        clock = HistoryClock(START)
        settings = Settings(home=Path(folder), log=None, views=None, keys=None, kek=None, kafka=None,
                            allow_loopback_webhooks=True)
        receiver = Receiver(secret_of=lambda office: casebridge.secrets(office))
        with receiver, Casebridge(settings, clock=clock, address_of=receiver.address_of) as casebridge:
            return _play(console, casebridge, clock, receiver, histories, as_json=as_json)


def _play(
    console: Console, casebridge: Casebridge, clock: HistoryClock, receiver: Receiver, histories: Path, *, as_json: bool
) -> int:
    told: list[tuple[Mapping[str, Any], Outcome]] = []
    player = Player(casebridge, clock)
    try:
        for name in BUNDLED:
            with (histories / name).open("rb") as source:  # The same door as `casebridge submit`.
                player.play((read.raw or {} for read in submitted(source)), told=lambda *pair: told.append(pair))
        player.wait_until(clock.now() + AFTERWARDS)
    finally:
        player.close()
    refused = [(line, outcome) for line, outcome in told if outcome.status == "refused"]
    cases = list(dict.fromkeys(UUID(line["case"]) for line, _ in told if "case" in line))
    agency = casebridge.backbone.agency(str(told[0][0]["agency"]))
    feeds = {office: entries(casebridge, office) for office in agency.offices}
    if as_json:
        console.print_json(json.dumps(_document(casebridge, cases, clock.now(), feeds, receiver.received)))
    else:
        _show(console, casebridge, cases, clock.now(), feeds, receiver.received, commands=len(told))
    for line, outcome in refused:
        console.print(f"refused: {line['command']}: {outcome.because} [{outcome.rule}]", style="red", markup=False)
    return 1 if refused else 0


# ------------------------------------------------------------------ for people
def _show(
    console: Console, casebridge: Casebridge, cases: list[UUID], now: datetime, feeds: dict[str, list[Entry]],
    received: list[Received], *, commands: int,
) -> None:
    agency = casebridge.backbone.agency("NM-CYFD")
    console.print(Panel(
        f"{commands} recorded commands of agency {agency.code} ({agency.jurisdiction}) went through the same door as an "
        "agency's own export.\nThe log is SQLite, the offices answer signed webhooks on loopback, and every clock follows "
        "the history. Names and places are invented.",
        title="Casebridge demo", expand=False,
    ))
    for number, case_id in enumerate(cases, 1):
        envelopes = casebridge.backbone.envelopes(f"case-{case_id}")
        case = casebridge.backbone.case(case_id)
        console.print()
        console.print(Rule(f"Case {number}: timeline"))
        console.print(Text.assemble(
            ("Reported by people", "bold"), "; ", (f"{CONSEQUENCE}brought about by rules and workers", "cyan"),
            f". Times are those of {agency.zone}.",
        ))
        console.print(_timeline(lines(envelopes), agency.zone))
        console.print(Rule(f"Case {number}: questions"))
        questions = explain_questions(case, now)
        for question in questions or ["None is open."]:
            console.print(f"? {question}" if questions else question, markup=False)
        console.print(Rule(f"Case {number}: acts owed, done, missed, and why"))
        acts = explain_acts(case, agency, now)
        for explained in acts:
            if explained.act.is_notice:
                _show_act(console, explained)
        for explained in acts:
            if not explained.act.is_notice:
                _show_in_short(console, explained)
        if not acts:
            console.print("Nothing is owed while the questions above are open.")
    console.print()
    console.print(Rule("What left, as letters"))
    for office, given in feeds.items():
        for entry in given:
            title = f"{agency.offices[office].name}, entry {entry.number}"
            console.print(Panel(Text(entry.letter), title=title, title_align="left", width=100))
    console.print(Rule("What each office was given, and the receipt that turned it into ConsulateNotified"))
    console.print(_given(feeds, agency.zone))
    console.print(
        f"The offices' side verified {len(received)} signatures and took {len(received)} messages; "
        "the digest of every entry above was checked against the bytes that arrived.", markup=False,
    )
    _check_wire(feeds, received)


def _timeline(entries_: list[Line], zone: str) -> Table:
    table = Table(box=None, padding=(0, 1), show_header=True, header_style="bold")
    table.add_column("occurred", no_wrap=True)
    table.add_column("event", no_wrap=True)
    table.add_column("what")
    day = ""
    for line in entries_:
        at = moment(line.occurred_at, zone)
        shown = at if at[:-6] != day else f"{'':>{len(at) - 5}}{at[-5:]}"
        day = at[:-6]
        style = "red" if line.event == "DeadlineMissed" else "cyan" if line.is_consequence else "bold"
        told = f"{CONSEQUENCE if line.is_consequence else ''}{line.event}"
        table.add_row(shown, Text(told, style=style), Text(line.text))
    return table


def _show_in_short(console: Console, explained: Explained) -> None:
    """An act that is no notice, on one line; `casebridge due` gives its reasons."""
    rules = dict.fromkeys(duty.raised.rule_id for duty in explained.act.duties)
    console.print(Text.assemble("* ", (explained.title, "bold"), f": {explained.state} ", (f"({', '.join(rules)})", "dim")))


def _show_act(console: Console, explained: Explained) -> None:
    state = explained.state
    style = "red" if "miss" in state.lower() else "green" if state.startswith("done") else "yellow"
    console.print(Text.assemble(("* ", ""), (explained.title, "bold"), (": ", ""), (state, style)))
    for reason in dict.fromkeys(explained.reasons):
        console.print(Padding(Text(reason, style="dim"), (0, 0, 0, 4)))


def _given(feeds: dict[str, list[Entry]], zone: str) -> Table:
    table = Table(header_style="bold")
    for column in ("office", "entry", "what", "handed over", "attempts", "receipt", "fields"):
        table.add_column(column)
    for office, given in feeds.items():
        for entry in given:
            when = moment(entry.handed_over_at, zone) if entry.handed_over_at else "not yet"
            fields = ", ".join(entry.paths) or "none"
            if entry.corrected_since:
                fields += f"; untrue since the correction: {', '.join(entry.corrected_since)}"
            table.add_row(
                office, str(entry.number), entry.what, when, str(entry.attempts), entry.receipt or "-", fields
            )
    return table


def _check_wire(feeds: dict[str, list[Entry]], received: list[Received]) -> None:
    """What arrived is what the entries render to: the demo stops loudly where that is not so."""
    arrived = {(item.office, item.number): item.content for item in received}
    rendered = {(office, entry.number): entry.content for office, given in feeds.items() for entry in given}
    assert arrived == rendered, "bytes on the wire differ from the ledger"


# ------------------------------------------------------------------ for programs
def _document(
    casebridge: Casebridge, cases: list[UUID], now: datetime, feeds: dict[str, list[Entry]], received: list[Received]
) -> dict[str, Any]:
    agency = casebridge.backbone.agency("NM-CYFD")
    _check_wire(feeds, received)
    return {
        "cases": [
            {
                "case": str(case_id),
                "timeline": [
                    {"occurred_at": line.occurred_at.isoformat(), "event": line.event, "text": line.text}
                    for line in lines(casebridge.backbone.envelopes(f"case-{case_id}"))
                ],
                "questions": explain_questions(casebridge.backbone.case(case_id), now),
                "acts": [
                    {"title": e.title, "state": e.state, "reasons": list(e.reasons)}
                    for e in explain_acts(casebridge.backbone.case(case_id), agency, now)
                ],
            }
            for case_id in cases
        ],
        "feeds": {office: [entry.document() for entry in given] for office, given in feeds.items()},
    }
