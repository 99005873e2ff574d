"""What a row asks of a case as it stands: all of it, a correction, nothing; or a person, where it contradicts the case.

What a source said last is in the case (`ExportRowTaken`). A difference from it is a correction only where the case still
holds what the source said before; where somebody has put it right since, or where it may have been true until now, a
person decides.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from adapters.importing.convert import Fault
from adapters.importing.rows import Made, Prepared, Raw, Rows, leaves
from adapters.outside_ids import OutsideIds
from domain.case.citizenship import ObtainCitizenshipInformation, PersonOrigin
from domain.case.intake import AddChild, AddParty, OpenCase, Person
from domain.case.state import Case
from domain.facts import Register
from domain.people import BirthDate, birth_date
from domain.personal import Known

NEVER_TRUE = ("name", "birth_date", "relation")
MAYBE_UNTIL_NOW = ("address", "phone")
ORIGIN = ("nationalities", "birth_country", "birth_region", "birth_city")


@dataclass(kw_only=True, slots=True)
class Plan:
    """The commands that take a row over, and what of it a person must look at. `said` is what is remembered of it."""

    raws: list[tuple[Raw, Made | None]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)
    is_new: bool = False
    is_unchanged: bool = False


class Changes:
    def __init__(self, rows: Rows, ids: OutsideIds, source: str) -> None:
        self._rows, self._ids, self._source = rows, ids, source

    def plan(self, prepared: Prepared, case: Case, now: datetime) -> Plan:
        """Pure: `case` is only read. The row is one without faults."""
        assert prepared.row_id is not None
        plan, told = Plan(said=dict(prepared.said), warnings=list(prepared.warnings)), case.sources.rows.get(prepared.row_id)
        if told is None:
            plan.is_new = True
            for made in prepared.commands:
                self._first(made, case, plan)
            return plan
        if not isinstance(told.said, Known):
            because = "what this source said before is withheld"
            plan.faults.append(Fault(column=None, because=because, rule="IMPORT-CHANGED"))
            return plan
        before = dict(entry.rsplit("=", 1) for entry in told.said.value)
        plan.is_unchanged = before == plan.said and not told.is_gone
        if before != plan.said:
            self._compare(prepared, case, before, plan, now)
        return plan

    def take(self, prepared: Prepared, plan: Plan, case: Case, now: datetime) -> Raw | None:
        """The command that remembers what the row said; None where nothing is new of it."""
        row = case.sources.rows.get(cast(UUID, prepared.row_id))
        said = [f"{path}={digest}" for path, digest in sorted(plan.said.items())]
        if row is not None and row.said == Known(tuple(said)) and not row.is_gone:
            return None
        first = prepared.commands[0]
        people = prepared.person_ids(case.intake.people) or tuple(child.person_id for child in case.intake.children)
        data = {
            "source": self._source, "row_id": str(prepared.row_id), "person_ids": [str(person) for person in people],
            "said": said,
        }
        return self._raw("TakeExportRow", first, data, now, "take", case.version)

    # ------------------------------------------------------------------ a row that is told for the first time
    def _first(self, made: Made, case: Case, plan: Plan) -> None:
        """A command of a new row; what an earlier row of the same case has brought already is only compared."""
        command = made.line.command
        if isinstance(command, OpenCase) and case.intake.is_open:
            return
        if isinstance(command, AddChild | AddParty):
            person = case.intake.people.get(command.child_id if isinstance(command, AddChild) else command.party_id)
            if person is not None:
                self._again(made, command, person, plan)
                return
        plan.raws.append((made.raw, made))

    def _again(self, made: Made, command: AddChild | AddParty, person: Person, plan: Plan) -> None:
        """A person whom another row told of: the same particulars are nothing, others a contradiction."""
        for name in (*NEVER_TRUE, *MAYBE_UNTIL_NOW):
            value = _value(command, name)
            if value is not None and getattr(person, name).value != Known(value):
                because = "another row or a person told this otherwise: a person decides which is true"
                plan.faults.append(made.fault(because, "IMPORT-CONTRADICTED", f"data.{name}"))
        if isinstance(command, AddParty):
            for child_id in command.child_ids:
                if child_id not in person.child_ids:
                    data = {"party_id": str(command.party_id), "child_id": str(child_id)}
                    link = {**made.raw, "command": "LinkPartyToChild", "data": data}
                    link["command_id"] = str(self._ids.made("link", str(made.raw["command_id"]), str(child_id)))
                    plan.raws.append((link, made))

    # ------------------------------------------------------------------ a row that says something else than before
    def _compare(self, prepared: Prepared, case: Case, before: Mapping[str, str], plan: Plan, now: datetime) -> None:
        labels = {entry.partition(" ")[0] for entry in before}
        for made in prepared.commands:
            if made.label not in labels:
                self._first(made, case, plan)
                continue
            old, new = _of(made.label, before), _of(made.label, plan.said)
            if old != new:
                self._changed(made, case, old, new, plan, now)
        for label in sorted(labels - {made.label for made in prepared.commands}):
            self._gone(label.partition("#")[0], None, plan)

    def _changed(
        self, made: Made, case: Case, old: Mapping[str, str], new: Mapping[str, str], plan: Plan, now: datetime
    ) -> None:
        command = made.line.command
        paths = {path for path in {*old, *new} if old.get(path) != new.get(path)}
        for path in sorted(paths - set(new)):
            self._gone(type(command).__name__, made.fault("", "", path).column, plan)
        paths &= set(new)
        if isinstance(command, AddChild | AddParty):
            paths = self._particulars(made, command, case, old, paths, plan, now)
        elif isinstance(command, ObtainCitizenshipInformation):
            paths = self._origins(made, command, case, old, paths, plan, now)
        for path in sorted(paths):
            because = "it was told otherwise before, and no command corrects it by itself: a person decides"
            self._left(made, path, old, because, "IMPORT-CHANGED", plan)

    def _particulars(
        self, made: Made, command: AddChild | AddParty, case: Case, old: Mapping[str, str], paths: set[str], plan: Plan,
        now: datetime,
    ) -> set[str]:
        """Corrects what was never true of a person; gives back the paths that it did not deal with."""
        person = case.intake.people.get(command.child_id if isinstance(command, AddChild) else command.party_id)
        if person is None:
            return paths
        for name in (*NEVER_TRUE, *MAYBE_UNTIL_NOW):
            mine = {path for path in paths if _is_of(path, name)}
            value, register = _value(command, name), getattr(person, name)
            if not mine or value is None:
                continue
            paths = paths - mine
            if register.value == Known(value):
                continue
            before = {path: digest for path, digest in old.items() if _is_of(path, name)}
            if register.current is not None and not self._holds(made.label, before, _written(name, register)):
                because = "the case holds another value since, on a person's word: a person decides"
                self._left(made, min(mine), old, because, "IMPORT-CONTRADICTED", plan, mine)
            elif register.current is not None and name in MAYBE_UNTIL_NOW:
                because = "it may have been true until now: a person records whether it was"
                self._left(made, min(mine), old, because, "IMPORT-CHANGED", plan, mine)
            else:
                self._correct(made, person, name, register, plan, now)
        return paths

    def _correct(
        self, made: Made, person: Person, name: str, register: Register[Any], plan: Plan, now: datetime
    ) -> None:
        given: Raw = made.raw["data"]
        replaces = person.event_id if register.current is None else register.current.event_id
        data = {
            "correction_id": str(self._ids.made("correction", str(replaces), name, str(made.raw["command_id"]))),
            "person_id": str(person.person_id), "replaces_event_id": str(replaces), "evidence": f"export of {self._source}",
            name: given[name],
        }
        if name == "birth_date" and "birth_date_is_estimate" in given:
            data["birth_date_is_estimate"] = given["birth_date_is_estimate"]
        plan.raws.append((self._raw("CorrectFact", made, data, now, "correct", name, str(replaces)), made))

    def _origins(
        self, made: Made, command: ObtainCitizenshipInformation, case: Case, old: Mapping[str, str], paths: set[str],
        plan: Plan, now: datetime,
    ) -> set[str]:
        """Corrects where people are from; gives back the paths that it did not deal with."""
        for index, told in enumerate(command.persons):
            dot = f"data.persons[{index}]."
            mine = {path for path in paths if path.startswith(dot)}
            if not mine or f"{dot}person_id" in mine:
                continue  # Another person stands there now: nobody's origin is corrected by that.
            paths = paths - mine
            registers = {name: getattr(case.citizenship.of(told.person_id), name) for name in ORIGIN}
            if all(_same(registers[name], getattr(told, name)) for name in ORIGIN):
                continue
            held = {f"{dot}{name}": _plain(register) for name, register in registers.items() if register.is_known}
            before = {path: digest for path, digest in old.items() if path.startswith(dot) and not path.endswith("_id")}
            rests_on = registers["nationalities"].current or registers["birth_country"].current
            if rests_on is None or not self._holds(made.label, before, held):
                because = "the case holds another origin since, on a person's word: a person decides"
                self._left(made, min(mine), old, because, "IMPORT-CONTRADICTED", plan, mine)
                continue
            data = {
                "correction_id": str(self._ids.made("correction", str(rests_on.event_id), made.raw["command_id"])),
                "person_id": str(told.person_id), "replaces_event_id": str(rests_on.event_id),
                "evidence": f"export of {self._source}", **_origin(told, registers),
            }
            raw = self._raw("CorrectCitizenship", made, data, now, "origin", str(told.person_id), str(rests_on.event_id))
            plan.raws.append((raw, made))
        return paths

    def _holds(self, label: str, before: Mapping[str, str], held: Mapping[str, Any]) -> bool:
        """Whether the case still holds what the source said before, as far as it said anything."""
        return all(
            path in held and self._rows.digest(label, path, held[path]) == digest for path, digest in before.items()
        )

    def _left(
        self, made: Made, path: str, old: Mapping[str, str], because: str, rule: str, plan: Plan,
        paths: set[str] | None = None,
    ) -> None:
        """A change that is not taken over: what the source said before stays remembered, so that it is seen again."""
        plan.faults.append(made.fault(because, rule, path))
        for one in paths or {path}:
            plan.said.pop(f"{made.label} {one}")
            if one in old:
                plan.said[f"{made.label} {one}"] = old[one]

    def _gone(self, command: str, column: str | None, plan: Plan) -> None:
        because = f"the source says it no longer ({command}); what was recorded stands"
        plan.warnings.append(Fault(column=column, because=because, rule="IMPORT-CHANGED", command=command))

    def _raw(self, command: str, made: Made, data: Mapping[str, Any], now: datetime, *parts: object) -> Raw:
        content = str(sorted(data.items()))
        command_id = self._ids.made("change", command, str(made.line.case_id), content, *map(str, parts))
        return {
            "command": command, "command_id": str(command_id), "agency": made.raw["agency"], "case": made.raw["case"],
            "actor": made.raw["actor"], "occurred_at": now.isoformat(), "data": dict(data),
        }


def silence(row_id: UUID, case_id: UUID, case: Case, agency: str, actor: Raw, ids: OutsideIds, now: datetime) -> Raw:
    """The command that asks why a row is gone."""
    command_id = ids.made("silence", str(row_id), str(case.version))
    return {
        "command": "NoteSourceSilence", "command_id": str(command_id), "agency": agency, "case": str(case_id),
        "actor": actor, "occurred_at": now.isoformat(), "data": {"row_id": str(row_id)},
    }


def _of(label: str, said: Mapping[str, str]) -> dict[str, str]:
    return {path.partition(" ")[2]: digest for path, digest in said.items() if path.partition(" ")[0] == label}


def _is_of(path: str, name: str) -> bool:
    return path.startswith((f"data.{name}.", f"data.{name}_is_")) or path == f"data.{name}"


def _value(command: AddChild | AddParty, name: str) -> Any:
    """What the command says of one particular, as the case holds it; None where it says nothing."""
    value = getattr(command, name, None)
    if name == "birth_date" and value is not None:
        return birth_date(value, command.birth_date_known_to, is_estimate=command.birth_date_is_estimate)
    return value


def _written(name: str, register: Register[Any]) -> dict[str, Any]:
    """What the case holds, in the words and under the paths of a command."""
    value = register.value
    if not isinstance(value, Known):
        return {}
    held = value.value
    if isinstance(held, BirthDate):
        return {"data.birth_date": held.day.isoformat(), "data.birth_date_is_estimate": held.is_estimate}
    if isinstance(held, str):
        return {f"data.{name}": held}
    return dict(_fields(held, f"data.{name}"))


def _fields(held: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield from leaves({name: getattr(held, name) for name in held.__slots__}, path)


def _plain(register: Register[Any]) -> Any:
    value = cast(Known[Any], register.value).value
    return list(value) if isinstance(value, tuple) else value


def _same(register: Register[Any], value: Any) -> bool:
    return value is None or register.value == Known(value)


def _origin(told: PersonOrigin, registers: Mapping[str, Register[Any]]) -> dict[str, Any]:
    """The origin as the row tells it; what it leaves out stands as it was."""
    origin: dict[str, Any] = {}
    for name in ORIGIN:
        value = getattr(told, name)
        if value is None and registers[name].is_known:
            value = _plain(registers[name])
        if value is not None:
            origin[name] = list(value) if isinstance(value, tuple) else value
    return origin
