"""What every channel promises the courier: the test's own channel and the signed webhook keep the same contract."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from adapters.channels.webhook import Webhook
from adapters.clocks import HistoryClock, SystemClock
from domain.ports import Channel, HandOverDoubtful, HandOverFailed, Parcel
from tests.recording_channel import RecordingChannel
from tests.webhook_receiver import SECRET, Mood, receiver

THEN = datetime(2026, 8, 17, 15, 20, tzinfo=UTC)
PARCEL = Parcel(
    office="cons-mx.el-paso", number=7, reference="7ZQ3K0AB5", content=b"\xc3\x01 bytes \xff",
    headers=(("id", "cons-mx.el-paso:7"), ("feednumber", "7")),
)
pytestmark = pytest.mark.timeout(60)


@dataclass(frozen=True, slots=True)
class Office:
    """A channel, the contents that its office kept, and how to change what the office does next."""

    channel: Channel
    kept: Callable[[], list[bytes]]
    be: Callable[[Mood | int], None]


@pytest.fixture(params=["recording", "webhook"])
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    moods: list[Mood | int] = [Mood.ACCEPT]

    def be(mood: Mood | int) -> None:
        moods[0] = mood

    clock = HistoryClock(THEN)
    if request.param == "recording":
        recording = RecordingChannel(clock, lambda _, __: moods[0])
        yield Office(recording, lambda: [parcel.content for parcel in recording.taken], be)
        return
    with receiver(lambda _, __: moods[0]) as server:
        channel = Webhook(lambda _: server.url, lambda _: SECRET, clock=clock, wall=SystemClock(), allow_loopback=True)
        yield Office(channel, lambda: [given.content for given in server.taken], be)


def test_a_hand_over_gives_a_receipt_with_a_reference_and_the_clocks_moment(office: Office) -> None:
    receipt = office.channel.hand_over(PARCEL, timeout_seconds=5)
    assert office.kept() == [PARCEL.content]
    assert receipt.reference and receipt.at == THEN


def test_a_parcel_may_be_handed_over_again_and_is_the_same(office: Office) -> None:
    office.be(Mood.ACCEPT_AND_HANG_UP)
    with pytest.raises(HandOverDoubtful):
        office.channel.hand_over(PARCEL, timeout_seconds=5)
    office.be(Mood.ACCEPT)
    office.channel.hand_over(PARCEL, timeout_seconds=5)
    assert office.kept() == [PARCEL.content, PARCEL.content]


@pytest.mark.parametrize(("answer", "retry"), [(503, True), (429, True), (410, False)])
def test_an_office_that_refuses_has_nothing(office: Office, answer: int, retry: bool) -> None:
    office.be(answer)
    with pytest.raises(HandOverFailed) as failed:
        office.channel.hand_over(PARCEL, timeout_seconds=5)
    assert failed.value.retry is retry and office.kept() == []


def test_silence_is_a_doubt_within_the_time_given(office: Office) -> None:
    office.be(Mood.NEVER_ANSWER)
    with pytest.raises(HandOverDoubtful):
        office.channel.hand_over(PARCEL, timeout_seconds=0.3)
