"""A home with both bundled histories played through it, and the program invoked on a copy of it."""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from adapters.cli.main import app
from adapters.clocks import HistoryClock
from adapters.composition import Casebridge
from adapters.partners.receiver import Receiver
from adapters.play import Player
from adapters.settings import Settings

HISTORIES = Path(__file__).parents[1] / "histories"
H1, H2 = HISTORIES / "h1-new-mexico.jsonl", HISTORIES / "h2-home-study-detainee-letter.jsonl"
CASE = "ca5e0001-0000-4000-8000-000000000001"
AFTER_IT_ALL = datetime(2026, 10, 1, tzinfo=UTC)


def settings(home: Path) -> Settings:
    return Settings(home=home, allow_loopback_webhooks=True)


def play(home: Path) -> None:
    """Both histories, line by line, with offices that answer."""
    clock = HistoryClock(datetime(2026, 7, 1, tzinfo=UTC))
    receiver = Receiver(secret_of=lambda office: casebridge.secrets(office))
    with receiver, Casebridge(settings(home), clock=clock, address_of=receiver.address_of) as casebridge:
        player = Player(casebridge, clock)
        try:
            for history in (H1, H2):
                outcomes = player.play(commands(history))
                assert {outcome.status for outcome in outcomes} == {"accepted"}
        finally:
            player.close()


def commands(history: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in history.read_text(encoding="utf-8").splitlines()]


def opened(settings: Settings) -> Casebridge:
    """The program's own way of opening, at a time after the histories."""
    return Casebridge(settings, clock=HistoryClock(AFTER_IT_ALL))


@dataclass(frozen=True, slots=True)
class Program:
    """`casebridge`, run on one home."""

    home: Path
    opening: Callable[[Settings], Casebridge] = opened

    def __call__(self, *words: str, stdin: str | None = None, environment: Mapping[str, str | None] | None = None) -> Result:
        env = {"CASEBRIDGE_HOME": str(self.home), "CASEBRIDGE_AGENCY": None, **(environment or {})}
        return CliRunner().invoke(app, list(words), input=stdin, env=env, obj=self.opening)

    def ok(self, *words: str, stdin: str | None = None) -> str:
        ran = self(*words, stdin=stdin)
        assert ran.exit_code == 0, ran.output
        return ran.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self.ok(*words, "--json"))

    def json_lines(self, *words: str) -> list[Any]:
        return [json.loads(line) for line in self.ok(*words, "--json").splitlines()]

    @contextmanager
    def casebridge(self) -> Iterator[Casebridge]:
        with self.opening(settings(self.home)) as casebridge:
            yield casebridge

    def submitted(self, lines: Sequence[dict[str, Any]]) -> list[Any]:
        """Answers to these lines, whatever they are."""
        text = "".join(json.dumps(line) + "\n" for line in lines)
        return [json.loads(line) for line in self("submit", "-", "--json", stdin=text).stdout.splitlines()]
