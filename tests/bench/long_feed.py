"""An office's feed of as many entries as anybody asks for: some of each case, in the cases' turn."""
from __future__ import annotations

from itertools import chain
from uuid import UUID, uuid4

from adapters.composition import Casebridge
from adapters.disclosure.courier import Courier
from adapters.disclosure.discloser import Discloser
from tests.bench.agency import Line, by_threads, line, prepared_notice, shares, submit_all
from tests.bench.disclosures import ISS, PREPARING_THREADS, TIMEOUT_SECONDS, founded, to_rest
from tests.recording_channel import RecordingChannel

OF_EACH_CASE = 20


def fill(casebridge: Casebridge, entries: int, *, channel: str = "webhook") -> list[UUID]:
    """Found the agency and bring ISS's feed to so many entries, none of them handed over; the cases behind them."""
    assert entries % OF_EACH_CASE == 0
    backbone = casebridge.backbone
    submit_all(backbone, founded(channel))
    made = [_asking() for _ in range(entries // OF_EACH_CASE)]
    by_threads(backbone, [list(chain.from_iterable(some)) for some in shares(made, PREPARING_THREADS)])
    to_rest(Discloser(backbone, casebridge.rendering()).step)
    return [UUID(lines[0]["case"]) for lines in made]


def hand_over(casebridge: Casebridge) -> int:
    """All of it, on a channel that keeps what it is given; how many."""
    channel = RecordingChannel(casebridge.clock)
    courier = Courier(
        casebridge.backbone, casebridge.rendering(), {channel.name: channel}, timeout_seconds=TIMEOUT_SECONDS,
    )
    to_rest(courier.step)
    return len(channel.taken)


def _asking() -> list[Line]:
    """A case whose child's papers ISS is asked for again and again."""
    lines, _ = prepared_notice(0)
    case = UUID(lines[0]["case"])
    [child] = lines[0]["data"]["child_ids"]
    mother, _ = (one["data"]["party_id"] for one in lines if one["command"] == "AddParty")
    request, asked = str(uuid4()), {"office": ISS, "purpose": "document_tracing", "person_ids": [child, mother]}
    lines += [
        line("RequestDocument", {
            "request_id": request, "person_id": child, "doc_type": "birth_certificate", "source": "other",
        }, case=case),
        line("OpenEngagement", {
            "engagement_id": str(uuid4()), **asked, "basis": "service_contract", "citation": "contract 2026-17",
        }, case=case),
    ]
    for _ in range(OF_EACH_CASE):
        disclosure = str(uuid4())
        lines += [
            line("PrepareDisclosure", {"disclosure_id": disclosure, **asked, "about": request}, case=case),
            line("ReleaseDisclosure", {"notice_id": disclosure}, case=case),
        ]
    return lines
