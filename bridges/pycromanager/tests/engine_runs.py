"""Runs through a ``FocusEngine`` around an engine that says which exposure each of its frames is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, SiteResult, ZLimits
from parfocal_bridge.pymmcore_plus import ATTEMPT_KEY, FocusEngine
from runs import PATIENT_MS, RUN_S, move

LIMITS = ZLimits(-40, 40)
STACK = {"range": 4, "step": 2}
SHIFTED_ONCE = move(-15), {"keepAttempt": 1}, {}
"""What an agent answers that has one stack taken again, and accepts the next one at once."""


@contextmanager
def counting_engine(core: Any) -> Iterator[Any]:
    """The core, with an engine whose frames say in their first pixel how often its camera has been read."""
    from pymmcore_plus.mda import MDAEngine

    class CountingEngine(MDAEngine):
        taken = 0
        missing: Callable[[Any], bool] = staticmethod(lambda event: False)
        skipping: Callable[[Any], bool] = staticmethod(lambda event: False)
        skipped_frames = 1
        exposing: Callable[[Any], None] = staticmethod(lambda event: None)

        def setup_event(self, event: Any) -> None:
            from pymmcore_plus.mda import SkipEvent

            if self.skipping(event):
                raise SkipEvent(self.skipped_frames, "no sample here")
            super().setup_event(event)

        def exec_single_event(self, event: Any) -> Iterator[Any]:
            self.exposing(event)
            for image, own_event, meta in super().exec_single_event(event):
                if self.missing(own_event):
                    yield None
                    continue
                image[0, 0] = self.taken = self.taken + 1
                yield image, own_event, meta

    before = core.mda.engine
    core.mda.set_engine(CountingEngine(core))
    try:
        yield core
    finally:
        core.mda.set_engine(before)


def sequence(zs_um: list[float], **more: Any) -> Any:
    from useq import MDASequence, Position

    positions = [Position(x=600 * i, y=0, z=z_um, name=f"P{i}") for i, z_um in enumerate(zs_um)]
    return MDASequence(stage_positions=positions, **more)


def gate(
    core: Any, answer: Any, events: Any, output: Path | None = None, **options: Any
) -> tuple[list[SiteResult], FakeAgent]:
    """Runs to its end, whatever that is."""
    results: list[SiteResult] = []
    keyed = {"limits": LIMITS, "on_site": results.append, **options}
    with FakeAgent(answer=answer) as agent:
        with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
            assert client.wait_for_agent(RUN_S)
            core.mda.set_engine(FocusEngine(core, client, **keyed))
            thread = core.run_mda(events, output=None if output is None else str(output))
            thread.join(RUN_S)
            assert not thread.is_alive()
        agent.wait_for("bye", 1)  # what was said before it has come, too
    return results, agent


def marks(path: Path) -> list[int]:
    """The number of the exposure of each saved frame."""
    import tifffile

    files = sorted(path.parent.rglob("*.tif*"))  # one of each position
    return [int(page[0, 0]) for file in files for page in _pages(tifffile.imread(file))]


def _pages(stack: Any) -> Any:
    return stack.reshape((-1, *stack.shape[-2:]))


def zarr_marks(path: Path) -> list[int]:
    """As ``marks``; 0 in each place without a frame, also where the run ended before it."""
    import numpy as np
    import tensorstore

    found = []
    for file in sorted(path.rglob("zarr.json")):
        if '"array"' not in file.read_text():
            continue
        spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(file.parent)}}
        data = np.asarray(tensorstore.open(spec).result().read().result())
        found += [int(page[0, 0]) for page in _pages(data)]
    return found


@contextmanager
def noted_marks(core: Any) -> Iterator[list[tuple[Any, int]]]:
    """The slice, or position, of the frames that listeners get, and the numbers of their exposures."""
    noted: list[tuple[Any, int]] = []

    def note(image: Any, event: Any, _: Any) -> None:
        noted.append((event.index.get("z", event.index.get("p")), int(image[0, 0])))

    core.mda.events.frameReady.connect(note)
    try:
        yield noted
    finally:
        core.mda.events.frameReady.disconnect(note)


@contextmanager
def failures_of_runs() -> Iterator[list[str]]:
    """What ended runs: it is raised in their thread."""
    failures: list[str] = []
    before, threading.excepthook = threading.excepthook, lambda args: failures.append(str(args.exc_value))
    try:
        yield failures
    finally:
        threading.excepthook = before


def stack_events(zs_um: Iterable[float], **more: Any) -> list[Any]:
    """The slices of one stack, as a list of events."""
    from useq import MDAEvent

    return [
        MDAEvent(index={"p": 0, "z": i}, pos_name="P0", x_pos=0, y_pos=0, z_pos=z_um, **more)
        for i, z_um in enumerate(zs_um)
    ]


def once(when: Callable[[Any], bool], act: Callable[[], None]) -> Callable[[Any], None]:
    """Acts at the first exposure that this is true of."""
    left = [act]

    def at(event: Any) -> None:
        if left and when(event):
            left.pop()()

    return at


def is_retry(event: Any) -> bool:
    return event.metadata.get(ATTEMPT_KEY) == 1
