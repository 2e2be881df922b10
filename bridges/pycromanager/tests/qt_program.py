"""A gated run inside a Qt program, run by test_qt.py as a process of its own: a process has one Qt.

Prints what became of it as JSON: for each gated frame the site that it was sent as and the mark that its
engine wrote into its first pixel, and how the runs ended.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent
sys.path[:0] = [str(TESTS), str(TESTS.parent / "scripts")]
SITES = 8


def application(binding: str) -> Any:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["QT_API"] = binding
    if binding == "pyside6":
        from PySide6.QtCore import QCoreApplication
    else:
        from PyQt6.QtCore import QCoreApplication
    return QCoreApplication([])


def main(binding: str, mode: str) -> None:
    app = application(binding)
    import pymmcore
    from pymmcore_plus import CMMCorePlus, configure_logging
    from pymmcore_plus.mda import MDAEngine

    from beads import show_beads
    from fake_agent import FakeAgent
    from parfocal_bridge import FocusClient, ZLimits
    from parfocal_bridge.pymmcore_plus import FocusEngine, ObserveListener, gated
    from runs import ACCEPT

    class MarkingEngine(MDAEngine):
        """Writes the number of the position into the first pixel."""

        def exec_single_event(self, event: Any) -> Iterator[Any]:
            for image, own_event, meta in super().exec_single_event(event):
                image[0, 0] = event.index["p"]
                yield image, own_event, meta

    configure_logging(file=None, stderr_level="CRITICAL")
    core = CMMCorePlus()
    core.loadSystemConfiguration()
    show_beads(core)
    core.mda.set_engine(MarkingEngine(core))
    reasons, results = [], []

    def pump(until: Callable[[], bool], busy: bool = False) -> None:
        end_s = time.monotonic() + 30
        while not until() and time.monotonic() < end_s:
            app.processEvents()
            time.sleep(0.005)
            if busy and len(results) == 3:
                busy = False
                time.sleep(1.0)  # a dialog is drawn, a file is saved

    def run(events: Any, block: bool = False, **more: Any) -> None:
        thread = core.run_mda(events, block=block)
        if "cancel" in mode:
            pump(lambda: len(results) >= 2)
            core.mda.cancel()
        pump(lambda: not thread.is_alive(), **more)
        pump(lambda: True)
        reasons.append(str(core.mda.status.finish_reason))

    from beads import bead_events

    plan = bead_events([0.0] * SITES)
    keyed = {"limits": ZLimits(-40, 40), "on_site": results.append}
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, deadline_ms=10_000) as client:
        assert client.wait_for_agent(30)
        if mode == "observe":
            with ObserveListener(core, client):
                run(plan, block=True)
            agent.wait_for("frame", SITES)
        elif mode == "engine":
            core.mda.set_engine(FocusEngine(core, client, **keyed))
            run(plan, block=True)
        else:
            run(gated(plan, client, core, **keyed), block=mode == "block", busy=mode == "busy")
        if mode != "observe":  # and another run in the same program
            again = plan if mode == "engine" else gated(plan, client, core, **keyed)
            thread = core.run_mda(again)
            pump(lambda: not thread.is_alive())
            reasons.append(str(core.mda.status.finish_reason))
        sent = [
            (head["site"]["name"], head["mode"], int.from_bytes(pixels[:2], "little"))
            for head, pixels in agent.received["frame"]
        ]
    print(json.dumps({"sent": sent, "reasons": reasons, "decisions": [r.decision for r in results]}))
    pymmcore.CMMCore.registerCallback(core, None)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:3])
