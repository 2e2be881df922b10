"""Sends what is only watched; the slices of a z-stack so that the agent judges them as one."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from parfocal_bridge.client import FocusClient
from parfocal_bridge.messages import Frame, Stack
from parfocal_bridge.visits import SLICE_WAIT_S


@dataclass
class _Held:
    """The newest slice of a stack, held back since it may be the last one, and the indices of all so far."""

    image: Any
    frame: Frame
    indices: frozenset[int | None]


class WatchedStacks:
    """Offers frames to the agent. Never waits, never raises.

    The slice that ends a z-stack has to say so. Where the size of the stack is not known, the newest slice is
    held back until an image of something else comes, or none for a while.
    """

    def __init__(self, client: FocusClient, wait_s: float = SLICE_WAIT_S) -> None:
        self._client = client
        self._wait_s = wait_s
        self._lock = threading.Lock()
        self._run: Hashable = None
        self._held: dict[str | None, _Held] = {}
        self._timer: threading.Timer | None = None
        client.before_close(self.end)

    def offer(self, image: Any, frame: Frame, run: Hashable = None, size: int | None = None) -> None:
        """Sends a frame.

        :param run: equal for the slices of one position and time, in all channels; None for what is no slice.
        :param size: slices of the stack, None if not known.
        """
        with self._lock:
            self._stop_timer()
            if run is None or run != self._run:
                self._end()
            self._run = run
            if run is None:
                self._send(image, frame)
            else:
                self._offer_slice(image, frame, size)

    def end(self) -> None:
        """The acquisition is over, and so are its stacks."""
        with self._lock:
            self._stop_timer()
            self._end()

    def _offer_slice(self, image: Any, frame: Frame, size: int | None) -> None:
        before = self._held.get(frame.channel)
        if before is not None and frame.z_index in before.indices:
            self._end()  # the same place once more
            before = None
        indices = frozenset() if before is None else before.indices
        if before is not None:
            self._send(before.image, before.frame)
        frame = replace(frame, stack=Stack(size=size))
        # A copy: the library may change the image later.
        held = _Held(np.array(image), frame, indices | {frame.z_index})
        if len(held.indices) == size:
            self._held.pop(frame.channel, None)
            self._send_last(held, size)
            return
        self._held[frame.channel] = held
        if size is None:
            self._timer = threading.Timer(self._wait_s + 2 * (frame.exposure_ms or 0) / 1000, self.end)
            self._timer.daemon = True
            self._timer.start()

    def _end(self) -> None:
        for held in self._held.values():
            planned = None if held.frame.stack is None else held.frame.stack.size
            self._send_last(held, planned or len(held.indices))
        self._held = {}

    def _send_last(self, held: _Held, size: int) -> None:
        stack = Stack(size=size, last=True) if size > 1 else None
        self._send(held.image, replace(held.frame, stack=stack))

    def _send(self, image: Any, frame: Frame) -> None:
        try:
            self._client.offer(image, frame)
        except Exception as error:
            self._client.unsent.note(frame.site.name, error)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
