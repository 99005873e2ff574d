"""A growing mapping is a dict to whoever reads it, and is never changed."""
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.growing import Growing

ENTRIES = st.lists(st.tuples(st.integers(0, 40), st.integers()), max_size=120)


@given(ENTRIES)
def test_it_reads_as_the_dict_of_the_same_entries_in_the_same_order(entries: list[tuple[int, int]]) -> None:
    grown, plain = Growing[int, int](), dict[int, int]()
    for key, value in entries:
        grown = grown.having(key, value)
        plain[key] = value
        assert (len(grown), grown[key], key in grown) == (len(plain), value, True)
    assert grown == plain
    assert list(grown.items()) == list(plain.items())
    assert [list(grown), list(grown.values())] == [list(plain), list(plain.values())]
    assert [grown.get(key, "none") for key in range(42)] == [plain.get(key, "none") for key in range(42)]


@given(ENTRIES, ENTRIES)
def test_two_that_grow_from_one_leave_it_and_each_other_as_they_were(
    entries: list[tuple[int, int]], others: list[tuple[int, int]]
) -> None:
    common = Growing(dict.fromkeys(range(20), 0))
    one = two = common
    for key, value in entries:
        one = one.having(key, value)
    for key, value in others:
        two = two.having(key, value)
    assert common == dict.fromkeys(range(20), 0)
    assert one == {**common, **dict(entries)}
    assert two == {**common, **dict(others)}


def test_one_more_entry_among_ten_thousand_copies_a_hundred_at_most_until_all_become_one() -> None:
    grown, whole = Growing[int, int](), 0
    for number in range(10_000):
        before, grown = grown, grown.having(number, number)
        whole += grown._earlier is not before._earlier
        assert len(grown._latest) <= 100
    assert whole < 400
