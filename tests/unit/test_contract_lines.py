"""Every line of every contract is held to a second writing of it: who lets what go, on which ground, in which form."""
from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.disclosure.check import check
from domain.disclosure.contract import Contract, parse_contract
from domain.disclosure.kinds import reaches_homeland
from domain.refusals import Refused
from tests.specification import ROOT

CONTRACTS = sorted((ROOT / "domain" / "contracts").glob("*.toml"))
REFERENCE = ROOT / "tests" / "reference" / "disclosure-contracts.csv"
COLUMNS = (
    "file", "kind", "version", "denied", "purpose", "places", "publishes", "renderer", "release", "path", "transform",
    "free_text", "needs", "words",
)
LINE = re.compile(r"^(\s*[a-z_]+ = |\s*\[\[?[a-z.]+\]\]?)", re.MULTILINE)


def parsed(text: str) -> Contract:
    """A lawful contract. Of an earlier version its address may bring landmarks unnamed, which is said of no last one."""
    contract = parse_contract(text, hashlib.sha256(text.encode()).hexdigest())
    successor = f"{contract.recipient_kind.lower()}.v{contract.version + 1}.toml"
    is_last = not (ROOT / "domain" / "contracts" / successor).exists()
    for finding in check(contract):
        if is_last or finding.ban != "FREE-TEXT":
            raise Refused(str(finding), rule=finding.ban, field="text")
    return contract


def words_of(text: str) -> str:
    """A sign of a text that people read: the manual shows the text itself."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def rows(file: str, contract: Contract) -> Iterator[tuple[str, ...]]:
    """A row for each flow and for each of its fields."""
    head = file, contract.recipient_kind, str(contract.version), "yes" if contract.denied else ""
    if contract.denied:
        yield (*head, *[""] * 9, words_of(contract.denied))
    for flow in contract.flows:
        each = *head, flow.purpose.value, " ".join(flow.places)
        yield (*each, flow.publishes, flow.renderer, flow.release.value, "", "", "", "", words_of(flow.basis))
        for field in flow.fields:
            needs = " ".join(sorted(field.needs))
            yield (*each, "", "", "", field.path, field.transform.value, field.free_text or "", needs, words_of(field.basis))


def written(files: dict[str, Contract]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for file, contract in files.items():
        writer.writerows(rows(file, contract))
    return text.getvalue()


def test_the_contracts_say_what_their_second_writing_says() -> None:
    made = written({path.name: parsed(path.read_text(encoding="utf-8")) for path in CONTRACTS})
    assert made == REFERENCE.read_text(encoding="utf-8"), (
        "a contract has changed: look at each row, and write it anew with `python -m tests.unit.test_contract_lines`"
    )


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.name)
def test_no_line_can_be_taken_out_of_a_contract_unseen(path: Path) -> None:
    """Without any one line the text is none, is unlawful, or says something else than its second writing."""
    text = path.read_text(encoding="utf-8")
    lines, whole = text.splitlines(keepends=True), list(rows(path.name, parsed(text)))
    seen = 0
    for number, line in enumerate(lines):
        if not LINE.match(line):
            continue
        seen += 1
        try:
            other = parsed("".join((*lines[:number], *lines[number + 1:])))
        except Refused:
            continue
        assert list(rows(path.name, other)) != whole, f"line {number + 1}: {line.strip()}"
    assert seen >= 3


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.name)
def test_who_lets_go_and_on_which_ground_cannot_be_turned_round_unseen(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    whole = list(rows(path.name, parsed(text)))
    for before, after in (('"first_by_person"', '"person"'), ('"person"', '"first_by_person"'), (', "court_order"]', "]")):
        for found in re.finditer(re.escape(before), text):
            changed = text[:found.start()] + after + text[found.end():]
            try:
                other = parsed(changed)
            except Refused:
                continue
            assert list(rows(path.name, other)) != whole


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.name)
def test_what_reaches_homeland_security_waits_for_a_person_each_time(path: Path) -> None:
    """And elsewhere at least the first of a case to an office does (decision 14): no other word can stand there."""
    contract = parsed(path.read_text(encoding="utf-8"))
    for flow in contract.flows:
        assert flow.release in ({"person"} if reaches_homeland(contract.recipient_kind) else {"person", "first_by_person"})


if __name__ == "__main__":
    REFERENCE.write_text(
        written({path.name: parsed(path.read_text(encoding="utf-8")) for path in CONTRACTS}), encoding="utf-8"
    )
