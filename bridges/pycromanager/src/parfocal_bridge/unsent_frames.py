"""Frames that are only watched and cannot be sent: nobody else would tell of them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

_MAX_REASONS = 100


class UnsentFrames:
    """Counts them, and says so in the log: once for each reason, which a camera keeps all run long.

    :param count: called for each of them.
    """

    def __init__(self, count: Callable[[], None]) -> None:
        self._count = count
        self._lock = threading.Lock()
        self._said: set[str] = set()

    def note(self, name: str, error: Exception) -> None:
        """A frame of this name was not sent. May be called from any thread."""
        self._count()
        reason = str(error)
        with self._lock:
            is_news = reason not in self._said and len(self._said) < _MAX_REASONS
            if is_news:
                self._said.add(reason)
        if is_news:
            log.warning(
                "%s: not observed, and in no table, nor are other frames like it: %s (said once; "
                "FocusClient.counters.dropped counts them)",
                name,
                reason,
            )
