"""Gated events as the runner of pymmcore-plus takes them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from useq import MDAEvent, MDASequence


class GatedEvents(Iterator["MDAEvent"]):
    """The events of one run. Another run would get none, as from any iterator, and is told so instead."""

    def __init__(self, shots: Generator[MDAEvent, None, None], is_over: Callable[[], bool]) -> None:
        self._shots = shots
        self._is_over = is_over

    def __iter__(self) -> Iterator[MDAEvent]:
        if self._is_over():
            raise RuntimeError(
                "these gated events were acquired in a run that is over: call gated() again for another run"
            )
        return self

    def __next__(self) -> MDAEvent:
        return next(self._shots)

    def close(self) -> None:
        """As of a generator."""
        self._shots.close()


def gated_sequence(plan: MDASequence, shots: GatedEvents) -> Iterator[MDAEvent]:
    """Iterates over ``shots``, and is a sequence with what the plan says of the whole run.

    The engine sets the microscope up by that (``setup``, the field of view of grids) before the runner
    prepares the files, whose images have the size that the camera gives then. As for any generator, nobody
    expects a number of events, or that the engine merges them for hardware triggers.
    """
    fields = {name: getattr(plan, name) for name in type(plan).model_fields if name != "axis_order"}
    sequence = _kind().model_construct(**fields)
    sequence._shots = shots
    gated: Iterator[MDAEvent] = sequence
    return gated


@functools.cache
def _kind() -> Any:
    from pydantic import PrivateAttr
    from pymmcore_plus.mda._runner import GeneratorMDASequence  # type: ignore[attr-defined]

    class GatedSequence(GeneratorMDASequence):
        """The runner takes its iteration as it is, and asks it for no length."""

        _shots: Any = PrivateAttr(None)

        def __iter__(self) -> Iterator[MDAEvent]:  # type: ignore[override]
            iter(self._shots)
            return self

        def __next__(self) -> MDAEvent:
            event: MDAEvent = next(self._shots)
            return event

        def close(self) -> None:
            """As of a generator."""
            self._shots.close()

    return GatedSequence
