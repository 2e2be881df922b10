"""What is heard of the agent."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from parfocal_bridge.ledger import Ledger
from parfocal_bridge.messages import (
    AgentError,
    Bye,
    Drop,
    Heartbeat,
    Message,
    MessageError,
    Verdict,
    Welcome,
    decode,
)
from parfocal_bridge.presence import Presence
from parfocal_bridge.said_once import SaidOnce

log = logging.getLogger(__name__)


class Inbox:
    """Hands the agent's answers to those who wait for them, and knows whether it is worth waiting for.

    May be used from any thread.

    :param address: where the agent takes frames, for messages.
    :param misses_allowed: as for ``Presence``.
    :param on_verdict: called with every verdict.
    """

    def __init__(
        self,
        address: str,
        ledger: Ledger,
        misses_allowed: int,
        on_verdict: Callable[[Verdict], None] | None,
    ) -> None:
        self.welcome: Welcome | None = None
        """The last one."""
        self._address = address
        self._ledger = ledger
        self._on_verdict = on_verdict
        self._lock = threading.Lock()
        self._presence = Presence(time.monotonic(), misses_allowed)
        self._arrived = threading.Event()
        self._errors = SaidOnce()
        self._is_told_degraded = False

    @property
    def degraded(self) -> bool:
        """True while the agent is gone or too slow to be waited for."""
        with self._lock:
            return not self._presence.is_worth_waiting(time.monotonic())

    def wait_for_welcome(self, timeout_s: float) -> bool:
        """Waits until the agent has said ``welcome`` once; false if it did not."""
        return self._arrived.wait(timeout_s)

    def listened(self) -> bool:
        """All that had come was read; true if the agent is there."""
        now_s = time.monotonic()
        with self._lock:
            self._presence.listened(now_s)
            return self._presence.is_here(now_s)

    def answered(self) -> None:
        """A gated frame was answered in time."""
        with self._lock:
            self._presence.answered()

    def missed(self) -> None:
        """A gated frame was not answered in time."""
        with self._lock:
            self._presence.missed(time.monotonic())

    def say_degraded(self, is_degraded: bool) -> None:
        """Logs that frames go on unscored, or are gated again, where that is news."""
        if is_degraded == self._is_told_degraded:
            return
        self._is_told_degraded = is_degraded
        if is_degraded and self.welcome is None:
            log.warning(
                "No agent answers at %s, where 'parfocal agent' would start one: frames go on unscored",
                self._address,
            )
        elif is_degraded:
            log.warning("The agent does not answer: frames go on unscored until it is back")
        else:
            log.warning("The agent is back: frames are gated again")

    def receive(self, part: bytes) -> bool:
        """Takes in one message; true for a ``welcome``."""
        try:
            message = decode(part)
        except MessageError as error:
            if self._errors.is_news(f"unreadable: {error}"):
                log.warning("A message of the agent cannot be read: %s (said once)", error)
            self._ledger.count("errors")
            return False
        if message is None:
            self._ledger.count("ignored")
        else:
            self._note_presence(message, time.monotonic())
            self._hand_on(message)
        return isinstance(message, Welcome)

    def _note_presence(self, message: Message, now_s: float) -> None:
        with self._lock:
            if isinstance(message, Bye):
                self._presence.left()
            elif isinstance(message, Welcome):
                self._presence.welcomed(now_s)
                self.welcome = message
            elif isinstance(message, Heartbeat):
                self._presence.is_back(now_s)
            else:
                self._presence.heard(now_s)

    def _hand_on(self, message: Message) -> None:
        if isinstance(message, Welcome):
            self._arrived.set()
        elif isinstance(message, Verdict):
            self._verdict(message)
        elif isinstance(message, Drop):
            self._ledger.no_verdict(message.id, f"drop {message.why}", "dropped")
        elif isinstance(message, AgentError):
            if self._errors.is_news(f"{message.code}: {message.message}"):
                log.warning(
                    "The agent reports %s: %s (said once; FocusClient.counters.errors counts them)",
                    message.code,
                    message.message,
                )
            self._ledger.count("errors")
            self._ledger.no_verdict(message.id, f"error {message.code}", None, message.message)

    def _verdict(self, verdict: Verdict) -> None:
        self._ledger.verdict(verdict)
        if self._on_verdict is not None:
            try:
                self._on_verdict(verdict)
            except BaseException:  # whoever calls sys.exit() there would end the client's thread alone
                log.exception("on_verdict failed")
