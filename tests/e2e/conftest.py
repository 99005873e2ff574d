"""The histories, each played once for all tests that only read what came of it."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.histories import Played, played


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Played]]:
    """Play a history by its name, at most once. To be read only."""
    done: dict[str, Played] = {}
    with ExitStack() as stack:

        def play(name: str) -> Played:
            if name not in done:
                done[name] = stack.enter_context(played(name, tmp_path_factory.mktemp(name)))
            return done[name]

        yield play
