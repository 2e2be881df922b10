"""Whether it makes sense to wait for the agent. No input or output; times are monotonic seconds."""

from __future__ import annotations

SILENCE_S = 3.0
"""After this long without a message the agent counts as gone."""
LISTENS_S = 1.0
"""How often the link listens. Where it was held up for longer, what the agent said meanwhile lies unread."""
MAX_PAUSE_S = 30.0


class Presence:
    """Remembers when the agent was heard and how often it failed to answer.

    Waiting ends (*degraded*) after ``misses_allowed`` gated frames in a row without an answer, after the
    agent's ``bye``, and after three seconds of silence, which counts only while the link listens. It resumes
    with the agent's next ``welcome`` or heartbeat. An agent that is there but too slow is tried again after
    1, 2, 4 ... 30 s, with one frame each time.
    """

    def __init__(self, now_s: float, misses_allowed: int) -> None:
        self._silence_s = 0.0
        self._listened_s = now_s
        self._misses_allowed = misses_allowed
        self._misses = 0
        self._pause_s = 0.0
        self._paused_until_s = 0.0
        self._is_here = False
        self._said_bye = False

    def is_here(self, now_s: float) -> bool:
        """The agent was heard and has neither left nor gone silent."""
        return self._is_here and not self._is_silent(now_s)

    def is_worth_waiting(self, now_s: float) -> bool:
        """A gated frame may wait for its verdict."""
        return not (self._said_bye or self._is_silent(now_s) or now_s < self._paused_until_s)

    def listened(self, now_s: float) -> None:
        """All that had come was read."""
        self._silence_s, self._listened_s = self._silence_until(now_s), now_s

    def heard(self, now_s: float) -> None:
        """An answer came from the agent. After its ``bye`` that may still be one to an earlier frame."""
        if not self._said_bye:
            self.is_back(now_s)

    def is_back(self, now_s: float) -> None:
        """A heartbeat came from the agent."""
        if not self.is_here(now_s):
            self._forgive()
        self._silence_s, self._listened_s = 0.0, now_s
        self._is_here, self._said_bye = True, False

    def welcomed(self, now_s: float) -> None:
        """The agent said ``welcome``: it is new, or sees this controller as new."""
        self._forgive()
        self.is_back(now_s)

    def left(self) -> None:
        """The agent said ``bye``."""
        self._is_here, self._said_bye = False, True

    def answered(self) -> None:
        """A gated frame was answered in time."""
        self._misses, self._pause_s = 0, 0.0

    def missed(self, now_s: float) -> bool:
        """A gated frame was not answered in time; true if waiting pauses now."""
        self._misses += 1
        if self._misses < self._misses_allowed:
            return False
        self._pause_s = min(MAX_PAUSE_S, max(1.0, 2 * self._pause_s))
        self._paused_until_s = now_s + self._pause_s
        return True

    def _is_silent(self, now_s: float) -> bool:
        return self._silence_until(now_s) > SILENCE_S

    def _silence_until(self, now_s: float) -> float:
        return self._silence_s + min(now_s - self._listened_s, LISTENS_S)

    def _forgive(self) -> None:
        self._misses, self._pause_s, self._paused_until_s = 0, 0.0, 0.0
