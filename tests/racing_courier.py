"""A courier that hands over in a thread of its own, while the test changes what it rests on."""
from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from adapters.disclosure.courier import Courier

STEPS_MAX = 20_000
JOIN_SECONDS = 100


@contextmanager
def handing_over(courier: Courier) -> Iterator[None]:
    """Until the block ends, and then until nothing is left to hand over; what fails there fails here."""
    done, failures = threading.Event(), list[BaseException]()

    def hand_over() -> None:
        try:
            for _ in range(STEPS_MAX):
                if courier.step() == 0 and done.is_set():
                    return
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=hand_over, daemon=True)
    thread.start()
    yield
    done.set()
    thread.join(JOIN_SECONDS)
    assert not failures and not thread.is_alive()
