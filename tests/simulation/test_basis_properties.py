"""Random histories, contracts, consents and withdrawals: no hand-over starts without a basis that is open (I6)."""
from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast
from uuid import UUID, uuid5

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from domain.agency.agreements import MouStatus, MouStatusChanged
from domain.case.consent import ConsentGranted, ConsentWithdrawn
from domain.case.court import CourtOrderEntered
from domain.case.engagement import EngagementEnded, EngagementOpened
from domain.case.intake import PartyAddedToCase
from domain.case.mislinks import MislinkWithdrawn
from domain.disclosure.basis import BasisKind
from domain.disclosure.events import DeliveryStopped, HandOverStarted
from domain.ports import EventLog
from tests.disclosure_world import MEXICO, ROOT, SPACE, START, Family, World
from tests.recording_channel import RecordingChannel
from tests.simulation.test_basis_races import AGREEMENT, ISS, Interrupted, founded
from tests.webhook_receiver import Mood

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]
UNTIL = (None, START + timedelta(days=2))
TRACING = '[[flow]]\npurpose = "document_tracing"'
Act = tuple[str, Any]

offices, number = st.sampled_from([ISS, MEXICO]), st.integers(0, 1)
bases = st.sampled_from(["consent 0", "consent 1", "order 0", "order 1", "agreement", "service_contract"])
changes: st.SearchStrategy[Act] = st.one_of(
    st.tuples(st.just("consents"), st.tuples(number, st.sampled_from(UNTIL))), st.tuples(st.just("withdraws"), number),
    st.tuples(st.just("orders"), number), st.tuples(st.just("stays"), number), st.tuples(st.just("closes"), offices),
    st.tuples(st.just("agrees"), st.booleans()), st.tuples(st.just("adopts"), st.booleans()),
    st.tuples(st.just("opens"), st.tuples(offices, bases)), st.tuples(st.just("looks"), st.none()),
    st.tuples(st.just("mistakes_the_mother"), st.none()),
)
acts: st.SearchStrategy[Act] = st.one_of(
    changes, st.tuples(st.just("asks"), offices), st.tuples(st.just("waits"), st.sampled_from([1, 20, 60])),
    st.tuples(st.just("hands_over"), st.one_of(st.none(), changes)),
)
BEGINNINGS: tuple[tuple[Act, ...], ...] = (
    (("consents", (0, UNTIL[0])), ("opens", (ISS, "consent 0")), ("asks", ISS)),
    (("consents", (0, UNTIL[1])), ("opens", (ISS, "consent 0")), ("asks", ISS)),
    (("orders", 0), ("opens", (ISS, "order 0")), ("asks", ISS)),
    (("opens", (MEXICO, "agreement")), ("asks", MEXICO)),
)


