"""Marks in a case of which every purpose of every contract is served: they are in clear with the offices alone."""
from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adapters.disclosure.parcel import structured
from adapters.disclosure.pull import PullFeed
from domain.disclosure.events import Disclosed, Withdrawn
from domain.disclosure.purposes import Purpose
from tests.access_world import Listed, offices
from tests.e2e.canaries import Canaries
from tests.e2e.marked_world import MarkedWorld

NEVER = {
    "OpenCase.referral_id", "EnterCourtOrder.order_ref", "ReportParentDetained.source",
    "ObtainCitizenshipInformation.basis",
}
"""What no contract names for anybody."""
CODES_ALONE = {"POLARIS"}
"""Kinds of offices that are told nothing in words."""


@dataclass
class Given:
    world: MarkedWorld
    folder: Path
    wire: dict[Listed, bytes]

    def entries(self, office: Listed) -> list[Any]:
        return [envelope.event for envelope in self.world.feed(office.office)]


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Given]:
    folder = tmp_path_factory.mktemp("purposes")
    world = MarkedWorld(folder, Canaries())
    read, feed = world.hand_over_and_recall(), PullFeed(world.backbone, world.rendering)
    wire = {
        office: b"".join(
            json.dumps(structured(parcel)).encode() + parcel.content
            for parcel in (*read[office], *feed.read(office.office, office.agency, after=0, credential=1).parcels)
        )
        for office in offices()
    }
    yield Given(world, folder, wire)
    world.close()


def test_every_purpose_of_every_contract_was_served_and_what_could_be_was_recalled(given: Given) -> None:
    for office in offices():
        entries, wanted = given.entries(office), {Purpose(flow["purpose"]) for flow in office.flows}
        assert {entry.purpose for entry in entries if isinstance(entry, Disclosed)} == wanted - {Purpose.RECALL}, office
        assert any(isinstance(entry, Withdrawn) for entry in entries) is (Purpose.RECALL in wanted), office
        assert given.world.delivery(1, office.office)[-1] == "HandedOver"


def test_each_office_holds_marks_and_none_that_no_contract_names(given: Given) -> None:
    canaries, fields = given.world.canaries, set[str]()
    for office, wire in given.wire.items():
        found = {canaries.fields[mark] for mark in canaries.found(wire)}
        assert bool(found) is (office.kind not in CODES_ALONE), office
        fields |= found
    assert set(canaries.fields.values()) >= NEVER and fields & NEVER == set()
    assert len(fields) > 20


def test_no_mark_stands_in_any_file(given: Given) -> None:
    assert {"log.sqlite", "keys.sqlite"} <= {path.name for path in given.folder.iterdir()}
    assert given.world.canaries.found_below(given.folder) == {}
