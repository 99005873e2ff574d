"""The world in which every purpose is served, with a mark of its own in every personal text."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.access_world import AccessWorld
from tests.e2e.canaries import Canaries


class MarkedWorld(AccessWorld):
    def __init__(self, folder: Path, canaries: Canaries) -> None:
        self.canaries = canaries
        super().__init__(folder)

    def written(self, line: dict[str, Any]) -> dict[str, Any]:
        return self.canaries.marked(line)
