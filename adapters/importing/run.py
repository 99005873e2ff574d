"""An import: every row is checked for form first, then each is judged on the case as it stands, and only then recorded."""
from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from adapters.backbone import Backbone, Outcome
from adapters.commands import OF_ONE_LINE, parse_line
from adapters.importing.changes import Changes, Plan, silence
from adapters.importing.convert import Fault
from adapters.importing.mapping import ImportMapping
from adapters.importing.reading import Record, records
from adapters.importing.rows import Made, Prepared, Raw, Rows
from domain.case.sources import ExportRowTaken
from domain.case.state import Case
from domain.ports import READ_LIMIT_MAX
from domain.refusals import Refused

CASES_KEPT_MAX = 2_000
"""A dry run keeps so many cases as its rows would leave them; rows of a family further apart are not judged."""
SHOWN_MAX = 20

Report = Callable[[Mapping[str, Any]], None]
Submit = Callable[[int, Raw], Outcome]
Tell = Callable[[int], None]


@dataclass(kw_only=True, slots=True)
class Summary:
    """What an import did, or would do. `rows` counts by new, changed, unchanged, refused, gone and not judged."""

    rows: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    faults: int = 0
    warnings: int = 0
    shown: list[tuple[int, Fault]] = field(default_factory=list)
    noted: list[tuple[int, Fault]] = field(default_factory=list)

    @property
    def is_fine(self) -> bool:
        return not self.faults


