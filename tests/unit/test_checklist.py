"""What the packs expect beyond duties: items that are done or not, what is not done, where the guide is silent."""
from __future__ import annotations

from dataclasses import replace

from adapters.reading.processes import expected_lines, shown_processes
from domain.agency.state import Adoption
from domain.case.checklist import Applies, Expected, expected_of
from domain.case.documents import DocumentKind, DocumentSource, RequestDocument
from domain.case.screening import (
    CompleteTraffickingScreening,
    ScreeningOutcome,
    ScreeningTool,
    TraffickingScreeningCompleted,
)
from domain.case.state import fold
from domain.personal import WITHHELD
from tests.specification import NOON, Scenario, an_id, new_mexico
from tests.unit.people import CHILD, FAMILY, from_country, obtain, take_child

PACK = """
[pack]
id = "DESK"
layer = "agency"
jurisdiction = "NM"
zone = "America/Denver"
source = "made up"
as_reported = "as reported in a test"
effective_from = 2024-01-01

[[rule]]
id = "DESK-ASK-PAPERS"
force = "PRACTICE"
process = "P11"
tracked = false
scope = "case"
words = "Ask for the birth certificate."
met_by = "DocumentRequested"
met_with = { doc_type = "birth_certificate" }
source_lines = "1"

[[rule]]
id = "DESK-MEXICO"
force = "SHOULD"
process = "P03"
tracked = false
scope = "case"
trigger = "origin_in_mexico"
words = "Look for relatives in Mexico."
source_lines = "2"

[[rule]]
id = "DESK-NEVER"
force = "NOT"
process = "P01"
tracked = false
scope = "case"
words = "Nobody is asked for their status."
source_lines = "3"

[[rule]]
id = "DESK-SILENT"
force = "SILENT"
process = "P01"
tracked = false
scope = "case"
words = "Nothing is said of interviews."
source_lines = "4"
"""
pack = Adoption(id="DESK", digest="digest of the desk", text=PACK, effective_at=NOON.replace(year=2024))
desk = replace(new_mexico(), packs=(pack,))
in_custody = Scenario(standing=desk).given(*FAMILY, take_child)


def expected(scenario: Scenario, process: str) -> Expected:
    return expected_of(scenario.case, scenario.standing, scenario.at).get(process, Expected())


def lines(scenario: Scenario, process: str) -> list[str]:
    [shown] = [
        one for one in shown_processes(scenario.case, scenario.standing, scenario.at) if one.process.id == process
    ]
    return list(expected_lines(scenario.case, shown, scenario.standing))


def ask(kind: DocumentKind) -> RequestDocument:
    return RequestDocument(request_id=an_id(kind), person_id=CHILD, doc_type=kind, source=DocumentSource.FAMILY)


def test_an_item_is_done_by_the_event_that_its_pack_names_and_by_no_other_value() -> None:
    [item] = expected(in_custody, "P11").items
    assert (item.rule.id, item.done, item.applies) == ("DESK-ASK-PAPERS", None, Applies.ALWAYS)
    [still] = expected(in_custody.given(ask(DocumentKind.PASSPORT)), "P11").items
    assert still.done is None, "a passport is no birth certificate"
    asked = in_custody.given(ask(DocumentKind.BIRTH_CERTIFICATE))
    [done] = expected(asked, "P11").items
    assert done.done is not None and done.done.occurred_at == asked.at
    assert lines(asked, "P11") == [
        "[x] done Thu 13 Aug 2026 13:00: Ask for the birth certificate. "
        "(DESK-ASK-PAPERS, PRACTICE, as reported in a test)"
    ]


def test_an_item_applies_as_its_trigger_says() -> None:
    [unknown] = expected(in_custody, "P03").items
    assert unknown.applies is Applies.CANNOT_TELL
    assert lines(in_custody, "P03") == [], "nothing stands there, and nobody can tell whether it applies"
    [applies] = expected(in_custody.given(obtain(from_country(CHILD, "MX"))), "P03").items
    assert applies.applies is Applies.YES
    elsewhere = in_custody.given(obtain(*(from_country(person, "GT") for person in in_custody.case.intake.people)))
    assert expected(elsewhere, "P03").items == (), "its trigger says no of every child"


def test_what_is_not_done_is_told_apart_from_where_the_guide_is_silent() -> None:
    of = expected(in_custody, "P01")
    assert ([rule.id for rule in of.forbidden], [rule.id for rule in of.silent]) == (["DESK-NEVER"], ["DESK-SILENT"])
    assert lines(in_custody, "P01") == [
        "not done: Nobody is asked for their status. (DESK-NEVER)",
        "the guide is silent: Nothing is said of interviews. Use the US rules. (DESK-SILENT)",
    ]


def test_an_encrypted_value_counts_where_it_is_known_and_not_where_it_is_withheld() -> None:
    text = PACK.replace("DocumentRequested", "TraffickingScreeningCompleted").replace(
        'doc_type = "birth_certificate"', 'outcome = "clear"'
    )
    standing = replace(new_mexico(), packs=(pack._replace(text=text, digest="another digest"),))
    screened = replace(in_custody, standing=standing).given(CompleteTraffickingScreening(
        screening_id=an_id("screening"), child_id=CHILD, tool=ScreeningTool.INTERNAL, outcome=ScreeningOutcome.CLEAR,
    ))
    [item] = expected(screened, "P11").items
    assert item.done is not None
    hidden = [
        envelope._replace(event=replace(envelope.event, outcome=WITHHELD))
        if isinstance(envelope.event, TraffickingScreeningCompleted) else envelope
        for envelope in screened.envelopes
    ]
    [item] = expected(replace(screened, case=fold(hidden)), "P11").items
    assert item.done is None
