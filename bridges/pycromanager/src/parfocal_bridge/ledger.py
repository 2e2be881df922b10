"""Which frames of a client are unanswered, and what became of the others."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from parfocal_bridge.messages import Verdict

_MAX_OBSERVED = 1024
CLOSED = "the connection was closed"
LATE_S = 0.1
"""A wait that ends so much too late was held up."""
LAST_LOOK_S = 0.25
"""How long what waited is then given to be read."""


@dataclass(frozen=True)
class Counters:
    """What became of the frames of one client.

    ``sent`` left for the agent; ``scored`` got a verdict (gated ones in time); ``unscored`` are gated frames
    that went on without one; ``dropped`` are observed frames that were never sent, or that the agent skipped;
    ``errors`` are messages of the agent that say so or that cannot be read; ``late`` are verdicts that came
    after the wait; ``ignored`` are messages of an unknown type.
    """

    sent: int = 0
    scored: int = 0
    unscored: int = 0
    dropped: int = 0
    errors: int = 0
    late: int = 0
    ignored: int = 0


class Ticket:
    """A gated frame that somebody waits for."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.verdict: Verdict | None = None
        self.answer = ""
        self.why_not: str | None = None
        """Why there is no verdict, where that is known."""

    def refuse(self, answer: str, why: str | None) -> None:
        """Something else came than a verdict."""
        self.answer, self.why_not = answer, why
        self.done.set()

    def wait(self, timeout_s: float) -> bool:
        """Waits for an answer of either kind; false if there is none in time."""
        return waited(self.done.wait, timeout_s)


class Ledger:
    """Notes each frame when it is handed over and when it is answered. May be used from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._counts = dict.fromkeys(Counters.__dataclass_fields__, 0)
        self._tickets: dict[str, Ticket] = {}
        self._observed: OrderedDict[str, None] = OrderedDict()
        self._is_closed = False

    @property
    def counters(self) -> Counters:
        """The counts until now."""
        with self._changed:
            return Counters(**self._counts)

    def count(self, name: str) -> None:
        """One more of ``name``."""
        with self._changed:
            self._counts[name] += 1

    def gated(self, frame_id: str) -> Ticket:
        """A frame that is waited for; ``settled`` ends that."""
        ticket = Ticket()
        with self._changed:
            self._tickets[frame_id] = ticket
            if self._is_closed:
                ticket.refuse(CLOSED, CLOSED)
        return ticket

    def close(self) -> None:
        """No answer comes any more: nobody is to wait for one."""
        with self._changed:
            self._is_closed = True
            for ticket in self._tickets.values():
                ticket.refuse(CLOSED, CLOSED)

    def settled(self, frame_id: str) -> None:
        """Nobody waits for the frame any more."""
        with self._changed:
            self._tickets.pop(frame_id, None)

    def observed(self, frame_id: str) -> None:
        """A frame that nobody waits for."""
        with self._changed:
            self._observed[frame_id] = None
            while len(self._observed) > _MAX_OBSERVED:
                self._observed.popitem(last=False)

    def lost(self, frame_id: str) -> None:
        """An observed frame never left."""
        with self._changed:
            self._observed.pop(frame_id, None)
            self._counts["dropped"] += 1
            self._changed.notify_all()

    def verdict(self, verdict: Verdict) -> None:
        """A verdict came."""
        with self._changed:
            ticket = self._tickets.get(verdict.id)
            if ticket is not None:
                ticket.verdict, ticket.answer = verdict, "verdict"
                ticket.done.set()
            elif verdict.id in self._observed:
                del self._observed[verdict.id]
                self._counts["scored"] += 1
            else:
                self._counts["late"] += 1
            self._changed.notify_all()

    def no_verdict(
        self, frame_id: str | None, answer: str, counter: str | None, why: str | None = None
    ) -> None:
        """The agent answered a frame with something else than a verdict."""
        with self._changed:
            ticket = self._tickets.get(frame_id or "")
            if ticket is not None:
                ticket.refuse(answer, why)
            elif frame_id is not None and frame_id in self._observed:
                del self._observed[frame_id]
                if counter is not None:
                    self._counts[counter] += 1
            self._changed.notify_all()

    def unanswered(self, frame_ids: Collection[str]) -> int:
        """How many of these observed frames are unanswered."""
        with self._changed:
            return sum(frame_id in self._observed for frame_id in frame_ids)

    def wait(self, frame_ids: Collection[str], most: int, timeout_s: float) -> bool:
        """Waits until at most ``most`` of these observed frames are unanswered; false after the timeout."""

        def is_done() -> bool:
            return sum(frame_id in self._observed for frame_id in frame_ids) <= most

        with self._changed:
            return waited(lambda longest_s: self._changed.wait_for(is_done, longest_s), timeout_s)


def waited(wait: Callable[[float], bool], timeout_s: float) -> bool:
    """Calls ``wait`` with the time it may take; false after the timeout.

    One that ends late was held up with the whole process, and what it waits for may have come in time and lie
    unread: it gets a last look.
    """
    end_s = time.monotonic() + timeout_s
    if wait(timeout_s):
        return True
    return time.monotonic() - end_s > LATE_S and wait(LAST_LOOK_S)
