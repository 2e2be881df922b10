"""Refocus a run of displaced sites with each method, on a real MMCore with its demo camera and noisy beads.

Prints one JSON object a line. The z errors are the harness's; no method sees them. Focus is at z = 0 um.
"""

from __future__ import annotations

import argparse
import functools
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bridges" / "pycromanager" / "scripts"))
from beads import (  # noqa: E402
    SensorNoise,
    bead_dicts,
    bead_events,
    bead_optics,
    beads_core,
    show_beads,
    um_per_level,
)

from agent_process import running_agent  # noqa: E402
from classical import golden_section, normalised_variance, sweep  # noqa: E402
from parfocal_bridge import FocusClient, SiteResult, ZLimits  # noqa: E402

RANGE_UM = 10.0
"""The z errors, and the range of the searches that need one."""
LIMITS = ZLimits(-40, 40)
DEADLINE_MS = 5000.0
RUN_S = 240.0
"""A run that is not done by then hangs."""


@dataclass(frozen=True)
class Site:
    """What became of one site, by the real z: um of defocus before and after, frames beyond the planned one."""

    before_um: float
    after_um: float
    extra: int
    unscored: int = 0


def errors_um(sites: int, seed: int) -> list[float]:
    """Errors spread evenly over -10 to 10 um, in random order."""
    spread = np.linspace(-RANGE_UM, RANGE_UM, sites)
    return [float(z) for z in np.random.default_rng(seed).permutation(spread)]


def bounded(work: Callable[[], None]) -> bool:
    """Runs the work in a thread; False if it hangs."""
    failures: list[BaseException] = []

    def whole() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=whole, daemon=True)
    thread.start()
    thread.join(RUN_S)
    if failures:
        raise failures[0]
    return not thread.is_alive()


def site_of(result: SiteResult) -> Site:
    zs = [attempt.z_um for attempt in result.attempts]
    assert zs[0] is not None and result.kept.z_um is not None
    return Site(zs[0], result.kept.z_um, len(zs) - 1, result.unscored)


def parfocal_pymmcore_plus(errors: Sequence[float], blur_rate: float, address: str) -> list[Site]:
    from parfocal_bridge.pymmcore_plus import gated

    core = beads_core(blur_rate)
    results: list[SiteResult] = []
    with FocusClient(address, deadline_ms=DEADLINE_MS) as client:
        client.wait_for_agent(20)
        events = gated(
            bead_events(errors),
            client,
            core,
            limits=LIMITS,
            optics=bead_optics(blur_rate),
            on_site=results.append,
        )
        bounded(lambda: core.run_mda(events, block=True))
    return [site_of(result) for result in results]


@functools.cache
def headless_core() -> Any:
    """The core of pycro-manager's Python backend; its engine keeps the first one of the process."""
    import mm_test_adapters
    from pycromanager import Core, start_headless

    folder = str(mm_test_adapters.device_adapter_path())
    start_headless(folder, "MMConfig_demo.cfg", python_backend=True, buffer_size_mb=64)
    return Core()


def parfocal_pycromanager(errors: Sequence[float], blur_rate: float, address: str) -> list[Site]:
    from pycromanager import Acquisition

    from parfocal_bridge.pycromanager import FrameCollector, gate_loop

    core = headless_core()
    show_beads(core, blur_rate)
    random = np.random.default_rng(3)
    noise = SensorNoise()
    frames = FrameCollector(lambda image, metadata: (noise.apply(image, random), metadata))
    results: list[SiteResult] = []

    def whole() -> None:
        with Acquisition(directory=None, name="g", image_process_fn=frames, show_display=False) as acq:
            gate_loop(
                acq,
                bead_dicts(errors),
                client,
                frames,
                limits=LIMITS,
                core=core,
                optics=bead_optics(blur_rate),
                on_site=results.append,
            )

    with FocusClient(address, deadline_ms=DEADLINE_MS) as client:
        client.wait_for_agent(20)
        bounded(whole)
    return [site_of(result) for result in results]


def classical(errors: Sequence[float], blur_rate: float, search: Callable[..., float]) -> list[Site]:
    """Searches about the planned z of each site; the planned frame is then taken at what it found."""
    core = beads_core(blur_rate)
    random = np.random.default_rng(4)
    noise = SensorNoise()
    sites: list[Site] = []

    def whole() -> None:
        for event in bead_events(errors):
            core.setXYPosition(event.x_pos, event.y_pos)
            core.waitForDevice("XY")
            snaps = 0

            def score(z_um: float) -> float:
                nonlocal snaps
                snaps += 1
                core.setPosition("Z", z_um)
                core.waitForDevice("Z")
                return normalised_variance(noise.apply(core.snap(), random), noise.offset)

            found = search(score, event.z_pos)
            sites.append(Site(event.z_pos, float(found), snaps))

    bounded(whole)
    return sites


def summary(method: str, sites: Sequence[Site], asked: int, level_um: float, seconds: float) -> dict[str, Any]:
    displaced = [site for site in sites if abs(site.before_um) > level_um]
    after = [abs(site.after_um) for site in displaced]
    return {
        "method": method,
        "umPerLevel": round(level_um, 3),
        "sites": asked,
        "displaced": len(displaced),
        "recovered": sum(z <= level_um for z in after),
        "endedBlurrier": sum(abs(site.after_um) > abs(site.before_um) + 1e-6 for site in sites),
        "extraExposures": sum(site.extra for site in sites),
        "medianExtraExposures": statistics.median(site.extra for site in displaced),
        "p90FinalAbsZUm": round(float(np.percentile(after, 90)), 3),
        "hung": asked - len(sites),
        "unscored": sum(site.unscored for site in sites),
        "seconds": round(seconds, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=48, help="sites for each blur rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--blur-rates", type=float, nargs="+", default=[0.5, 1.0], help="px of sigma for each um")
    parser.add_argument("--only", default="", help="only methods whose name contains this")
    parser.add_argument("--trace", action="store_true", help="print each site to standard error")
    arguments = parser.parse_args()
    for blur_rate in arguments.blur_rates:
        errors = errors_um(arguments.sites, arguments.seed)
        level_um = um_per_level(blur_rate)
        with tempfile.TemporaryDirectory() as folder:
            runs: dict[str, Callable[[str], list[Site]]] = {
                "parfocal, pymmcore-plus": lambda a: parfocal_pymmcore_plus(errors, blur_rate, a),
                "parfocal, pycro-manager": lambda a: parfocal_pycromanager(errors, blur_rate, a),
                "sweep of 11 planes": lambda _: classical(
                    errors, blur_rate, lambda score, z: sweep(score, z, RANGE_UM, 11)
                ),
                "golden section": lambda _: classical(
                    errors, blur_rate, lambda score, z: golden_section(score, z, RANGE_UM, 0.5)
                ),
            }
            for method, run in runs.items():
                if arguments.only not in method:
                    continue
                with running_agent(Path(folder) / method) as address:
                    start_s = time.monotonic()
                    sites = run(address)
                    seconds = time.monotonic() - start_s
                if arguments.trace:
                    for site in sites:
                        print(method, blur_rate, asdict(site), file=sys.stderr)
                row = summary(method, sites, len(errors), level_um, seconds)
                print(json.dumps({"blurRate": blur_rate, **row}), flush=True)


if __name__ == "__main__":
    import pymmcore

    main()
    # A process that ends soon after a core was at work can abort without this.
    sys.stdout.flush()
    import os

    os._exit(0)
