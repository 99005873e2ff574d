"""No two offices can join their records: what both have is public, or one fact that was told to both (decision 0018)."""
from __future__ import annotations

import itertools
import re
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from adapters.disclosure.outstanding import Delivery, Outstanding, Stage
from adapters.disclosure.parcel import parcel_of, placeholder_of
from adapters.disclosure.pull import PullFeed
from adapters.disclosure.streams import FEED
from adapters.reading.feeds import entries
from domain.disclosure.events import Disclosed, Released, Withdrawn
from domain.disclosure.events import Held as HeldBack
from domain.disclosure.vocabulary import WORDS, Shape
from domain.events import Event
from tests.access_world import Listed
from tests.access_world import offices as listed
from tests.e2e.canaries import Canaries
from tests.e2e.histories import FILES, played
from tests.e2e.marked_world import MarkedWorld
from tests.wire import SCHEMAS, Held, held

PUBLIC = {
    "specversion": "of CloudEvents", "type": "names of published events", "content-type": "application/avro",
    "datacontenttype": "application/avro", "sequence": "counts a case within one feed", "feednumber": "counts one feed",
    "time": "an hour of the calendar", "jurisdiction": "the agency's", "purpose": "one of the list",
    "basis": "as the contract cites it", "text_code": "one standing text", "withdraws": "counts one feed",
    "holds": "counts one feed", "releases": "counts one feed",
}
"""Attributes and fields whose values are nobody's: their names, and what they say."""
CODES = frozenset(word.name for word in WORDS.values() if word.shape in (Shape.WORD, Shape.WORDS, Shape.NUMBER, Shape.TRUTH))
"""Fields that say one code of a list, a country, a language, a small count."""
PARTS = frozenset({"country", "zone", "birth_date_is_estimate", "indefinite", "kind"})
"""Parts of a told value that are codes."""
COMMON = frozenset({"city", "municipality", "region", "surnames"})
"""Facts that many have in common: a town, a state, a family's name. No sign of ours is any of them."""
SAME_IN_THE_STORY = frozenset({"birth_date", "moment", "phone"})
"""Facts that the story, of which every office is told, has of several persons or things, and that are no texts to mark."""
A_SIGN_IN_A_LETTER = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{8}[0-9A-Z*~$=]")
EMPTY = b64encode(b"\xc3\x01" + next(mark for mark, schema in SCHEMAS.items() if schema["name"].endswith(".Placeholder")))
"""A Placeholder, the same for everybody: it has no field."""


def is_public(one: Held) -> bool:
    name = one.place.removeprefix("header ").removeprefix("event ").removeprefix("ce_").rpartition(".")[2]
    return name in PUBLIC or name in CODES or name in PARTS or _says_nothing(one.value)


def _says_nothing(value: Any) -> bool:
    return value is None or isinstance(value, bool) or value == EMPTY.decode()


