"""A record is sealed and expunged in a home that played two histories: looked for byte by byte, before and after."""
from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from adapters.composition import Casebridge
from adapters.custodian import Custodian
from adapters.reading.reach import places
from domain.case.erasure import RecordExpunged
from domain.case.record_scope import Scope, box_of
from domain.disclosure.events import Disclosed
from domain.disclosure.rendering import Unrenderable
from domain.events import Boxed, Compartment, Envelope, fields_of
from domain.personal import WITHHELD, Known, Withheld
from tests.e2e.embedded import H1, H1_CASE, H2, H2_CASE, Embedded, embedded

GUATEMALA = "cons-gt.denver"


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Embedded]:
    with embedded(tmp_path / "home") as made:
        for path in (H1, H2):
            made.play(path)
        yield made


def submit(made: Embedded, command: str, case_id: UUID = H1_CASE, **data: Any) -> None:
    now = made.clock.now().isoformat()
    outcome = made.casebridge.backbone.submit({
        "command": command, "command_id": str(uuid4()), "agency": "NM-CYFD", "case": str(case_id),
        "actor": {"agency": "NM-CYFD", "role": "records desk", "user": "clerk-1"}, "occurred_at": now, "data": data,
    }, principal="clerk-1")
    assert outcome.status == "accepted", outcome


def known_names(made: Embedded, case_id: UUID = H1_CASE) -> list[bool]:
    return [isinstance(person.name.value, Known) for person in made.case(case_id).intake.people.values()]


def order(made: Embedded, **more: Any) -> UUID:
    expunge_id = uuid4()
    submit(made, "OrderExpunge", expunge_id=str(expunge_id), order_ref="JQ-9", second_person="counsel-1", **more)
    return expunge_id


def pass_days(made: Embedded, days: int) -> None:
    made.clock.move_to(made.clock.now() + timedelta(days=days))
    made.casebridge.custodian.step()


def test_a_sealed_record_cannot_be_read_and_an_order_gives_it_back(played: Embedded) -> None:
    before = played.case()
    seal_id = str(uuid4())
    submit(played, "SealRecord", seal_id=seal_id, order_ref="JQ-1", second_person="counsel-1")
    played.casebridge.custodian.step()
    sealed = played.case()
    assert all(isinstance(person.name.value, Withheld) for person in sealed.intake.people.values())
    assert len(sealed.obligations.duties) == len(before.obligations.duties)
    assert not any(known_names(played)) and any(known_names(played, H2_CASE))
    submit(played, "UnsealRecord", seal_id=seal_id, order_ref="JQ-2", second_person="counsel-1")
    played.casebridge.custodian.step()
    assert played.case().intake.people == before.intake.people


def test_sealing_one_compartment_leaves_custody_readable(played: Embedded) -> None:
    submit(
        played, "SealRecord", H2_CASE, seal_id=str(uuid4()), compartments=["trafficking"], order_ref="JQ-1",
        second_person="counsel-1",
    )
    played.casebridge.custodian.step()
    events = [e.event for e in played.casebridge.backbone.envelopes(f"case-{H2_CASE}")]
    letters = [event for event in events if type(event).__name__ == "OtipLetterReceived"]
    assert letters and all("WITHHELD" in repr(letter) for letter in letters)
    assert any(known_names(played, H2_CASE))


def test_an_expunged_record_is_gone_and_everything_else_is_as_it_was(played: Embedded) -> None:
    other = played.case(H2_CASE)
    stored = [row.state for row in played.casebridge.log.read_log(after=0, limit=5_000)]
    duties = len(played.case().obligations.duties)
    expunge_id = order(played)
    pass_days(played, 6)
    assert any(known_names(played))
    pass_days(played, 2)
    case = played.case()
    assert isinstance(case.erasure.expunges[expunge_id].expunged, RecordExpunged)
    assert not any(known_names(played))
    assert len(case.obligations.duties) == duties
    assert played.case(H2_CASE).intake.people == other.intake.people
    assert [row.state for row in played.casebridge.log.read_log(after=0, limit=len(stored))] == stored