class Story:
    """One family's history, told act by act; what is refused has no effect, and that is all right."""

    def __init__(self, world: World, family: Family, failures: int) -> None:
        self.world, self.family, self._made = world, family, 0
        self.persons = [family.child_id, family.mother_id]
        self.channel = RecordingChannel(
            world.clock, lambda count, _: 503 if count <= failures else Mood.ACCEPT
        )
        self.courier = world.courier(self.channel)
        self._open: dict[str, UUID] = {}

    def tell(self, act: Act) -> None:
        name, about = act
        getattr(self, name)(about)

    def _id(self, what: str) -> UUID:
        return uuid5(self.family.case_id, what)

    def _new(self, what: str) -> UUID:
        self._made += 1
        return self._id(f"{what}, the {self._made}th")

    def _offer(self, command: str, data: dict[str, object]) -> None:
        self.world.offer(command, data, case_id=self.family.case_id)

    def consents(self, about: tuple[int, datetime | None]) -> None:
        n, until = about
        self._offer("GrantConsent", {
            "consent_id": self._id(f"consent {n}"), "given_by": self.family.mother_id, "capacity": "parent",
            "person_ids": self.persons, "purposes": ["document_tracing"], "offices": [ISS, MEXICO], "language": "es",
            "text_version": "consent-2026-1", **({} if until is None else {"until": until.isoformat()}),
        })

    def withdraws(self, n: int) -> None:
        self._offer("WithdrawConsent", {"consent_id": self._id(f"consent {n}"), "withdrawn_by": self.family.mother_id})

    def mistakes_the_mother(self, _: None) -> None:
        """Whoever was held for the mother, and gave each consent, proves to be somebody else."""
        [added] = (
            envelope.circumstances.event_id for envelope in self.world.backbone.envelopes(f"case-{self.family.case_id}")
            if isinstance(envelope.event, PartyAddedToCase) and envelope.event.party_id == self.family.mother_id
        )
        self._offer("WithdrawMislink", {
            "withdrawal_id": self._id("mislink"), "event_id": added, "evidence": "another woman of that name",
        })

    def orders(self, n: int) -> None:
        self._offer("EnterCourtOrder", {
            "order_id": self._id(f"order {n}"), "child_ids": [self.family.child_id], "party_ids": [self.family.mother_id],
            "kind": "other", "purposes": ["document_tracing"],
        })

    def stays(self, n: int) -> None:
        self._offer("EnterCourtOrder", {
            "order_id": self._new("stay"), "child_ids": [self.family.child_id], "kind": "other", "effect": "stays",
            "earlier_order_id": self._id(f"order {n}"),
        })

    def opens(self, about: tuple[str, str]) -> None:
        office, basis = about
        rests_on = {"agreement": AGREEMENT, "service_contract": None}.get(basis, self._id(basis))
        on: dict[str, object] = {"rests_on": rests_on} if rests_on else {"citation": "contract 2026-17"}
        engagement_id = self._new("engagement")
        self._offer("OpenEngagement", {
            "engagement_id": engagement_id, "office": office, "purpose": "document_tracing", "person_ids": self.persons,
            "basis": {"order": "court_order"}.get(basis.split()[0], basis.split()[0]), **on,
        })
        if engagement_id in self.world.backbone.case(self.family.case_id).engagements.engagements:
            self._open[office] = engagement_id

    def closes(self, office: str) -> None:
        self._offer("CloseEngagement", {"engagement_id": self._open.get(office, self._id("none"))})

    def asks(self, office: str) -> None:
        """A document is asked for and let go, so that it stands in the office's feed."""
        request_id, disclosure_id = self._new("request"), self._new("disclosure")
        self._offer("RequestDocument", {
            "request_id": request_id, "person_id": self.family.child_id, "doc_type": "birth_certificate", "source": "other",
        })
        self._offer("PrepareDisclosure", {
            "disclosure_id": disclosure_id, "office": office, "purpose": "document_tracing", "person_ids": self.persons,
            "about": request_id,
        })
        self._offer("ReleaseDisclosure", {"notice_id": disclosure_id})
        self.world.disclose()

    def agrees(self, is_signed: bool) -> None:
        status, services = (MouStatus.SIGNED, ["document"]) if is_signed else (MouStatus.ENDED, [])
        self.world.offer("RecordMouStatus", {
            "change_id": self._new("agreement"), "jurisdiction": "NM", "country": "MX", "status": status.value,
            "services": services,
        })

    def adopts(self, is_whole: bool) -> None:
        """The contract with ISS changes: with the tracing of documents, or without."""
        self._made += 1
        text = (ROOT / "domain" / "contracts" / "iss.v2.toml").read_text(encoding="utf-8")
        text = text.replace("\nversion = 1\n", f"\nversion = {1 + self._made}\n")
        before, tracing, after = text.partition(TRACING)
        text = text if is_whole else before + after[after.index("[[flow]]\n"):]
        assert tracing
        self.world.offer("AdoptContract", {"text": text, "second_person": "counsel-1"})

    def looks(self, _: None) -> None:
        self._offer("RecordMoments", {})

    def waits(self, hours: int) -> None:
        self.world.tick(hours=hours)

    def hands_over(self, meanwhile: Act | None) -> None:
        """The courier takes a step; something else may happen between its look and its append."""
        log = self.world.backbone.log

        def happens() -> None:
            self.world.backbone.log = log
            if meanwhile is not None:
                self.tell(meanwhile)

        self.world.backbone.log = cast(EventLog, Interrupted(log, happens))
        self.courier.step()
        self.world.backbone.log = log


