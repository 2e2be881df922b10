"""What a sequence says of the whole run is done before the runner prepares its files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conftest import needs
from engine_runs import failures_of_runs
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, ZLimits
from parfocal_bridge.pymmcore_plus import gated
from runs import ACCEPT, gate

LIMITS = ZLimits(-40, 40)


@pytest.fixture(autouse=True)
def _needs_packages() -> None:
    needs("pymmcore_plus", "mm_test_adapters", "useq")


def plan() -> Any:
    from useq import MDAEvent, MDASequence

    setup = MDAEvent(roi=(128, 128, 256, 256))
    return MDASequence(setup=setup, stage_positions=[(600 * i, 0, 0) for i in range(2)])


class Files:
    """Learns of a run what files are made from, and what they get."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []
        self.frames: list[tuple[int, ...]] = []

    def sequenceStarted(self, sequence: Any, summary: Any) -> None:  # noqa: N802
        self.sizes += [(info["height"], info["width"]) for info in summary["image_infos"]]

    def frameReady(self, image: Any, event: Any, metadata: Any) -> None:  # noqa: N802
        self.frames.append(image.shape)


@pytest.fixture
def whole_sensor(beads: Any) -> Iterator[Any]:
    yield beads
    beads.clearROI()


def test_files_are_prepared_for_the_images_that_the_setup_of_a_sequence_makes(whole_sensor: Any) -> None:
    core, files = whole_sensor, Files()
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address) as client:
        assert client.wait_for_agent()
        thread = core.run_mda(gated(plan(), client, core, limits=LIMITS), output=files)
        thread.join(60)
    assert str(core.mda.status.finish_reason) == "completed"
    assert files.sizes == [(256, 256)]
    assert files.frames == [(256, 256)] * 2


def test_the_engine_is_set_up_once_and_torn_down_once(
    whole_sensor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    core, told = whole_sensor, []
    engine = core.mda.engine
    for name in ("setup_sequence", "teardown_sequence"):
        before = getattr(engine, name)

        def note(sequence: Any, name: str = name, before: Any = before) -> Any:
            told.append((name, sequence.setup))
            return before(sequence)

        monkeypatch.setattr(engine, name, note)
    with FakeAgent(ACCEPT) as agent:
        assert len(gate(core, agent.address, plan(), limits=LIMITS)) == 2
    setup = plan().setup
    assert told == [("setup_sequence", setup), ("teardown_sequence", setup)]


@pytest.mark.parametrize("kind", ["sequence", "events"])
@pytest.mark.parametrize("ends", ["completed", "canceled"])
def test_events_that_were_gated_in_an_earlier_run_are_refused_instead_of_acquiring_nothing(
    kind: str, ends: str, beads: Any
) -> None:
    events = plan().replace(setup=None)
    cancel = (lambda site: beads.mda.cancel()) if ends == "canceled" else None
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address) as client, failures_of_runs() as failures:
        assert client.wait_for_agent()
        once = gated(
            events if kind == "sequence" else list(events), client, beads, limits=LIMITS, on_site=cancel
        )
        beads.run_mda(once).join(60)
        assert (str(beads.mda.status.finish_reason), failures) == (ends, [])
        beads.run_mda(once).join(60)
    assert str(beads.mda.status.finish_reason) == "errored"
    assert len(failures) == 1 and "call gated() again" in failures[0]