def test_expunging_one_person_leaves_every_field_about_others_alone_and_every_clear_one(played: Embedded) -> None:
    """Decision 0022: what was recorded of several persons in one field goes for all of them, and the scope says so first."""
    child, *others = [person.person_id for person in played.case().intake.people.values()]
    named, before = shared(played, child), told(played)
    order(played, person_ids=[str(child)])
    pass_days(played, 8)
    people, after = played.case().intake.people, told(played)
    assert isinstance(people[child].name.value, Withheld)
    assert all(isinstance(people[other].name.value, Known) for other in others)
    gone = {at for at, (persons, value) in before.items() if child in persons and isinstance(value, Known)}
    assert all(after[at][1] is WITHHELD for at in gone)
    assert all(after[at] == one for at, one in before.items() if child not in one[0])
    together = {at for at in gone if len(before[at][0]) > 1}
    assert {name for _, name in together} >= {
        "CaseOpened.allegation_class", "OfficeRouted.recipient_kind", "ConsulateNotified.country",
        "ConsularNotificationPrepared.form",
    }
    assert len(gone - together) > 10, "and what is this child's alone"
    assert named == {name for _, name in together}


Told = dict[tuple[int, str], tuple[frozenset[UUID], object]]


def told(made: Embedded, case_id: UUID = H1_CASE) -> Told:
    """Every field of the case's events, with the persons under whose keys it stands; none where it is clear."""
    return {
        (envelope.version, f"{type(envelope.event).__name__}.{name}"): (
            frozenset(person for person, _ in box_of(envelope.event, name)), getattr(envelope.event, name)
        )
        for envelope in made.casebridge.backbone.envelopes(f"case-{case_id}") for name in fields_of(type(envelope.event))
    }


def shared(made: Embedded, person: UUID) -> set[str]:
    """What the scope of an order on one person says to have been recorded together with others, as fields."""
    case, envelopes = made.case(), made.casebridge.backbone.envelopes(f"case-{H1_CASE}")
    found = places(
        case, made.casebridge.backbone.agency("NM-CYFD"), envelopes, Scope((person,), tuple(Compartment)),
        now=made.clock.now(), at=made.clock.now(), is_for_ever=True,
    )
    meanings = {meaning for place in found if "together with" in place.where for meaning in place.what.split("; ")}
    return {
        f"{type(envelope.event).__name__}.{name}" for envelope in envelopes
        for name, declared in fields_of(type(envelope.event)).items()
        if isinstance(declared, Boxed) and declared.meaning.partition(";")[0] in meanings
        and len(box_of(envelope.event, name)) > 1 and isinstance(getattr(envelope.event, name), Known)
    }


@pytest.mark.parametrize("of_all", [True, False])
def test_what_an_office_kept_proves_its_entry_for_ever_and_we_alone_can_tell_it_to_nobody(
    played: Embedded, tmp_path: Path, of_all: bool
) -> None:
    """The office has the bytes, the salt and the digest's place in its feed; of ours the digest alone is left."""
    casebridge, child = played.casebridge, next(iter(played.case().intake.people))
    [kept] = [one for one in played.receiver.received if (one.office, one.number) == (GUATEMALA, 1)]
    salt, entry = kept.event["salt"], feed_entry(played)
    assert casebridge.rendering().proven(entry).content == kept.content
    order(played, **({} if of_all else {"person_ids": [str(child)]}))
    pass_days(played, 8)
    after = feed_entry(played)
    assert isinstance(after.event, Disclosed) and isinstance(entry.event, Disclosed)
    assert after.event.digest == entry.event.digest == hashlib.sha256(bytes.fromhex(salt) + kept.content).hexdigest()
    assert after.event.salt is WITHHELD
    for attempt in (casebridge.rendering().render, casebridge.rendering().proven):
        with pytest.raises(Unrenderable):
            attempt(after)
    for path in (tmp_path / "home").rglob("*"):
        held = path.read_bytes() if path.is_file() else b""
        assert salt.encode() not in held and bytes.fromhex(salt) not in held and kept.content not in held, path.name


def feed_entry(made: Embedded) -> Envelope:
    return made.casebridge.backbone.envelopes(f"feed-{GUATEMALA}")[0]


def test_no_byte_of_a_destroyed_key_is_left_in_any_file(played: Embedded, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "home/keys.sqlite") as reading:
        wrapped = [row[0] for row in reading.execute("SELECT wrapped FROM keys WHERE case_id = ?", (str(H1_CASE),))]
    assert len(wrapped) > 20 and all(wrapped)
    order(played)
    pass_days(played, 8)
    for path in (tmp_path / "home").rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not any(key in content for key in wrapped), path.name


def test_a_hold_keeps_the_record_until_it_is_lifted(played: Embedded) -> None:
    expunge_id, hold_id = order(played), str(uuid4())
    submit(played, "PlaceLitigationHold", hold_id=hold_id, review_on="2027-06-01", reason="suit")
    pass_days(played, 30)
    assert any(known_names(played)) and not played.case().erasure.expunges[expunge_id].begun
    submit(played, "LiftLitigationHold", hold_id=hold_id, second_person="counsel-1")
    played.casebridge.custodian.step()
    assert not any(known_names(played))


