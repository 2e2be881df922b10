"""Acquisitions of pycro-manager, Python backend, that end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from runs import RUN_S


def noisy() -> Callable[[Any, Any], tuple[Any, Any]]:
    from beads import SensorNoise

    random = np.random.default_rng(2)
    return lambda image, metadata: (SensorNoise().apply(image, random), metadata)


def acquire(frames: Any, work: Callable[[Any], None], **hooks: Any) -> Any:
    """Runs to the end, or fails instead of hanging; returns the data set."""
    from pycromanager import Acquisition

    done: list[Any] = []
    errors: list[BaseException] = []

    def whole() -> None:
        try:
            keyed: dict[str, Any] = dict(directory=None, name="g", show_display=False, **hooks)
            with Acquisition(image_process_fn=frames, **keyed) as acq:
                work(acq)
            done.append(acq.get_dataset())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=whole, daemon=True)
    thread.start()
    thread.join(RUN_S)
    assert not thread.is_alive(), "the acquisition hangs"
    if errors:
        raise errors[0]
    return done[0]
