"""A dry run over the log: every case decided again under a changed pack, one after the other, and nothing written."""
from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from adapters.avro import Unreadable
from adapters.backbone import Backbone
from domain.agency.state import Agency
from domain.agency.state import evolve as evolve_agency
from domain.events import Envelope
from domain.policy.dry_run import Change, Standing, compare, with_pack
from domain.policy.pack import parse_pack
from domain.ports import READ_LIMIT_MAX, Recorded

CASES_NAMED_MAX = 20  # of each rule and change; the counts are whole
Tell = Callable[[int], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """The changed pack: in force, as is supposed, from `since` on."""

    text: str
    digest: str
    since: datetime


@dataclass(kw_only=True, slots=True)
class Counted:
    """How often one change of one rule, and in which cases; the first of them by name."""

    duties: int = 0
    cases: int = 0
    named: list[UUID] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class Report:
    """What a changed pack would do, by agency, jurisdiction and rule. It names cases, and nobody in them."""

    pack_id: str
    digest: str
    since: datetime
    at: datetime
    lineage: UUID
    position: int
    agencies: tuple[str, ...]
    cases: int = 0
    events: int = 0
    counted: dict[tuple[str, str, str, Change], Counted] = field(default_factory=dict)
    unreadable: Counted = field(default_factory=Counted)

    def document(self) -> dict[str, Any]:
        """JSON's own types, the same for the same report."""
        return {
            "pack": self.pack_id, "digest": self.digest, "in_force_from": self.since.isoformat(), "at": self.at.isoformat(),
            "log": {"lineage": str(self.lineage), "position": self.position}, "agencies": list(self.agencies),
            "cases": self.cases, "events": self.events,
            "rules": [
                {"agency": agency, "jurisdiction": jurisdiction, "rule_id": rule_id, "change": change.value,
                 "duties": found.duties, "cases": found.cases, "first_cases": [str(case) for case in found.named]}
                for (agency, jurisdiction, rule_id, change), found in sorted(self.counted.items())
            ],
            "unreadable": {"cases": self.unreadable.cases, "first_cases": [str(case) for case in self.unreadable.named]},
        }

    def report_digest(self) -> str:
        """SHA-256 of the canonical document: what an adoption carries."""
        canonical = json.dumps(self.document(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def dry_run(backbone: Backbone, text: Text, agencies: Sequence[str], *, now: datetime, tell: Tell) -> Report:
    """Decide every case of these agencies again under `text`, up to the log's head as it is now.

    One case is held at a time. `tell` learns how many events have been read. A case with an event that cannot be read is
    named, and not counted. Raises Refused where the text is no pack, LogUnavailable, KeysUnavailable.
    """
    head = backbone.log.head()
    report = Report(
        pack_id=parse_pack(text.text, text.digest).id, digest=text.digest, since=text.since, at=now, lineage=head.lineage,
        position=head.position, agencies=tuple(sorted(agencies)),
    )
    real = {code: _standing(backbone, code, head.position) for code in agencies}
    other = {
        code: [(at, with_pack(agency, text.text, text.digest, text.since)) for at, agency in standing]
        for code, standing in real.items()
    }
    read = 0
    for stream in _cases(backbone):
        rows = _rows(backbone, stream, head.position)
        read += len(rows)
        try:
            history = [backbone.codec.decode(row) for row in rows]
        except Unreadable:
            _name(report.unreadable, UUID(stream.removeprefix("case-")))
            continue
        code = history[0].circumstances.agency if history else ""
        if real.get(code):
            _count(report, stream, code, history, real[code], other[code])
        tell(read)
    return report


def _count(report: Report, stream: str, code: str, history: list[Envelope], real: Standing, other: Standing) -> None:
    case_id = UUID(stream.removeprefix("case-"))
    comparison = compare(history, real, other, now=report.at)
    report.cases, report.events = report.cases + 1, report.events + len(history)
    seen: set[tuple[str, Change]] = set()
    for rule_id, change in comparison.changes:
        found = report.counted.setdefault((code, comparison.jurisdiction, rule_id, change), Counted())
        found.duties += 1
        if (rule_id, change) not in seen:
            seen.add((rule_id, change))
            _name(found, case_id)


def _name(found: Counted, case_id: UUID) -> None:
    found.cases += 1
    if len(found.named) < CASES_NAMED_MAX:
        found.named.append(case_id)


def _standing(backbone: Backbone, code: str, head: int) -> list[tuple[int, Agency]]:
    """The agency as each event of its stream left it."""
    agency, found = Agency(code=code), list[tuple[int, Agency]]()
    for envelope in backbone.envelopes(f"agency-{code}"):
        assert envelope.position is not None, "what was read from the log has its position"
        if envelope.position > head:
            break
        agency = evolve_agency(agency, envelope)
        found.append((envelope.position, agency))
    return found


def _cases(backbone: Backbone) -> Iterator[str]:
    after = ""
    while streams := backbone.log.streams("case-", after=after, limit=READ_LIMIT_MAX):
        yield from (name for name, _ in streams)
        after = streams[-1][0]


def _rows(backbone: Backbone, stream: str, head: int) -> list[Recorded]:
    found: list[Recorded] = []
    while rows := backbone.log.read_stream(stream, after=found[-1].version if found else 0, limit=READ_LIMIT_MAX):
        found += [row for row in rows if row.position <= head]
        if len(rows) < READ_LIMIT_MAX or rows[-1].position > head:
            break
    return found
