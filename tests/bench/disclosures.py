"""What is released, from the log to whoever it is for: entries of feeds, bytes, hand-overs, each on record.

Five disclosures of every case: a consular notice and a document of the consulate, a home study and a document of
International Social Service, a document of DIF. Handed over one by one, as by a webhook, on a channel that only keeps
what it is given. The peer renders and hands over the same entries: without a log, a check or a record.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from uuid import UUID, uuid4

from adapters.backbone import Backbone
from adapters.composition import SCHEMAS
from adapters.disclosure.courier import Courier
from adapters.disclosure.discloser import Discloser
from adapters.disclosure.outstanding import Delivery
from adapters.disclosure.parcel import parcel_of
from adapters.disclosure.render import Rendering
from adapters.disclosure.streams import feed_stream, head_of
from adapters.eventstore.sqlite import SqliteLog
from adapters.states import STATES_MAX
from domain.ports import READ_LIMIT_MAX, Parcel
from tests.bench.agency import (
    ADOPTED,
    MEXICO,
    Line,
    adopt,
    backbone_on,
    by_threads,
    line,
    prepared_notice,
    shares,
    submit_all,
)
from tests.bench.figures import Figure, Measured, compared, measured
from tests.disclosure_world import ROOT
from tests.recording_channel import RecordingChannel

ISS, DIF = "iss.usa", "dif.chihuahua"
OFFICES = (MEXICO, ISS, DIF)
OF_EACH_CASE = 5
UNIT = "disclosures/s"
PEER_IS = "the same entries rendered and handed over, nothing recorded"
PREPARING_THREADS = 8
AGREEMENT = str(uuid4())
TIMEOUT_SECONDS = 5.0


def founded(channel: str = "webhook") -> list[Line]:
    """The agency with its agreement with Mexico, and the three offices live."""
    second = {"second_person": "counsel-1"}

    def contract(name: str) -> Line:
        text = (ROOT / "domain" / "contracts" / f"{name}.toml").read_text(encoding="utf-8")
        return line("AdoptContract", {"text": text, **second}, at=ADOPTED)

    def office(code: str, kind: str, country: str | None, zone: str) -> list[Line]:
        listed = {
            "office": code, "recipient_kind": kind, "name": f"Office {code}", "country": country, "zone": zone,
            "serves": ["NM"], "channel": channel, "address": "https://office.example/casebridge",
        }
        return [line("ListOffice", listed, at=ADOPTED), line("PutOfficeLive", {"office": code, **second}, at=ADOPTED)]

    return [
        *adopt(channel), *map(contract, ("cons-mx.v3", "iss.v2", "dif.v2")),
        *office(ISS, "ISS", None, "America/New_York"), *office(DIF, "DIF", "MX", "America/Chihuahua"),
        line("RecordMouStatus", {
            "change_id": AGREEMENT, "jurisdiction": "NM", "country": "MX", "status": "signed", "services": ["document"],
        }, at=ADOPTED),
    ]


def prepared() -> tuple[list[Line], list[Line]]:
    """The commands that bring a case to its five disclosures, and those that release them."""
    lines, [notice] = prepared_notice()
    case = UUID(lines[0]["case"])
    [child] = lines[0]["data"]["child_ids"]
    mother, aunt = (one["data"]["party_id"] for one in lines if one["command"] == "AddParty")
    request, study = str(uuid4()), str(uuid4())
    lines += [
        line("RequestDocument", {
            "request_id": request, "person_id": child, "doc_type": "birth_certificate", "source": "other",
        }, case=case),
        line("RequestHomeStudy", {
            "request_id": study, "subject_id": aunt, "child_ids": [child], "attempt": 1,
            "address": {"country": "MX", "street": "Calle 13", "number": "205", "colonia": "Centro", "city": "Chihuahua"},
        }, case=case),
    ]
    ids = [notice]
    for office, purpose, about, basis in (
        (MEXICO, "document_tracing", request, {"basis": "agreement", "rests_on": AGREEMENT}),
        (ISS, "home_study", study, {"basis": "service_contract", "citation": "contract 2026-17"}),
        (ISS, "document_tracing", request, {"basis": "service_contract", "citation": "contract 2026-17"}),
        (DIF, "document_tracing", request, {"basis": "agency_policy", "citation": "search for relatives abroad"}),
    ):
        persons, disclosure = [child, mother, aunt], str(uuid4())
        lines += [
            line("OpenEngagement", {
                "engagement_id": str(uuid4()), "office": office, "purpose": purpose, "person_ids": persons, **basis,
            }, case=case),
            line("PrepareDisclosure", {
                "disclosure_id": disclosure, "office": office, "purpose": purpose, "person_ids": persons, "about": about,
            }, case=case),
        ]
        ids.append(disclosure)
    assert len(ids) == OF_EACH_CASE
    return lines, [line("ReleaseDisclosure", {"notice_id": disclosure}, case=case) for disclosure in ids]


def prepare(backbone: Backbone, discloser: Discloser, cases: int) -> list[Line]:
    """The releases of new cases. What prepared them has been read; the releases themselves have not been made."""
    made = [prepared() for _ in range(cases)]
    before = shares([lines for lines, _ in made], PREPARING_THREADS)
    by_threads(backbone, [list(chain.from_iterable(some)) for some in before])
    to_rest(discloser.step)
    return list(chain.from_iterable(releases for _, releases in made))


def to_rest(step: Callable[[], int]) -> int:
    """Until a step finds nothing; how much there was. Each step is bounded, and nothing else adds to its work."""
    done = 0
    while moved := step():
        done += moved
    return done


class Disclosing:
    """One log with its discloser and courier, and what each round of theirs took."""

    def __init__(self, log: SqliteLog, folder: Path) -> None:
        self._log, self._backbone = log, backbone_on(log, folder)
        submit_all(self._backbone, founded())
        rendering = Rendering(log, self._backbone.codec, SCHEMAS / "published")
        self._discloser, self._channel = Discloser(self._backbone, rendering), RecordingChannel(self._backbone.clock)
        self._courier = Courier(
            self._backbone, rendering, {self._channel.name: self._channel}, timeout_seconds=TIMEOUT_SECONDS
        )

    def round(self, cases: int) -> tuple[Measured, Measured, Measured]:
        """Disclosing, handing over, and the peer with the same entries."""
        releases = prepare(self._backbone, self._discloser, cases)
        submit_all(self._backbone, releases)
        self._channel.taken.clear()
        starts = {office: head_of(self._log, feed_stream(office)) for office in OFFICES}
        disclosed = measured(len(releases), lambda: to_rest(self._discloser.step))
        handed_over = measured(len(releases), lambda: to_rest(self._courier.step))
        taken, skipped = self._channel.taken, self._discloser.not_disclosed
        assert len(taken) == len(releases), f"{len(taken)} of {len(releases)} left; {skipped}"
        again, theirs = peer(self._backbone, starts), RecordingChannel(self._backbone.clock)
        bare = measured(len(again), lambda: hand_over_bare(self._backbone, again, theirs))
        assert sorted(map(_bytes, theirs.taken)) == sorted(map(_bytes, taken)), "the peer hands over other bytes"
        return disclosed, handed_over, bare


def run(folder: Path, *, cases: int, rounds: int) -> list[Figure]:
    assert cases <= STATES_MAX, "the cache would forget some of a round's cases"
    log = SqliteLog(folder / "log.sqlite")
    disclosing = Disclosing(log, folder)
    disclosing.round(cases)  # Schemas, statements and caches are made.
    disclosed, handed_over, bare = zip(*(disclosing.round(cases) for _ in range(rounds)), strict=True)
    log.close()
    whole = [one.then(other) for one, other in zip(disclosed, handed_over, strict=True)]

    def figure(what: str, ours: Sequence[Measured]) -> Figure:
        return compared(
            what, ours, bare, unit=UNIT, peer_is=PEER_IS, bar=None, disclosures_a_round=OF_EACH_CASE * cases
        )

    return [
        figure(f"disclosures: released -> handed over, {len(OFFICES)} offices, 3 kinds of message", whole),
        figure("  released -> entry of a feed, rendered and proven", disclosed),
        figure("  handed over one by one, each begun and proven on record", handed_over),
    ]


def peer(backbone: Backbone, starts: dict[str, int]) -> list[Delivery]:
    """The entries of a round, read and decoded: what the peer begins with."""
    return [
        Delivery(entry=backbone.codec.decode(row), sequence=row.version)
        for office, start in starts.items()
        for row in backbone.log.read_stream(feed_stream(office), after=start, limit=READ_LIMIT_MAX)
    ]


def hand_over_bare(backbone: Backbone, deliveries: Sequence[Delivery], channel: RecordingChannel) -> None:
    """By a rendering that has read nothing yet, as the discloser's had not."""
    rendering = Rendering(backbone.log, backbone.codec, SCHEMAS / "published")
    for delivery in deliveries:
        channel.hand_over(parcel_of(delivery, rendering.proven(delivery.entry)), timeout_seconds=TIMEOUT_SECONDS)


def _bytes(parcel: Parcel) -> tuple[str, int, bytes]:
    return parcel.office, parcel.number, parcel.content
