"""The thread that owns the socket to the agent."""

from __future__ import annotations

import atexit
import contextlib
import logging
import math
import socket
import threading
import time
from collections import deque
from collections.abc import Callable

import zmq

from parfocal_bridge.parcel import Parcel
from parfocal_bridge.reports import Reports

log = logging.getLogger(__name__)

HEARTBEAT_S = 1.0
SEND_HIGH_WATER_MARK = 4
LINGER_MS = 250
"""How long a ``bye`` may take to leave."""
REPORTS_LINGER_MS = 3000
"""The same for how sites ended: an agent that has just come back takes a while to read it."""
FAREWELL_S = 5.0
"""How long an agent that is away is waited for at the end, if it has not heard how sites ended."""
_POLL_MS = 100
_RECEIVE_BATCH = 64
_WAKE_BYTES = 4096


class AgentLink:
    """A DEALER socket in its own thread, which alone touches it. ``put`` hands over a frame and never blocks.

    Observed frames that cannot leave wait in a queue of ``observe_queue``, the newest are kept. Nothing is
    queued inside ZeroMQ for an agent that is not connected. ZeroMQ reconnects by itself.

    Callbacks run in the thread of the link: ``on_message`` for each received message, true if the agent
    welcomes this controller, ``on_sent`` and ``on_lost`` for each frame, ``on_beat`` once a second for what
    to say then, after all that had come was read.
    """

    def __init__(
        self,
        address: str,
        observe_queue: int,
        on_message: Callable[[bytes], bool],
        on_sent: Callable[[Parcel], None],
        on_lost: Callable[[Parcel], None],
        on_beat: Callable[[], bytes],
        goodbye: Callable[[], bytes],
    ) -> None:
        self._address = address
        self._observe_queue = observe_queue
        self._on_message = on_message
        self._on_sent = on_sent
        self._on_lost = on_lost
        self._on_beat = on_beat
        self._last_words = goodbye
        self._lock = threading.Lock()
        self._outbox: deque[Parcel] = deque()
        self._reports = Reports()
        self._is_known = False
        self._beat: bytes | None = None
        self._beat_s = 0.0
        self._emptied_s = 0.0
        self._stopping = threading.Event()
        self._context = zmq.Context()
        try:
            self._socket = self._connected(self._context.socket(zmq.DEALER), address)
        except zmq.ZMQError as error:
            self._context.destroy(linger=0)
            raise ValueError(f"address {address!r}: {error}") from error
        self._wake_out, self._wake_in = socket.socketpair()
        self._wake_out.setblocking(False)
        self._wake_in.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="parfocal-link", daemon=True)
        self._thread.start()

    def put(self, parcel: Parcel) -> None:
        """Queues a frame for sending."""
        lost = None
        with self._lock:
            observed = [item for item in self._outbox if not item.is_gated]
            if not parcel.is_gated and len(observed) >= self._observe_queue:
                lost = observed[0]
                self._outbox.remove(lost)
            self._outbox.append(parcel)
        if lost is not None:
            self._on_lost(lost)
        self._wake()

    def say(self, words: bytes) -> None:
        """Queues a message without pixels; it leaves before the frames that are put after it.

        It waits for an agent that is away, and is said again to one that comes back and may have missed it.
        """
        with self._lock:
            self._reports.add(words)
        self._wake()

    def take_back(self, frame_id: str) -> None:
        """Forgets a gated frame that has not left yet."""
        with self._lock:
            self._outbox = deque(item for item in self._outbox if item.id != frame_id)

    def stop(self, timeout_s: float = FAREWELL_S + REPORTS_LINGER_MS / 1000 + 2.0) -> None:
        """Says ``bye`` and ends the thread."""
        self._stopping.set()
        self._wake()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout_s)

    def leave(self) -> None:
        """The same without waiting for it, unless the program ends meanwhile. May be called at any time."""
        atexit.register(self.stop)
        self._stopping.set()
        self._wake()

    @staticmethod
    def _connected(dealer: zmq.Socket[bytes], address: str) -> zmq.Socket[bytes]:
        if address.startswith("tcp://["):
            dealer.setsockopt(zmq.IPV6, 1)
        dealer.setsockopt(zmq.SNDHWM, SEND_HIGH_WATER_MARK)
        dealer.setsockopt(zmq.IMMEDIATE, 1)
        dealer.setsockopt(zmq.LINGER, 0)
        # With a mark beside heartbeats, libzmq aborts a process whose input it stops when the agent leaves.
        dealer.setsockopt(zmq.RCVHWM, 0)
        dealer.setsockopt(zmq.HEARTBEAT_IVL, 1000)
        dealer.setsockopt(zmq.HEARTBEAT_TIMEOUT, 3000)
        dealer.setsockopt(zmq.RECONNECT_IVL, 200)
        dealer.setsockopt(zmq.RECONNECT_IVL_MAX, 1000)
        dealer.connect(address)
        return dealer

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full, so the thread is about to wake; or closed
            self._wake_out.send(b"\0")

    def _run(self) -> None:
        poller = zmq.Poller()
        poller.register(self._wake_in, zmq.POLLIN)
        while not self._stopping.is_set():
            try:
                self._turn(poller)
            except Exception:
                log.exception("The link to the agent stumbled; it goes on")
                self._stopping.wait(0.1)
        try:
            self._close()
        except Exception:
            log.exception("The link to the agent did not close in order")
        atexit.unregister(self.stop)

    def _turn(self, poller: zmq.Poller) -> None:
        with self._lock:
            wants_to_send = bool(self._outbox or self._reports) or self._beat is not None
        poller.register(self._socket, zmq.POLLIN | (zmq.POLLOUT if wants_to_send else 0))
        poller.poll(max(0, math.ceil((self._beat_s - time.monotonic()) * 1000)))
        self._drain_wakes()
        self._receive()
        if time.monotonic() >= self._beat_s:
            self._beat_s = time.monotonic() + HEARTBEAT_S
            self._beat = self._on_beat()
        if self._beat is not None and self._sends([self._beat]):
            self._beat = None
        self._send()

    def _drain_wakes(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wake_in.recv(_WAKE_BYTES)

    def _receive(self) -> None:
        for _ in range(_RECEIVE_BATCH):
            now_s = time.monotonic()
            try:
                parts = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                self._emptied_s = now_s
                return
            is_new = self._on_message(parts[0])
            with self._lock:
                if is_new:
                    self._is_known = True
                    self._reports.welcomed()
                # What is read late was not spoken late: all that is sure is that it had not come before this.
                self._reports.heard(self._emptied_s)

    def _send(self) -> None:
        """What was said leaves before the frames that were put after it."""
        while True:
            with self._lock:
                self._say_all()
                if self._reports or not self._outbox:
                    return
                parcel = self._outbox[0]
                if not self._sends([parcel.head, parcel.pixels]):
                    return
                self._outbox.popleft()
            self._on_sent(parcel)

    def _sends(self, parts: list[bytes]) -> bool:
        """False when the agent is absent or does not read."""
        try:
            self._socket.send_multipart(parts, zmq.NOBLOCK, copy=False)
        except zmq.Again:
            return False
        return True

    def _say_all(self) -> None:
        while self._reports and self._sends([self._reports.first()]):
            self._reports.said(time.monotonic())

    def _close(self) -> None:
        if self._is_known:
            self._send()
        end_s = time.monotonic() + (FAREWELL_S if self._is_known else 0.0)
        with self._lock:
            self._say_all()
            while self._reports and time.monotonic() < end_s:
                self._socket.poll(_POLL_MS, zmq.POLLOUT)
                self._say_all()
            if self._reports:
                log.warning("The agent is away: it was not told how %d sites ended", len(self._reports))
        if self._sends([self._last_words()]):
            has_more_to_say = self._reports.may_be_unheard
            self._socket.setsockopt(zmq.LINGER, REPORTS_LINGER_MS if has_more_to_say else LINGER_MS)
        self._socket.close()
        self._context.term()
        with self._lock:
            unsent, self._outbox = list(self._outbox), deque()
        for parcel in unsent:
            self._on_lost(parcel)
        self._wake_in.close()
        self._wake_out.close()