def of_history(history: str, folder: Path) -> Iterator[tuple[str, list[Held]]]:
    """Each office with everything that it holds after a history was played."""
    with played(history, folder) as whole:
        casebridge = whole.embedded.casebridge
        rendering, outstanding = casebridge.rendering(), Outstanding(casebridge.log, casebridge.codec)
        outstanding.tail()
        for stream, _ in casebridge.log.streams(FEED):
            office, found = stream.removeprefix(FEED), list[Held]()
            for entry in casebridge.backbone.envelopes(stream):
                told = entry.event
                if isinstance(told, Disclosed | Withdrawn):
                    sequence = outstanding.offices[office].sequences[told.number - 1]
                    delivery = Delivery(entry=entry, sequence=sequence, stage=Stage.HANDED_OVER)
                    for parcel in (
                        parcel_of(delivery, rendering.proven(entry)), placeholder_of(delivery, rendering.placeholder()),
                    ):
                        found += held(parcel, told)
            letters = "".join(entry.letter for entry in entries(casebridge, office) if entry.letter)
            signs = A_SIGN_IN_A_LETTER.findall(letters)
            assert bool(signs) is bool(letters)
            yield f"{history} {office}", found + [Held("letter", sign) for sign in signs]


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Held]]:
    return {
        office: found for history in FILES for office, found in of_history(history, tmp_path_factory.mktemp(history))
    }


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> dict[Listed, list[Held]]:
    """Each office that a contract is for, with all that it reads: facts, recalls, what is held back and comes later."""
    world = MarkedWorld(tmp_path_factory.mktemp("purposes"), Canaries())
    before = world.hand_over_and_recall()
    world.hold_and_let_go()
    feed, read, kinds = PullFeed(world.backbone, world.rendering), dict[Listed, list[Held]](), set[type[Event]]()
    for office in listed():
        told = [envelope.event for envelope in world.feed(office.office)]
        had = {parcel.number: parcel for parcel in before[office]}  # What is recalled is not read again.
        now = feed.read(office.office, office.agency, after=0, credential=1).parcels
        parcels = [had.get(parcel.number, parcel) for parcel in now]
        kinds |= {type(entry) for entry in told}
        read[office] = [
            one for entry, parcel in zip(told, parcels, strict=True)
            for one in held(parcel, _told_by(entry, told))
        ]
    world.close()
    assert kinds == {Disclosed, Withdrawn, HeldBack, Released}
    return read


def _told_by(entry: Event, told: list[Event]) -> Any:
    """What is let go tells what its first number would have told."""
    return told[entry.releases - 1] if isinstance(entry, Released) else entry


def _is_common(one: Held) -> bool:
    return bool(one.facts) and one.place.rpartition(".")[2] in COMMON


def joined(one: list[Held], other: list[Held]) -> set[tuple[str, str, Any]]:
    """What both have and should not: neither public by nature nor one and the same fact told to both."""
    by_value: dict[Any, list[Held]] = defaultdict(list)
    for each in other:
        if not is_public(each):
            by_value[each.value].append(each)
    return {
        (each.place, match.place, each.value)
        for each in one if not is_public(each)
        for match in by_value.get(each.value, ())
        if not each.facts & match.facts and not (_is_common(each) and _is_common(match))
    }


def test_any_two_offices_have_nothing_in_common_but_what_is_public_and_what_both_were_told(
    offices: dict[str, list[Held]]
) -> None:
    told = {office for office, found in offices.items() if found}
    assert len(told) >= 6, f"{len(told)} offices were told something"
    found = {
        (one, other): common
        for one, other in itertools.combinations(sorted(told), 2) if (common := joined(offices[one], offices[other]))
    }
    assert found == {}


def test_offices_that_are_served_for_every_purpose_have_nothing_more_in_common(
    served: dict[Listed, list[Held]]
) -> None:
    """About one case, whatever is no fact told to both; about two, whatever is no fact: the same story is told of each."""
    found, compared = {}, 0
    for one, other in itertools.combinations(served, 2):
        mine, theirs = served[one], served[other]
        if one.case_id != other.case_id:
            mine, theirs = ([each for each in all_of if not each.facts] for all_of in (mine, theirs))
        theirs = [each for each in theirs if each.place.rpartition(".")[2] not in SAME_IN_THE_STORY]
        if common := joined(mine, theirs):
            found[one.office, other.office] = common
        compared += 1
    assert found == {} and compared > 500


def test_what_is_public_is_small_in_number_and_no_sign(offices: dict[str, list[Held]]) -> None:
    for found in offices.values():
        for each in found:
            if each.place.endswith("time") and each.place.startswith(("header", "event")):
                assert str(each.value).endswith(":00:00Z"), "a time joins no two offices"
            if is_public(each) and isinstance(each.value, str):
                assert not _is_sign(each.value), each


def _is_sign(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def test_a_sign_that_two_offices_share_would_be_found(offices: dict[str, list[Held]]) -> None:
    one, other = (found for found in list(offices.values())[:2])
    shared = Held("header ce_trace", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    assert joined([*one, shared], [*other, shared])