class Import:
    """One file, one mapping. `submit` records one command; `report` is told of every row, and never a value of it."""

    def __init__(
        self, backbone: Backbone, mapping: ImportMapping, path: Path, *, principal: str, submit: Submit, report: Report,
        tell: Tell,
    ) -> None:
        self._backbone, self._mapping, self._path, self._principal = backbone, mapping, path, principal
        self._submit, self._report, self._tell = submit, report, tell
        self._rows = Rows(mapping, backbone.outside_ids)
        self._changes = Changes(self._rows, backbone.outside_ids, mapping.source)
        self._seen: dict[bytes, int] = {}  # each row of the file, and the line where it stands: reading.ROWS_MAX at most
        self._kept: OrderedDict[UUID, Case] = OrderedDict()
        self._dropped: set[UUID] = set()
        self._columns: set[str] = set()

    def check(self) -> Summary:
        """The form of every row. Nothing is recorded. Raises Refused where the file is none that the mapping can read."""
        summary = Summary()
        with self._path.open("rb") as source:
            for record in records(self._path, source, self._mapping):
                prepared = self._prepared(record)
                if prepared.faults:
                    self._tell_of(summary, prepared, "refused", prepared.faults, prepared.warnings)
                else:
                    summary.rows["read"] += 1
                self._tell(record.offset)
        if not self._seen and summary.is_fine:
            raise Refused("the file has no rows", rule="IMPORT-FILE")
        return summary

    def run(self, *, is_dry: bool, is_snapshot: bool) -> Summary:
        """Take every row over, after `check` found nothing; or only say what that would do."""
        summary, first = Summary(), self._path.stat()
        for column in sorted(self._mapping.columns - self._columns):
            unread = Fault(column=column, because="no row of the file has this column", rule="IMPORT-FILE")
            summary.warnings += 1
            summary.noted = [*summary.noted, (0, unread)][:SHOWN_MAX]
        self._seen.clear()
        with self._path.open("rb") as source:
            for record in records(self._path, source, self._mapping):
                self._one(summary, self._prepared(record), is_dry)
                self._tell(first.st_size + record.offset)
        if is_snapshot:
            for row_id, case_id in self._missing():
                self._silent(summary, row_id, case_id, is_dry)
        return summary

    # ------------------------------------------------------------------ one row
    def _prepared(self, record: Record) -> Prepared:
        self._columns.update(record.cells or ())
        prepared = self._rows.prepared(record)
        if prepared.row_id is None:
            return prepared
        first = self._seen.setdefault(prepared.row_id.bytes, prepared.number)
        if first == prepared.number:
            return prepared
        twice = Fault(column=", ".join(self._mapping.row), because=f"this row stands in line {first} too", rule="IMPORT-ROW")
        return Prepared(number=prepared.number, row_id=prepared.row_id, faults=(*prepared.faults, twice))

    def _one(self, summary: Summary, prepared: Prepared, is_dry: bool) -> None:
        case_id = prepared.case_id
        if prepared.faults or case_id is None:
            self._tell_of(summary, prepared, "refused", prepared.faults, prepared.warnings)
            return
        if case_id in self._dropped:
            self._tell_of(summary, prepared, "not judged", (), prepared.warnings)
            return
        now, case = self._backbone.clock.now(), self._case(case_id)
        plan = self._changes.plan(prepared, case, now)
        commands = self._judged(prepared, plan, case, case_id, is_dry)
        refused = not commands and bool(plan.faults)
        if refused or plan.is_unchanged:
            status = "refused" if refused else "unchanged"
        else:
            status = "new" if plan.is_new else "changed"
            if not is_dry:
                plan.faults += self._recorded(prepared, commands)
            summary.commands.update(str(raw["command"]) for raw, _ in commands)
        self._tell_of(summary, prepared, status, tuple(plan.faults), tuple(plan.warnings), commands)

    def _judged(
        self, prepared: Prepared, plan: Plan, case: Case, case_id: UUID, is_dry: bool
    ) -> list[tuple[Raw, Made | None]]:
        """The row's commands, the one that remembers it last; none where any of them would be refused."""
        if plan.is_new and plan.faults:
            return []
        commands, after = list(plan.raws), case
        for raw, made in commands:
            fault, after = self._rehearsed(raw, made, after)
            if fault is not None:
                plan.faults.append(fault)
                return []
        take = self._changes.take(prepared, plan, after, self._backbone.clock.now())
        if take is not None:
            fault, after = self._rehearsed(take, None, after)
            if fault is not None:
                plan.faults.append(fault)
                return []
            commands.append((take, None))
        if is_dry:
            self._keep(case_id, after)
        return commands

    def _rehearsed(self, raw: Raw, made: Made | None, case: Case) -> tuple[Fault | None, Case]:
        try:
            line = made.line if made and raw is made.raw else parse_line(raw, self._backbone.outside_ids.ours)
            return None, self._backbone.judged(line, case, principal=self._principal)
        except Refused as refused:
            because, rule, field = refused.because, refused.rule, refused.field
        except OF_ONE_LINE as error:
            because, rule, field = f"a value cannot be reckoned with ({type(error).__name__})", "COMMAND-FORM", None
        if made is not None:
            return made.fault(because, rule, field), case
        return Fault(column=None, because=because, rule=rule, field=field, command=raw["command"]), case

    def _recorded(self, prepared: Prepared, commands: list[tuple[Raw, Made | None]]) -> list[Fault]:
        for count, (raw, made) in enumerate(commands):
            outcome = self._submit(prepared.number, raw)
            if outcome.status == "refused":
                because = f"{outcome.because}; {count} of {len(commands)} commands were recorded: import the file again"
                if made is not None:
                    return [made.fault(because, outcome.rule or "", outcome.field)]
                return [Fault(column=None, because=because, rule=outcome.rule or "", command=raw["command"])]
        return []

    # ------------------------------------------------------------------ what is not there any more
    def _missing(self) -> Iterator[tuple[UUID, UUID]]:
        """Rows that this source told once and that the file has not, each with its case. One pass over the log."""
        cases: dict[bytes, bytes] = {}
        after = 0
        while rows := self._backbone.log.read_log(after=after, limit=READ_LIMIT_MAX):
            after = rows[-1].position
            for row in rows:
                if row.topic != ExportRowTaken.TOPIC:
                    continue
                envelope = self._backbone.codec.decode(row)
                told = envelope.event
                assert isinstance(told, ExportRowTaken)
                is_ours = (told.source, envelope.circumstances.agency) == (self._mapping.source, self._mapping.agency)
                if is_ours and told.row_id.bytes not in self._seen:
                    cases[told.row_id.bytes] = UUID(row.stream.removeprefix("case-")).bytes
        for row_id, case_id in cases.items():
            yield UUID(bytes=row_id), UUID(bytes=case_id)

    def _silent(self, summary: Summary, row_id: UUID, case_id: UUID, is_dry: bool) -> None:
        case, mapping = self._case(case_id), self._mapping
        known = case.sources.rows.get(row_id)
        if known is None or known.is_gone:
            return
        actor = {"agency": mapping.agency, "role": mapping.role, "user": mapping.user}
        now = self._backbone.clock.now()
        raw = silence(row_id, case_id, case, mapping.agency, actor, self._backbone.outside_ids, now)
        fault, after = self._rehearsed(raw, None, case)
        faults = [] if fault is None else [fault]
        if is_dry:
            self._keep(case_id, after)
        elif fault is None:
            faults = self._recorded(Prepared(number=0), [(raw, None)])
        because = f"{mapping.source} tells of this no longer: a question stands in the case"
        gone = Fault(column=None, because=because, rule="IMPORT-GONE")
        if not faults:
            summary.commands["NoteSourceSilence"] += 1
        self._tell_of(
            summary, Prepared(number=0), "refused" if faults else "gone", tuple(faults), (gone,), [(raw, None)], case_id
        )

    # ------------------------------------------------------------------ cases of a dry run, and telling
    def _case(self, case_id: UUID) -> Case:
        kept = self._kept.get(case_id)
        return self._backbone.case(case_id) if kept is None else kept

    def _keep(self, case_id: UUID, case: Case) -> None:
        self._kept[case_id] = case
        self._kept.move_to_end(case_id)
        while len(self._kept) > CASES_KEPT_MAX:
            self._dropped.add(self._kept.popitem(last=False)[0])

    def _tell_of(
        self, summary: Summary, prepared: Prepared, status: str, faults: tuple[Fault, ...], warnings: tuple[Fault, ...],
        commands: list[tuple[Raw, Made | None]] | None = None, case_id: UUID | None = None,
    ) -> None:
        summary.rows[status] += 1
        summary.faults += len(faults)
        summary.warnings += len(warnings)
        summary.shown += [(prepared.number, fault) for fault in faults][: SHOWN_MAX - len(summary.shown)]
        summary.noted += [(prepared.number, warning) for warning in warnings][: SHOWN_MAX - len(summary.noted)]
        case = case_id or prepared.case_id
        self._report({
            "line": prepared.number or None, "status": status, "case": str(case) if case else None,
            "commands": [raw["command"] for raw, _ in commands or ()],
            "refusals": [asdict(fault) for fault in faults], "warnings": [asdict(warning) for warning in warnings],
        })
