"""The partners' manual says in both languages what the contracts say, and nothing that only our own source means."""
from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from adapters.avro.published import shipped
from adapters.reading import manual_es
from adapters.reading.manual import pages, said
from domain.disclosure.contract import Contract
from domain.disclosure.purposes import Purpose

CONTRACTS = shipped()
PAGES = pages(CONTRACTS)
SPANISH = sorted(name for name in PAGES if name.endswith(".es.md"))
OURS = re.compile(r"\([^()]*\b(?:[LPT]\d+|the source|no more|recorded ground)\b[^()]*\)")


def texts(contract: Contract) -> Iterator[str]:
    if contract.denied is not None:
        yield contract.denied
    for flow in contract.flows:
        yield flow.basis
        yield from (field.basis for field in flow.fields)


def test_every_basis_reason_and_denial_of_every_shipped_contract_has_its_spanish_and_none_is_left_over() -> None:
    in_force = {said(text, "en") for contract in CONTRACTS for text in texts(contract)}
    assert set(manual_es.TEXTS) == in_force
    assert len(manual_es.TEXTS) == len(manual_es.DENIALS) + len(manual_es.BASES) + len(manual_es.REASONS)
    assert set(manual_es.PURPOSES) == {purpose.value for purpose in Purpose if any(c.flow(purpose) for c in CONTRACTS)}


@pytest.mark.parametrize("text", [
    "Where (named by the source, L422-429)", "Where (needed for this, no more)", "Where (only on a recorded ground)",
    "Where (T6)", "Where (P19)", "Where (L482, L490)", "Where.",
])
def test_where_our_source_says_so_is_left_out(text: str) -> None:
    assert (said(text, "en"), said(text, "es")) == ("Where", "Dónde")


def test_what_an_agency_itself_put_in_brackets_stays_and_a_text_without_spanish_says_that_it_is_english() -> None:
    assert said("Which clinic (by the Texas list)", "en") == "Which clinic (by the Texas list)"
    assert said("Which clinic (L12)", "es") == "Which clinic (en inglés)"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_page_cites_our_own_source(name: str) -> None:
    assert OURS.findall(PAGES[name]) == []


@pytest.mark.parametrize("name", SPANISH)
def test_a_spanish_page_says_nothing_in_english_but_codes(name: str) -> None:
    text = re.sub(r"`[^`]*`|\]\([^)]*\)|\[para las contrapartes \(en inglés\)", "", PAGES[name])
    assert "en inglés" not in text
    assert not {"the", "which", "whom", "where", "child", "with"} & set(re.findall(r"\b[a-z]+", text))
