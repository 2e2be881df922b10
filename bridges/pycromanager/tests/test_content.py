"""Real images on a real MMCore: a site that is out of focus comes back, whatever is on the slide.

Every image of the demo's plate (six sources) is met at random distances from focus, by both Python
controllers.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from conftest import ROOT, Agent, needs
from parfocal_bridge import FocusClient, SiteResult, ZLimits
from parfocal_bridge.pycromanager import FrameCollector, gate_loop
from parfocal_bridge.pymmcore_plus import gated
from pycro_runs import acquire
from runs import PATIENT_MS, RUN_S, run

LIMITS = ZLimits(-60, 60)
FARTHEST_UM = 16.0
IN_FOCUS_UM = 2.0
SIDE_PX = 360
SPACING_UM = 600.0
LEAST_SHARE = 0.95


@pytest.fixture(scope="module")
def slides() -> dict[str, Any]:
    needs("pymmcore_plus", "mm_test_adapters", "useq")
    from content import Slide, read_png

    images = {path.name: read_png(path, SIDE_PX) for path in sorted((ROOT / "data" / "plate").glob("*.png"))}
    return {name: Slide(image) for name, image in images.items()}


def placed(slides: dict[str, Any], seed: int) -> list[tuple[str, float]]:
    """Each image twice, at another distance from focus; every fourth site is in focus."""
    chosen = random.Random(seed)
    sites = [name for name in slides for _ in range(2)]
    chosen.shuffle(sites)
    return [
        (name, 0.0 if i % 4 == 0 else chosen.choice([-1, 1]) * chosen.uniform(3, FARTHEST_UM))
        for i, name in enumerate(sites)
    ]


def judge(sites: list[tuple[str, float]], results: list[SiteResult]) -> None:
    """Where the kept frame of each site was taken; focus lies at 0."""
    lost = []
    for (name, start_um), result in zip(sites, results, strict=True):
        kept_um = result.kept.z_um or 0.0
        if abs(kept_um) > IN_FOCUS_UM:
            lost.append(
                f"{name}: from {start_um:.1f} to {kept_um:.1f} um, {result.decision}: {result.reason}"
            )
        assert abs(kept_um) <= abs(start_um) + IN_FOCUS_UM, f"{name} ended blurrier"
    displaced = sum(start_um != 0 for _, start_um in sites)
    extra = sum(len(result.attempts) - 1 for result in results)
    print(
        f"\n{displaced - len(lost)} of {displaced} displaced sites in focus, {extra} extra frames",
        *lost,
        sep="\n  ",
    )
    assert len(lost) <= (1 - LEAST_SHARE) * displaced


def test_sites_of_every_content_come_back_with_pymmcore_plus(agent: Agent, slides: dict[str, Any]) -> None:
    from pymmcore_plus.experimental.unicore import UniMMCore
    from useq import MDAEvent

    from beads import SensorNoise
    from content import OPTICS, PIXEL_UM, ContentCamera

    sites = placed(slides, seed=1)
    core: Any = UniMMCore()
    core.loadSystemConfiguration()
    core.setProperty("XY", "Velocity", 1000)
    core.setPixelSizeUm(core.getCurrentPixelSizeConfig(), PIXEL_UM)

    def seen() -> Any:
        name, _ = sites[round(core.getXPosition() / SPACING_UM)]
        return slides[name].at(core.getPosition())

    camera = ContentCamera(seen, (SIDE_PX, SIDE_PX), SensorNoise(), seed=1)
    core.loadPyDevice("Content", camera)
    core.initializeDevice("Content")
    core.setCameraDevice("Content")
    events = [
        MDAEvent(
            index={"p": i}, x_pos=SPACING_UM * i, y_pos=0.0, z_pos=z_um, exposure=1, pos_name=f"{name}-{i}"
        )
        for i, (name, z_um) in enumerate(sites)
    ]
    results: list[SiteResult] = []
    with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        keyed: dict[str, Any] = dict(limits=LIMITS, optics=OPTICS, on_site=results.append)
        run(core, gated(events, client, core, **keyed))
    judge(sites, results)


def test_sites_of_every_content_come_back_with_pycro_manager(
    agent: Agent, slides: dict[str, Any], headless: Any
) -> None:
    from beads import SensorNoise
    from content import OPTICS, PIXEL_UM

    sites = placed(slides, seed=2)
    noise, drawn = SensorNoise(), np.random.default_rng(2)

    def see(_image: Any, metadata: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        name, _ = sites[int(metadata["Axes"]["position"].rsplit("-", 1)[1])]
        metadata["PixelSizeUm"] = PIXEL_UM
        return noise.apply(slides[name].at(headless.get_position()), drawn), metadata

    events = [
        {"axes": {"position": f"{name}-{i}"}, "x": SPACING_UM * i, "y": 0.0, "z": z_um, "exposure": 1}
        for i, (name, z_um) in enumerate(sites)
    ]
    results: list[SiteResult] = []
    frames = FrameCollector(see)
    with FocusClient(agent.address, deadline_ms=PATIENT_MS, controller="pycro-manager") as client:
        assert client.wait_for_agent(RUN_S)
        keyed: dict[str, Any] = dict(limits=LIMITS, core=headless, optics=OPTICS)
        keyed["on_site"] = results.append
        acquire(frames, lambda acq: gate_loop(acq, events, client, frames, **keyed))
    judge(sites, results)
