"""What an engine that gates leaves to the engine that drives the microscope."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conftest import needs
from engine_runs import LIMITS, counting_engine, gate, sequence
from parfocal_bridge import FocusClient
from parfocal_bridge.pymmcore_plus import FocusEngine, ObserveListener
from runs import scripted


@pytest.fixture(autouse=True)
def _needs_packages() -> None:
    needs("pymmcore_plus", "mm_test_adapters", "useq", "tifffile")


@pytest.fixture
def core(beads: Any) -> Iterator[Any]:
    with counting_engine(beads) as counting:
        yield counting


def test_a_setting_that_is_written_is_one_of_the_engine_that_drives(core: Any) -> None:
    inner = core.mda.engine
    with FocusClient("tcp://127.0.0.1:9") as client:
        core.mda.set_engine(FocusEngine(core, client, limits=LIMITS))
        core.mda.engine.restore_initial_state = True
        core.mda.engine.use_hardware_sequencing = False
        assert (inner.restore_initial_state, inner.use_hardware_sequencing) == (True, False)
        assert core.mda.engine.restore_initial_state is True
        with ObserveListener(core, client):  # what it writes is to be seen by the runner
            assert "setup_event" in vars(core.mda.engine) and "setup_event" not in vars(inner)
        assert core.mda.engine.engine is inner


@pytest.mark.parametrize("restores", [False, True])
def test_the_state_is_restored_if_the_setting_says_so(restores: bool, core: Any) -> None:
    before = core.getFocusDirection("Z")
    core.setFocusDirection("Z", 1)
    core.setZPosition(2.5)

    def set_meanwhile(_: Any) -> None:
        core.mda.engine.restore_initial_state = restores

    core.mda.engine.restore_initial_state = True
    core.mda.engine.exposing = set_meanwhile
    gate(core, scripted({}), sequence([5.0]))
    core.setFocusDirection("Z", before)
    assert core.getZPosition() == pytest.approx(2.5 if restores else 5.0, abs=0.05)
