"""What most tests of disclosure begin with: an agency with one live office, to which it posts by webhook."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.disclosure_world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.found()
    yield world
    world.close()
