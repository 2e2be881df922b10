"""What a camera or an agent may repeat with every frame, and a person needs to read once."""

from __future__ import annotations

import threading

_MOST = 100


class SaidOnce:
    """Remembers what was said. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: set[str] = set()

    def is_news(self, text: str) -> bool:
        """True the first time that this is asked of a text; false also once there are too many."""
        with self._lock:
            if text in self._said or len(self._said) >= _MOST:
                return False
            self._said.add(text)
            return True
