"""A controller's end of the protocol: ships frames, waits for verdicts, goes on without them."""

from __future__ import annotations

import atexit
import logging
import socket
import threading
import time
import uuid
import warnings
import weakref
from collections.abc import Callable, Collection
from types import TracebackType
from typing import Any

from parfocal_bridge.inbox import Inbox
from parfocal_bridge.kinds import require
from parfocal_bridge.ledger import CLOSED, Counters, Ledger, Ticket
from parfocal_bridge.link import AgentLink
from parfocal_bridge.messages import (
    Abandon,
    Bye,
    Controller,
    Frame,
    Heartbeat,
    Hello,
    Site,
    Verdict,
    Welcome,
    encode,
)
from parfocal_bridge.own_process import OwnProcess
from parfocal_bridge.parcel import Parcel, WirePixels, packed
from parfocal_bridge.pixels import wire_pixels
from parfocal_bridge.said_once import SaidOnce
from parfocal_bridge.site_names import SiteNames
from parfocal_bridge.unsent_frames import UnsentFrames

log = logging.getLogger(__name__)

DEFAULT_ADDRESS = "tcp://127.0.0.1:5610"
MAX_DEADLINE_MS = 3_600_000
"""The longest deadline that the protocol has, ms."""
GRACE_MS = 100.0
"""How much longer than its deadline a gated frame is waited for: the way there and back."""


