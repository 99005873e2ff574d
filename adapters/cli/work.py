"""`work`: all workers in one process, until told to stop."""
from __future__ import annotations

import logging
import signal
import sys
import threading
from types import FrameType
from typing import Annotated

import typer

from adapters.cli.console import INFRASTRUCTURE, USAGE, AsJson, end, installation, say, tell_json

WATCH_SECONDS = 0.2


def work(
    ctx: typer.Context,
    only: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Run this worker alone; may be repeated.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Work until nothing is left, then end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run the workers: views, clock, discloser, courier, receipts; relay and rights too where CASEBRIDGE_KAFKA is set.

    Each keeps its position with its effect, so it may be killed at any moment. SIGTERM and Ctrl-C stop them after
    their current step. Ends with 3 where a worker could not go on.

    Example: casebridge work --once
    Next: `casebridge feed OFFICE` shows what an office was given; `casebridge views lag` how far the views are.
    """
    from adapters.work import Crew, drain

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    with installation(ctx, new=True) as casebridge:
        workers = list(casebridge.workers())
        names = [worker.name for worker in workers]
        for name in only or ():
            if name not in names:
                raise end(USAGE, f"there is no worker {name}: {', '.join(names)}")
        chosen = [worker for worker in workers if not only or worker.name in only]
        for worker in workers:
            if worker not in chosen:
                worker.close()
        if once:
            try:
                done = drain(chosen)
            finally:
                for worker in chosen:
                    worker.close()
            if as_json:
                tell_json({"steps": done, "workers": {worker.name: "idle" for worker in chosen}})
            else:
                say(f"{', '.join(worker.name for worker in chosen)}: idle after {done} pieces of work")
            return
        crew = Crew(chosen, casebridge.log)
        stop = threading.Event()
        _stop_on_signals(stop)
        crew.start()
        print(f"working: {', '.join(worker.name for worker in chosen)}; Ctrl-C stops", file=sys.stderr, flush=True)
        while not stop.wait(WATCH_SECONDS) and not crew.is_over:
            pass
        crew.stop()
    ends = {worker.name: crew.failures.get(worker.name, "stopped after its step") for worker in chosen}
    if as_json:
        tell_json({"workers": ends, "failed": sorted(crew.failures)})
    else:
        for name, ending in ends.items():
            say(f"{name}: {ending}")
    if crew.failures:
        raise end(INFRASTRUCTURE, f"{', '.join(sorted(crew.failures))} could not go on; the others were not disturbed")


def _stop_on_signals(stop: threading.Event) -> None:
    def told(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told)
