"""What the gate costs: the same run of sites in focus with and without it, in turns, on a real MMCore.

Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bridges" / "pycromanager" / "scripts"))
from beads import bead_events, bead_optics, beads_core  # noqa: E402

from agent_process import running_agent  # noqa: E402
from parfocal_bridge import FocusClient, ZLimits  # noqa: E402
from parfocal_bridge.pymmcore_plus import gated  # noqa: E402

SIDE_PX = 1024
SITES = 60
ROUNDS = 5


def main() -> None:
    core = beads_core(0.5)
    core.setProperty("Camera", "OnCameraCCDXSize", SIDE_PX)
    core.setProperty("Camera", "OnCameraCCDYSize", SIDE_PX)
    # The stage settles at once, so that the run's own time is that of the camera.
    events = [event.model_copy(update={"x_pos": 0.0, "y_pos": 0.0}) for event in bead_events([0.0] * SITES)]
    seconds: dict[str, list[float]] = {"without": [], "with": []}
    judged: list[object] = []
    with tempfile.TemporaryDirectory() as folder, running_agent(Path(folder)) as address:
        with FocusClient(address, deadline_ms=5000) as client:
            client.wait_for_agent(20)
            for _ in range(ROUNDS + 1):
                for name in ("without", "with"):
                    run = (
                        iter(events)
                        if name == "without"
                        else gated(
                            events,
                            client,
                            core,
                            limits=ZLimits(-40, 40),
                            optics=bead_optics(0.5),
                            on_site=judged.append,
                        )
                    )
                    start_s = time.perf_counter()
                    core.run_mda(run, block=True)
                    seconds[name].append(time.perf_counter() - start_s)
            unscored = sum(site.unscored for site in judged)  # type: ignore[attr-defined]
            agent_ms = [
                attempt.verdict.timings.total_ms
                for site in judged
                for attempt in site.attempts  # type: ignore[attr-defined]
                if attempt.verdict is not None
            ]
            frames = sum(len(site.attempts) for site in judged)  # type: ignore[attr-defined]
    # The first round warms up.
    ms = {name: [1000 * s / SITES for s in times[1:]] for name, times in seconds.items()}
    added = [a - b for a, b in zip(ms["with"], ms["without"], strict=True)]
    print(
        json.dumps(
            {
                "sidePx": SIDE_PX,
                "events": SITES,
                "rounds": ROUNDS,
                "withoutMsPerEvent": round(statistics.median(ms["without"]), 2),
                "withMsPerEvent": round(statistics.median(ms["with"]), 2),
                "addedMsPerEvent": round(statistics.median(added), 2),
                "addedMsPerEventRange": [round(min(added), 2), round(max(added), 2)],
                "agentMsPerFrame": round(statistics.median(agent_ms), 2),
                "framesJudged": frames,
                "expectedFrames": SITES * (ROUNDS + 1),
                "unscored": unscored,
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()
    os._exit(0)