def started_and_stopped(world: World) -> tuple[int, int]:
    """The log read from its start by a reader of its own; each hand-over that starts has a basis that is open there."""
    opened, ended = dict[UUID, EngagementOpened](), set[UUID]()
    consents, orders, fallen = dict[UUID, ConsentGranted](), set[UUID](), set[UUID]()
    added, strangers = dict[UUID, UUID](), set[UUID]()
    signed: UUID | None = None
    started = stopped = 0

    def stands(engagement: EngagementOpened, at: datetime) -> bool:
        if engagement.basis is None:
            return True
        rests_on = engagement.basis.rests_on
        match engagement.basis.kind:
            case BasisKind.CONSENT:
                consent = consents[cast(UUID, rests_on)]
                is_over = consent.until is not None and at >= consent.until
                return rests_on not in fallen and consent.given_by not in strangers and not is_over
            case BasisKind.COURT_ORDER:
                return rests_on in orders and rests_on not in fallen
            case BasisKind.AGREEMENT:
                return rests_on == signed
            case _:
                return True

    for row in world.log.read_log(after=0, limit=5_000):
        envelope = world.backbone.codec.decode(row)
        match envelope.event:
            case EngagementOpened() as told:
                opened[told.engagement_id] = told
            case EngagementEnded() as told:
                ended.add(told.engagement_id)
            case PartyAddedToCase() as told:
                added[envelope.circumstances.event_id] = told.party_id
            case MislinkWithdrawn() as told:
                strangers |= {added[told.withdrawn_event_id]}
            case ConsentGranted() as told:
                consents[told.consent_id] = told
            case ConsentWithdrawn() as told:
                fallen.add(told.consent_id)
            case CourtOrderEntered() as told:
                orders.add(told.order_id)
                fallen |= {told.earlier_order_id} if told.earlier_order_id else set()
            case MouStatusChanged() as told:
                signed = told.change_id if told.status is MouStatus.SIGNED else None
            case HandOverStarted() as told:
                started, at = started + 1, envelope.circumstances.occurred_at
                engagement = opened[told.engagement_id]
                assert told.engagement_id not in ended, f"{row.position} starts after its engagement ended"
                assert engagement.until is None or at < engagement.until, f"{row.position} starts after its end"
                assert stands(engagement, at), f"{row.position} starts on {engagement.basis}, which stands no more"
            case DeliveryStopped():
                stopped += 1
    return started, stopped


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An agency with its partners, in files that each example takes a copy of."""
    folder = tmp_path_factory.mktemp("founded")
    world = founded(folder)
    world.family(1)
    world.close()
    return folder


def told(home: Path, story: list[Act], failures: int) -> tuple[int, int]:
    with TemporaryDirectory() as copy:
        shutil.copytree(home, copy, dirs_exist_ok=True)
        world = World(Path(copy))
        ids = (uuid5(SPACE, f"family/1/{name}") for name in ("case", "child", "mother", "aunt", "notice"))
        history = Story(world, Family(*ids), failures)
        for act in story:
            history.tell(act)
        history.hands_over(None)
        counted = started_and_stopped(world)
        world.close()
        return counted


@settings(max_examples=30, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))  # a log each: no shrinking
@given(
    st.lists(st.sampled_from(BEGINNINGS), min_size=1, max_size=2), st.lists(acts, min_size=3, max_size=10),
    st.sampled_from([1, 60]), st.integers(0, 2),
)
def test_no_hand_over_starts_without_a_basis_that_is_open(
    home: Path, beginnings: list[tuple[Act, ...]], then: list[Act], hours: int, failures: int
) -> None:
    told(home, [*(act for beginning in beginnings for act in beginning), *then, ("waits", hours)], failures)


ENDS: tuple[tuple[int, Act], ...] = (
    (0, ("withdraws", 0)), (0, ("closes", ISS)), (0, ("mistakes_the_mother", None)), (2, ("stays", 0)),
    (3, ("agrees", False)),
)


@pytest.mark.parametrize(("beginning", "ending"), [
    *((beginning, end) for beginning, end in ENDS), (1, ("waits", 60)),
    *((beginning, ("hands_over", end)) for beginning, end in ENDS),
])
def test_each_end_of_a_basis_stops_what_stands_in_the_feed(home: Path, beginning: int, ending: Act) -> None:
    """And without it the same is handed over, or the property would hold for nothing."""
    story = list(BEGINNINGS[beginning])
    assert told(home, story, 0) == (1, 0)
    assert told(home, [*story, ending], 0) == (0, 1)
