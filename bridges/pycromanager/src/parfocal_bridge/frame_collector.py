"""The ``image_process_fn`` of a gated acquisition of pycro-manager."""

from __future__ import annotations

import inspect
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from parfocal_bridge.dict_events import ATTEMPT_AXIS
from parfocal_bridge.events import Delivered
from parfocal_bridge.orderly_exit import in_order

Image = tuple[Any, Any]
"""Pixels and metadata, as pycro-manager hands them about."""

_MAX_HELD = 4
_POLL_S = 0.05


class FrameCollector:
    """Hands each image to the gate and passes it on to be saved.

    :param process: changes image and metadata first, for example to correct the illumination. It may do all
        that pycro-manager allows: take the queue of events as a third argument, return several images in a
        list, or nothing for an image that is not to be saved. What it returns for the event is judged; the
        image as it came if it returns nothing.
    :param saves: ``all`` images, the retries on the axis ``attempt``; or only the ``kept`` ones, each in the
        place that the plan has for it, without that axis (Python backend).
    """

    def __init__(self, process: Callable[..., Any] | None = None, saves: str = "all") -> None:
        if saves not in ("all", "kept"):
            raise ValueError(f"saves is all or kept, not {saves!r}")
        self.saves = saves
        self.failure: Exception | None = None
        """What the processor or a hook raised; pycro-manager then aborts the acquisition."""
        self._process = process
        self._takes_queue = process is not None and len(inspect.signature(process).parameters) == 3
        self._save: Callable[[Image], None] | None = None
        self._changed = threading.Condition()
        self._images: OrderedDict[frozenset[tuple[str, Any]], list[Delivered]] = OrderedDict()
        self._unsettled: list[Image] = []

    def begin(self, save: Callable[[Image], None] | None) -> None:
        """A gated acquisition begins.

        :param save: saves an image beside the one that is returned; None if the acquisition takes a list.
        """
        if save is None and self.saves == "kept":
            raise ValueError("only the Python backend of pycro-manager can save the kept images alone")
        with self._changed:
            # What an earlier acquisition left: images that came too late, and what ended it.
            self._images.clear()
            self._unsettled, self.failure = [], None
        self._save = save

    def __call__(self, image: Any, metadata: Any, event_queue: Any = None) -> Any:
        axes = dict(metadata.get("Axes", {}))
        judged, results = (image, metadata), [(image, metadata)]
        if self._process is not None:
            results = self._processed(image, metadata, event_queue)
            own = [result for result in results if dict(result[1].get("Axes", {})) == axes]
            judged = (own or results or [judged])[0]
        if ATTEMPT_AXIS not in axes:
            return self._passed_on(results)  # no image of the gate's, which would neither take nor settle it
        camera = metadata.get("Camera")
        with self._changed:
            if self.saves == "kept":
                self._unsettled += results
                results = []
            self._images.setdefault(_key(axes), []).append(Delivered(*judged, camera))
            while len(self._images) > _MAX_HELD:
                self._images.popitem(last=False)
            self._changed.notify_all()
        return self._passed_on(results)

    def take(
        self, axes: Mapping[str, Any], timeout_s: float, count: int, is_over: Callable[[], bool]
    ) -> tuple[Delivered, ...]:
        """The images of an event, one of each camera; fewer if no more came in time or all is over."""
        key = _key(axes)
        left_s = timeout_s
        with self._changed:
            while len(self._images.get(key, ())) < count and left_s > 0:
                has_changed = self._changed.wait(min(_POLL_S, left_s))
                if not has_changed:
                    left_s -= _POLL_S
                    if is_over():
                        break
            return tuple(self._images.pop(key, ()))

    def settle(self, keep: int) -> None:
        """The events since the last call are done: saves the images of this attempt if it is to."""
        with self._changed:
            images, self._unsettled = self._unsettled, []
        for image, metadata in images:
            axes = dict(metadata["Axes"])
            if axes.pop(ATTEMPT_AXIS, keep) == keep and self._save is not None:
                self._save((image, {**metadata, "Axes": axes}))

    def _processed(self, image: Any, metadata: Any, event_queue: Any) -> list[Image]:
        """What the processor returns. By anything else pycro-manager loses a thread, for which it waits."""
        assert self._process is not None
        try:
            with in_order():
                more = (event_queue,) if self._takes_queue else ()
                processed = self._process(image, metadata, *more)
            results = processed if isinstance(processed, list) else [] if processed is None else [processed]
            for result in results:
                if not _is_image(result):
                    raise TypeError(
                        "an image processor returns (image, metadata), the metadata with their 'Axes', a "
                        f"list of such, or None; this one returned {_kind_of(result)}"
                    )
            return results
        except Exception as error:
            self.failure = error
            raise

    def _passed_on(self, results: list[Image]) -> Any:
        if len(results) < 2 or self._save is None:
            return None if not results else results[0] if len(results) == 1 else results
        for extra in results[1:]:
            self._save(extra)
        return results[0]


def _is_image(result: Any) -> bool:
    is_pair = isinstance(result, tuple) and len(result) == 2
    return is_pair and isinstance(result[1], Mapping) and isinstance(result[1].get("Axes"), Mapping)


def _kind_of(result: Any) -> str:
    if not isinstance(result, tuple):
        return type(result).__name__
    return f"({', '.join(type(value).__name__ for value in result)})"


def _key(axes: Mapping[str, Any]) -> frozenset[tuple[str, Any]]:
    return frozenset(axes.items())
