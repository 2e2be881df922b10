"""Sees what an engine of pymmcore-plus acquires, in the runner's thread.

The signals of the runner do not do for that: under Qt they arrive whenever the event loop has time, in
another thread, and without Qt a listener that raises keeps the frame from those after it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parfocal_bridge.orderly_exit import in_order

if TYPE_CHECKING:
    from useq import MDAEvent, MDASequence

log = logging.getLogger(__name__)

_ATTRIBUTE = "_parfocal_tap"
_TAPPED = ("setup_sequence", "setup_event", "exec_event", "teardown_sequence")


def _nothing(*_: Any) -> None:
    pass


@dataclass(frozen=True, eq=False)
class EngineListener:
    """What is told of a run, all in the runner's thread.

    ``executed`` gets each event that the engine executes; ``acquired`` also image, event and metadata of one
    frame of it; ``skipped`` an event that the engine did not set up, and why.
    """

    started: Callable[[MDASequence], None] = _nothing
    executed: Callable[[MDAEvent], None] = _nothing
    acquired: Callable[[MDAEvent, Any, MDAEvent, Any], None] = _nothing
    skipped: Callable[[MDAEvent, Exception], None] = _nothing
    ended: Callable[[], None] = _nothing


class EngineTap:
    """Wraps the methods of one engine object while somebody listens. Use ``listen`` and ``leave``."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._listeners: tuple[EngineListener, ...] = ()
        self._before: dict[str, Any] = {}
        self._wrapped: dict[str, Callable[..., Any]] = {}

    @classmethod
    def of(cls, engine: Any) -> EngineTap:
        """The tap of an engine. Raises RuntimeError for an engine whose methods cannot be wrapped."""
        tap: EngineTap | None = getattr(engine, "__dict__", {}).get(_ATTRIBUTE)
        if tap is None:
            tap = cls(engine)
            try:
                setattr(engine, _ATTRIBUTE, tap)
            except AttributeError as error:
                raise RuntimeError(
                    f"the acquisition engine {type(engine).__name__} cannot be watched, so nothing is gated: "
                    "register one that allows attributes, such as pymmcore_plus.mda.MDAEngine"
                ) from error
        return tap

    def listen(self, listener: EngineListener) -> None:
        """Tells this listener, too."""
        with self._lock:
            if not self._listeners:
                self._wrap()
            self._listeners = (*self._listeners, listener)

    def leave(self, listener: EngineListener) -> None:
        """Tells this listener no more; with the last one the engine is as it was."""
        with self._lock:
            self._listeners = tuple(other for other in self._listeners if other is not listener)
            if not self._listeners:
                self._unwrap()

    def _wrap(self) -> None:
        for name in _TAPPED:
            if name in vars(self._engine):
                self._before[name] = vars(self._engine)[name]
            original = getattr(self._engine, name, _nothing)
            self._wrapped[name] = getattr(self, f"_{name}")(original)
            setattr(self._engine, name, self._wrapped[name])

    def _unwrap(self) -> None:
        for name, wrapped in self._wrapped.items():
            if vars(self._engine).get(name) is not wrapped:
                continue  # somebody wrapped it again: what is left here passes everything on
            if name in self._before:
                setattr(self._engine, name, self._before[name])
            else:
                delattr(self._engine, name)
        self._before, self._wrapped = {}, {}

    def _tell(self, what: str, *values: Any) -> None:
        for listener in self._listeners:
            try:
                getattr(listener, what)(*values)
            except Exception:
                log.exception("A listener failed")

    def _interrupted(self) -> None:
        """By its user, which is not told from a failure any more when the runner tears down."""
        self._tell("ended")

    def _setup_sequence(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def setup_sequence(sequence: MDASequence) -> Any:
            self._tell("started", sequence)
            return original(sequence)

        return setup_sequence

    def _setup_event(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def setup_event(event: MDAEvent) -> Any:
            try:
                with in_order():
                    return original(event)
            except (SystemExit, KeyboardInterrupt):
                self._interrupted()
                raise
            except Exception as error:
                self._tell("skipped", event, error)
                raise

        return setup_event

    def _exec_event(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def exec_event(event: MDAEvent) -> Iterator[Any]:
            self._tell("executed", event)
            return self._passed_on(event, original(event) or ())

        return exec_event

    def _teardown_sequence(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def teardown_sequence(sequence: MDASequence) -> Any:
            # First, so that the engine restores the state that it found, if it does.
            self._tell("ended")
            return original(sequence)

        return teardown_sequence

    def _passed_on(self, event: MDAEvent, output: Iterable[Any]) -> Iterator[Any]:
        """The frames as the engine gives them; what the runner sends back reaches the engine."""
        frames = iter(output)
        send = getattr(frames, "send", None)
        try:
            with in_order():
                payload = next(frames)
                while True:
                    if payload is not None:
                        self._tell("acquired", event, *payload)
                    signal = yield payload
                    payload = next(frames) if send is None else send(signal)
        except StopIteration:
            return
        except (SystemExit, KeyboardInterrupt):
            self._interrupted()
            raise
        finally:
            getattr(frames, "close", _nothing)()
