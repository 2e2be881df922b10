"""What the agent must hear about sites, kept until it has heard it."""

from __future__ import annotations

from collections import deque

HEARD_AFTER_S = 1.0
"""Words count as heard once the agent has spoken so long after them: it reads what came before."""
MOST = 10_000


class Reports:
    """Messages that wait to be said, and those said to an agent that may have died over them.

    No input or output; times are monotonic seconds. Repeating one does no harm.
    """

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque(maxlen=MOST)
        self._said: deque[tuple[float, bytes]] = deque(maxlen=MOST)

    def __len__(self) -> int:
        """How many have not been said."""
        return len(self._waiting)

    @property
    def may_be_unheard(self) -> bool:
        """True if something was said that the agent has perhaps not read yet."""
        return bool(self._said)

    def add(self, words: bytes) -> None:
        """One more to say."""
        self._waiting.append(words)

    def first(self) -> bytes:
        """What to say next."""
        return self._waiting[0]

    def said(self, now_s: float) -> None:
        """The first one has left."""
        self._said.append((now_s, self._waiting.popleft()))

    def heard(self, now_s: float) -> None:
        """The agent spoke, at this time or later."""
        while self._said and now_s - self._said[0][0] > HEARD_AFTER_S:
            self._said.popleft()

    def welcomed(self) -> None:
        """The agent is new, or sees this controller as new: what it may have missed is said again."""
        self._waiting.extendleft(words for _, words in reversed(self._said))
        self._said.clear()
