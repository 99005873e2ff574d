"""An embedded Casebridge in a temporary folder, its offices on loopback, its clock in the test's hand."""
from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from adapters.backbone import Outcome
from adapters.clocks import HistoryClock
from adapters.composition import Casebridge
from adapters.partners.receiver import Receiver
from adapters.play import Player
from adapters.settings import Settings
from domain.case.state import Case

HISTORIES = Path(__file__).resolve().parents[1] / "histories"
H1, H2 = HISTORIES / "h1-new-mexico.jsonl", HISTORIES / "h2-home-study-detainee-letter.jsonl"
H1_CASE = UUID("ca5e0001-0000-4000-8000-000000000001")
H2_CASE = UUID("ca5e0002-0000-4000-8000-000000000002")
START = datetime(2026, 7, 1, tzinfo=UTC)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@dataclass
class Embedded:
    casebridge: Casebridge
    clock: HistoryClock
    receiver: Receiver
    player: Player
    folder: Path

    def play(self, path: Path) -> list[Outcome]:
        return self.player.play(read(path))

    def case(self, case_id: UUID = H1_CASE) -> Case:
        return self.casebridge.backbone.case(case_id)


@contextmanager
def embedded(folder: Path, **changes: Any) -> Iterator[Embedded]:
    clock = HistoryClock(START)
    settings = Settings(home=folder, allow_loopback_webhooks=True, **changes)
    receiver = Receiver(secret_of=lambda office: casebridge.secrets(office))
    with receiver, Casebridge(settings, clock=clock, address_of=receiver.address_of) as casebridge:
        player = Player(casebridge, clock)
        try:
            yield Embedded(casebridge, clock, receiver, player, folder)
        finally:
            player.close()
