"""What is mistaken for an option is refused when a run is set up: in the run no frame would be judged."""

from __future__ import annotations

from typing import Any

import pytest

from parfocal_bridge import FocusClient, ZLimits
from parfocal_bridge.pycromanager import FrameCollector, gate_loop, observing
from parfocal_bridge.pymmcore_plus import FocusEngine, ObserveListener, gated

LIMITS = ZLimits(-50, 50)
MISTAKEN = [{"limits": (-50, 50)}, {"optics": 0.75}, {"focus_lock": "offset"}]


@pytest.mark.parametrize("mistaken", [*MISTAKEN, {"plate": 5}])
def test_by_pymmcore_plus(mistaken: dict[str, Any], beads: Any) -> None:
    options = {"limits": LIMITS, **mistaken}
    with FocusClient() as client:
        for set_up in (FocusEngine, lambda core, client, **keyed: gated([], client, core, **keyed)):
            with pytest.raises(TypeError, match=next(iter(mistaken))):
                set_up(beads, client, **options)


@pytest.mark.parametrize("mistaken", [{"optics": 0.75}, {"plate": 5}])
def test_by_whoever_only_watches(mistaken: dict[str, Any], beads: Any) -> None:
    with FocusClient() as client:
        with pytest.raises(TypeError, match=next(iter(mistaken))):
            ObserveListener(beads, client, **mistaken)
        if "optics" in mistaken:
            with pytest.raises(TypeError, match="optics"):
                observing(client, **mistaken)


@pytest.mark.parametrize("mistaken", MISTAKEN)
def test_by_pycro_manager(mistaken: dict[str, Any]) -> None:
    options = {"limits": LIMITS, **mistaken}
    with FocusClient() as client, pytest.raises(TypeError, match=next(iter(mistaken))):
        gate_loop(object(), [], client, FrameCollector(), **options)
