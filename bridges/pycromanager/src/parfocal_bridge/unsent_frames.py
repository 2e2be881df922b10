"""Frames that are only watched and cannot be sent: nobody else would tell of them."""

from __future__ import annotations

import logging
from collections.abc import Callable

from parfocal_bridge.said_once import SaidOnce

log = logging.getLogger(__name__)


class UnsentFrames:
    """Counts them, and says so in the log: once for each reason, which a camera keeps all run long.

    :param count: called for each of them.
    """

    def __init__(self, count: Callable[[], None]) -> None:
        self._count = count
        self._said = SaidOnce()

    def note(self, name: str, error: Exception) -> None:
        """A frame of this name was not sent. May be called from any thread."""
        self._count()
        reason = str(error)
        if self._said.is_news(reason):
            log.warning(
                "%s: not observed, and in no table, nor are other frames like it: %s (said once; "
                "FocusClient.counters.dropped counts them)",
                name,
                reason,
            )
