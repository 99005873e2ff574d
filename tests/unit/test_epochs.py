"""The epochs of a feed: how much of it somebody has who stands where a log was lost."""
from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.disclosure.epochs import BEGINNING, Epoch, Epochs, FeedPlace, sign_of


def epochs(*firsts: int) -> Epochs:
    made = Epochs()
    for number, first in enumerate(firsts):
        made.begin("abcdef"[number], first)
    return made


@pytest.mark.parametrize(("firsts", "place", "shared"), [
    ((), FeedPlace("", 7), 7),
    ((), FeedPlace("x", 7), 0),
    ((4,), FeedPlace("", 3), 3),
    ((4,), FeedPlace("", 7), 3),
    ((4,), FeedPlace("a", 7), 7),
    ((4,), FeedPlace("x", 2), 2),
    ((4,), FeedPlace("x", 7), 3),
    ((4, 4), FeedPlace("a", 4), 3),
    ((4, 9), FeedPlace("a", 8), 8),
    ((4, 9), FeedPlace("a", 12), 8),
    ((4, 9), FeedPlace("x", 12), 3),
    ((1,), FeedPlace("", 5), 0),
])
def test_what_is_shared_ends_where_the_next_epoch_begins(firsts: tuple[int, ...], place: FeedPlace, shared: int) -> None:
    assert epochs(*firsts).shared(place) == shared


def test_an_entry_is_of_the_last_epoch_that_began_by_it() -> None:
    known = epochs(4, 4, 9)
    assert [known.of(number) for number in (3, 4, 8, 9)] == [BEGINNING, Epoch("b", 4), Epoch("b", 4), Epoch("c", 9)]


@given(st.lists(st.integers(1, 30), max_size=6), st.integers(0, 40))
def test_whoever_stands_at_an_entry_of_the_feed_has_all_up_to_it(firsts: list[int], number: int) -> None:
    known = epochs(*sorted(firsts))
    assert known.shared(FeedPlace(known.of(number).sign, number)) == number


def test_a_sign_is_of_one_office_and_one_lineage() -> None:
    lineage, other = uuid4(), uuid4()
    assert len({sign_of(one, office) for one in (lineage, other) for office in ("cons-mx.a", "cons-mx.b")}) == 4
    assert sign_of(lineage, "cons-mx.a") == sign_of(lineage, "cons-mx.a")