class FocusClient:
    """One microscope's connection to the agent; use it as a context manager.

    ``offer`` and ``score`` may be called from any thread. Neither raises because of the agent: a frame
    without a verdict is *unscored* and the acquisition goes on. Both raise ValueError for what is no image.

    A process that is forked cannot use the client of the one before, which says so with RuntimeError; closing
    it there does nothing.

    :param address: where the agent takes frames.
    :param session: one run of one controller; a new UUID if None.
    :param deadline_ms: time that the agent has for a gated frame, ms.
    :param controller: name of the program that drives the microscope.
    :param controller_version: its version.
    :param observe_queue: observed frames that may wait to be sent; the newest are kept.
    :param misses_until_degraded: gated frames in a row without an answer after which it does not wait any
        more until the agent shows that it is back.
    :param on_verdict: called in the client's own thread with every verdict; must return soon.
    """

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        session: str | None = None,
        deadline_ms: float = 1000.0,
        *,
        controller: str = "parfocal-bridge",
        controller_version: str | None = None,
        observe_queue: int = 4,
        misses_until_degraded: int = 3,
        on_verdict: Callable[[Verdict], None] | None = None,
    ) -> None:
        require("address", address, str)
        _check_deadline(deadline_ms)
        if observe_queue < 1 or misses_until_degraded < 1:
            raise ValueError("observe_queue and misses_until_degraded must be at least 1")
        self.session = session or str(uuid.uuid4())
        # A script that is started again with the same session is another client of it.
        self._own = "" if session is None else f"{uuid.uuid4().hex[:8]}-"
        self.deadline_ms = float(deadline_ms)
        self.names = SiteNames()
        """Tells the sites of this session apart."""
        self.why_unscored: str | None = None
        """Why the last frame given to ``score`` got no verdict; None if it got one."""
        self.unscored_id: str | None = None
        """The id of that frame, if it was waited for."""
        self._controller = Controller(
            name=controller, version=controller_version, host=socket.gethostname() or None
        )
        self._process = OwnProcess()
        self._gate = threading.Lock()
        self._lock = threading.Lock()
        ledger = self._ledger = Ledger()
        self._inbox = Inbox(address, ledger, misses_until_degraded, on_verdict)
        self.unsent = UnsentFrames(lambda: ledger.count("dropped"))
        """Told of frames that were to be offered and cannot be."""
        self._sequence = 0
        self.acquiring: bool | None = None
        """Whether an acquisition runs, for the agent to tell one that has stopped; None: it is not told."""
        self.is_waiting: Callable[[], bool] = lambda: False
        """Whether it stands still as it is meant to: paused by its user, or before a start time."""
        self._before_close: list[Callable[[], None]] = []
        self._is_closed = False
        self._said = SaidOnce()
        bye, beat = encode(Bye(session=self.session)), weakref.WeakMethod(self._beat)
        # None of these holds the client: one that nobody uses any more can go.
        self._link = AgentLink(
            address,
            observe_queue,
            on_message=self._inbox.receive,
            on_sent=lambda parcel: ledger.count("sent"),
            on_lost=lambda parcel: None if parcel.is_gated else ledger.lost(parcel.id),
            on_beat=lambda: (beat() or (lambda: bye))(),
            goodbye=lambda: bye,
        )
        _open_clients.add(self)

    def __enter__(self) -> FocusClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if "_link" not in vars(self) or self._is_closed or not self._process.is_here:
            return
        self._end()
        self._link.leave()
        message = f"unclosed {self!r}: use it in a with block"
        warnings.warn(message, ResourceWarning, stacklevel=2, source=self)

    @property
    def counters(self) -> Counters:
        """The counts until now."""
        self._process.require()
        return self._ledger.counters

    @property
    def degraded(self) -> bool:
        """True while gated frames do not wait, because the agent is gone or too slow."""
        self._process.require()
        return self._inbox.degraded

    @property
    def welcome(self) -> Welcome | None:
        """What the agent said last of itself; None until it has said ``welcome``."""
        return self._inbox.welcome

    def wait_for_agent(self, timeout_s: float = 5.0) -> bool:
        """Waits until the agent has said ``welcome`` once; false if it did not. Not needed before a frame."""
        self._process.require()
        return self._inbox.wait_for_welcome(timeout_s)

    def offer(self, image: Any, frame: Frame) -> str:
        """Sends a frame that nobody waits for, and returns its id; ``on_verdict`` gets its verdict."""
        self._process.require()
        _check_frame(frame)
        return self._offer(wire_pixels(image), frame)

    def wait_for_answers(self, frame_ids: Collection[str], most: int = 0) -> int:
        """Waits until at most ``most`` of these offered frames are unanswered; returns how many are.

        It waits no longer than a gated frame does, and not at all while the client is degraded.
        """
        self._process.require()
        if self._is_closed or self.degraded:
            return self._ledger.unanswered(frame_ids)
        if not self._ledger.wait(frame_ids, most, (self.deadline_ms + GRACE_MS) / 1000):
            self._inbox.missed()
        return self._ledger.unanswered(frame_ids)

    def score(self, image: Any, frame: Frame, timeout_s: float | None = None) -> Verdict | None:
        """The verdict on a frame; None if there is none in time, and then the frame counts as unscored.

        One frame is waited for at a time: this call waits for one of another thread as long at most.

        :param timeout_s: longest wait, s; by default the deadline and 0.1 s for the way.
        """
        self._process.require()
        _check_frame(frame)
        pixels = wire_pixels(image)
        deadline_ms = frame.deadline_ms or self.deadline_ms
        _check_deadline(deadline_ms)
        wait_s = (deadline_ms + GRACE_MS) / 1000 if timeout_s is None else timeout_s
        if not self._gate.acquire(timeout=min(max(wait_s, 0.0), threading.TIMEOUT_MAX)):
            self._ledger.count("unscored")
            log.info("%s: unscored (another frame waits)", frame.site.name)
            self._offer(pixels, frame)
            return None
        try:
            if self._is_closed or self.degraded:
                self._ledger.count("unscored")
                self.why_unscored, self.unscored_id = CLOSED, None
                if not self._is_closed:
                    self._inbox.say_degraded(True)
                    self.why_unscored = "the agent is away or does not answer in time"
                self._offer(pixels, frame)
                return None
            self._inbox.say_degraded(False)
            parcel = self._parcel(pixels, frame, deadline_ms)
            ticket = self._ledger.gated(parcel.id)
            self._link.put(parcel)
            ticket.wait(wait_s)
            self._ledger.settled(parcel.id)
            if not ticket.done.is_set():
                self._link.take_back(parcel.id)
            return self._settle(ticket, frame, parcel.id)
        finally:
            self._gate.release()

    def abandon(
        self,
        site: Site,
        channel: str | None,
        time_index: int | None,
        why: str,
        reason: str,
        frame_id: str | None = None,
        *,
        cancelled: bool = False,
    ) -> None:
        """Tells the agent how a site ended that it cannot know of; never waits. One that is away hears it
        later.

        :param why: what a verdict asked for was not done: ``limits``, ``drive``, ``lock``, ``autofocus``,
            ``cancelled`` or ``other``; or there was nothing to judge: ``unscored``, ``no-frame``,
            ``skipped``.
        :param frame_id: with ``unscored``: the frame that got no verdict in time (``unscored_id``). One that
            the agent gave all the same is then not taken for what was done.
        :param cancelled: a user ended the run: the site is listed, and raises no alert.
        """
        self._process.require()
        place: dict[str, Any] = dict(site=site, channel=channel, time_index=time_index)
        how: dict[str, Any] = dict(why=why, reason=reason, cancelled=cancelled or None)
        message = Abandon(session=self.session, **place, **how, frame_id=frame_id)
        self._link.say(encode(message))

    def before_close(self, callback: Callable[[], None]) -> None:
        """Has this called before the connection is closed, while frames can still be offered."""
        self._before_close.append(callback)

    def close(self) -> None:
        """Says ``bye`` and closes the connection; takes 2 s at most. Ends the waits of other threads.

        An agent that has not heard how sites ended is given 5 s to come back, and 3 s to listen. A program
        that ends without it closes its clients so.
        """
        if not self._process.is_here:
            return
        if self.acquiring and not self._is_closed:
            self._say_closed(
                "while an acquisition runs, whose further frames are unscored: "
                "wait for its end before, as core.run_mda(...).join() does"
            )
        self._end()
        self._link.stop()

    def _end(self) -> None:
        _open_clients.discard(self)
        for callback in self._before_close:
            callback()
        self._is_closed = True
        self._ledger.close()

    def _settle(self, ticket: Ticket, frame: Frame, frame_id: str) -> Verdict | None:
        is_answered = ticket.done.is_set() and ticket.answer != "drop deadline"
        if is_answered:
            self._inbox.answered()
        else:
            self._inbox.missed()
        self._ledger.count("unscored" if ticket.verdict is None else "scored")
        self.why_unscored = self.unscored_id = None
        if ticket.verdict is None:
            self.why_unscored = ticket.why_not or "no verdict in time"
            self.unscored_id = frame_id
            log.info("%s: unscored (%s)", frame.site.name, ticket.answer or "no answer in time")
        return ticket.verdict

    def _offer(self, pixels: WirePixels, frame: Frame) -> str:
        parcel = self._parcel(pixels, frame, None)
        if self._is_closed:
            self._say_closed("and frames go on without it, unscored and in no table: make a new one")
            self._ledger.count("dropped")
            return parcel.id
        self._ledger.observed(parcel.id)
        self._link.put(parcel)
        return parcel.id

    def _parcel(self, pixels: WirePixels, frame: Frame, deadline_ms: float | None) -> Parcel:
        with self._lock:
            sequence, self._sequence = self._sequence, self._sequence + 1
        return packed(frame, pixels, self.session, sequence, deadline_ms, self._own)

    def _say_closed(self, what_of_it: str) -> None:
        if self._said.is_news("closed"):
            log.warning("The client is closed %s", what_of_it)

    def _beat(self) -> bytes:
        if self._inbox.listened():
            is_acquiring = self.acquiring and not self.is_waiting()
            beat = Heartbeat(session=self.session, timestamp_ms=time.time() * 1000, acquiring=is_acquiring)
            return encode(beat)
        return encode(Hello(session=self.session, controller=self._controller))


_open_clients: weakref.WeakSet[FocusClient] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """The program ends without having closed these."""
    for client in list(_open_clients):
        client.close()


def _check_frame(frame: Frame) -> None:
    require("frame", frame, Frame)
    require("frame.site", frame.site, Site)


def _check_deadline(deadline_ms: float) -> None:
    if not 0 < deadline_ms <= MAX_DEADLINE_MS:
        raise ValueError(
            f"deadline_ms must be positive and at most {MAX_DEADLINE_MS}, an hour: {deadline_ms}"
        )