def test_a_restored_key_store_replays_what_it_missed_before_anybody_reads(played: Embedded, tmp_path: Path) -> None:
    home, kept = tmp_path / "home", tmp_path / "kept"
    kept.mkdir()
    with sqlite3.connect(home / "keys.sqlite") as live, sqlite3.connect(kept / "keys.sqlite") as copy:
        live.backup(copy)
    (kept / "keys.sqlite").chmod(0o600)
    order(played)
    pass_days(played, 8)
    played.player.close()
    played.casebridge.close()
    for path in home.glob("keys.sqlite*"):
        path.unlink()
    shutil.copy(kept / "keys.sqlite", home)
    with Casebridge(played.casebridge.settings, clock=played.clock) as again:
        people = again.backbone.case(H1_CASE).intake.people
        assert all(isinstance(person.name.value, Withheld) for person in people.values())
        assert any(isinstance(p.name.value, Known) for p in again.backbone.case(H2_CASE).intake.people.values())


def test_a_custodian_that_dies_between_destroying_and_reporting_is_finished_by_the_next(played: Embedded) -> None:
    expunge_id = order(played)
    keys = _DiesAfterDestroying(played.casebridge.keys)
    played.clock.move_to(played.clock.now() + timedelta(days=8))
    with pytest.raises(_Died):
        Custodian(played.casebridge.backbone, keys).step()
    assert played.case().erasure.expunges[expunge_id].expunged is None
    fresh = Custodian(played.casebridge.backbone, played.casebridge.keys)
    fresh.step()
    assert played.case().erasure.expunges[expunge_id].expunged is not None
    assert not any(known_names(played))


class _Died(Exception):
    pass


class _DiesAfterDestroying:
    def __init__(self, keys: Any) -> None:
        self._keys = keys

    def __getattr__(self, name: str) -> Any:
        return getattr(self._keys, name)

    def destroy(self, names: Any) -> int:
        self._keys.destroy(names)
        raise _Died


def test_no_box_of_any_compartment_opens_any_more(played: Embedded) -> None:
    order(played)
    pass_days(played, 8)
    last = dict.fromkeys(Compartment, 0)
    for envelope in played.casebridge.backbone.envelopes(f"case-{H1_CASE}"):
        for name, declaration in fields_of(type(envelope.event)).items():
            if isinstance(declaration, Boxed):
                last[declaration.compartment] += isinstance(getattr(envelope.event, name), Withheld)
                assert not isinstance(getattr(envelope.event, name), Known), f"{type(envelope.event).__name__}.{name}"
    assert last[Compartment.IDENTITY] > 50 and last[Compartment.LEGAL] > 0


@pytest.mark.parametrize(("command", "warmed_at"), [("SealRecord", 0), ("OrderExpunge", 29)])
def test_another_running_process_is_without_the_text_within_a_minute(
    played: Embedded, command: str, warmed_at: int
) -> None:
    """It opened keys at one moment and folded the case just before those were dropped: both caches at their longest."""
    seconds = [0.0]
    settings = played.casebridge.settings
    with Casebridge(settings, clock=played.clock, monotonic=lambda: seconds[0]) as other:
        rows = other.log.read_stream(f"case-{H1_CASE}", limit=5_000)

        def readable() -> bool:
            people = other.backbone.case(H1_CASE).intake.people
            decoded = [other.codec.decode(row).event for row in rows]
            state = any(isinstance(person.name.value, Known) for person in people.values())
            return state or any(_is_open(event) for event in decoded)

        for seconds[0] in (float(warmed_at), warmed_at + 29.0):
            assert readable()
        if command == "SealRecord":
            submit(played, command, seal_id=str(uuid4()), order_ref="JQ-1", second_person="counsel-1")
            played.casebridge.custodian.step()
        else:
            order(played)
            pass_days(played, 8)
        gone_at, left = seconds[0], 0
        while readable():
            left += 1
            seconds[0] += 1.0
            assert seconds[0] - gone_at <= 60.0, "text outlived its key by more than a minute"
        assert left > 0, "caches were in play"
        seconds[0] += 1_000.0
        assert not readable()


def _is_open(event: object) -> bool:
    return any(
        isinstance(getattr(event, name), Known) for name, declaration in fields_of(type(event)).items()  # type: ignore[arg-type]
        if isinstance(declaration, Boxed)
    )
