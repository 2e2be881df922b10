"""The attempts of one site: from the verdict on each to what to do next. No input or output."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from parfocal_bridge.limits import ZLimits
from parfocal_bridge.messages import Site, Verdict

log = logging.getLogger(__name__)

SAME_Z_UM = 0.1
"""Two z closer than this are one: a drive reports back what it was told with some rounding."""


@dataclass(frozen=True)
class Attempt:
    """One frame of a site: where it was taken, um, and its verdict; both None if not known."""

    z_um: float | None
    verdict: Verdict | None


@dataclass(frozen=True)
class Step:
    """What to do after a frame: move to ``move_to_um`` if given, or autofocus; then acquire again or not."""

    again: bool
    move_to_um: float | None = None
    autofocus: bool = False


@dataclass(frozen=True)
class SiteResult:
    """What became of one gated site.

    ``keep_attempt`` is the attempt whose frame is the one to keep; ``decision`` is the last verdict's or
    ``unscored``; ``refused`` says why an action was not executed, if so.
    """

    site: Site
    channel: str | None
    time_index: int | None
    attempts: tuple[Attempt, ...]
    keep_attempt: int
    decision: str
    reason: str
    refused: str | None = None

    @property
    def unscored(self) -> int:
        """Frames without a verdict."""
        return sum(attempt.verdict is None for attempt in self.attempts)

    @property
    def kept(self) -> Attempt:
        """The attempt to keep."""
        return self.attempts[self.keep_attempt]


class SiteAttempts:
    """The frames of one site, from the planned one to the last retry.

    :param max_attempts: most frames, the planned one included, whatever the agent asks for.
    """

    def __init__(
        self, site: Site, channel: str | None, time_index: int | None, limits: ZLimits, max_attempts: int
    ) -> None:
        self._site = site
        self._channel = channel
        self._time_index = time_index
        self._limits = limits
        self._max_attempts = max_attempts
        self._attempts: list[Attempt] = []
        self._keep = 0
        self._refused: str | None = None

    @property
    def number(self) -> int:
        """The attempt that comes next, from 0."""
        return len(self._attempts)

    def add(self, z_um: float | None, verdict: Verdict | None) -> Step:
        """Takes in one frame.

        :param z_um: where the drive was, um; None if not known.
        :param verdict: None if the frame is unscored; the site ends then, at the best z known.
        """
        self._attempts.append(Attempt(z_um, verdict))
        if verdict is None:
            self._keep = self._keep if any(a.verdict for a in self._attempts) else len(self._attempts) - 1
            return self._end()
        self._keep = verdict.keep_attempt if verdict.keep_attempt < len(self._attempts) else self._keep
        action = verdict.action
        if verdict.acquire_again and len(self._attempts) >= self._max_attempts:
            return self.refuse(f"no more than {self._max_attempts} frames a site")
        if action is None or action.kind == "reacquire":
            return Step(again=verdict.acquire_again)
        if action.kind == "autofocus":
            return Step(again=verdict.acquire_again, autofocus=True)
        if action.kind != "move-z" or action.by_um is None:
            return self.refuse(f"action {action.kind!r} is not known")
        to_um = (z_um or 0.0) + action.by_um
        refusal = self._limits.refusal(z_um, to_um)
        if refusal is not None and not self._was_at(to_um, z_um):
            return self.refuse(refusal)
        return Step(again=verdict.acquire_again, move_to_um=to_um)

    def refuse(self, why: str) -> Step:
        """Ends the site because an action is not, or could not be, executed: back to the best z known."""
        log.warning("%s: refused: %s", self._site.name, why)
        self._refused = why
        return self._end()

    def result(self) -> SiteResult:
        """What became of the site."""
        last = self._attempts[-1].verdict
        return SiteResult(
            site=self._site,
            channel=self._channel,
            time_index=self._time_index,
            attempts=tuple(self._attempts),
            keep_attempt=self._keep,
            decision="unscored" if last is None else last.decision,
            reason="no verdict in time" if last is None else last.reason,
            refused=self._refused,
        )

    def _end(self) -> Step:
        here_um, best_um = self._attempts[-1].z_um, self._attempts[self._keep].z_um
        is_elsewhere = here_um is not None and best_um is not None and abs(best_um - here_um) > SAME_Z_UM
        return Step(again=False, move_to_um=best_um if is_elsewhere else None)

    def _was_at(self, to_um: float, z_um: float | None) -> bool:
        """Back to where this site was imaged already is always allowed, however long the way."""
        if z_um is None:
            return False
        return any(a.z_um is not None and abs(a.z_um - to_um) <= SAME_Z_UM for a in self._attempts)


class CarriedShifts:
    """How far from the planned z each position was found in focus, um.

    A shift found on a gated channel also holds for the channels of that position that are not gated. It ends
    with the time point unless ``to_later_times``.
    """

    def __init__(self, to_later_times: bool) -> None:
        self._to_later_times = to_later_times
        self._shifts: dict[tuple[str, str | None], tuple[int | None, float]] = {}

    def get(self, position: str, channel: str | None, time_index: int | None) -> float:
        """The shift to apply, um; 0 if nothing was found."""
        for key in ((position, channel), (position, None)):
            if key in self._shifts:
                found_at, shift_um = self._shifts[key]
                if self._to_later_times or found_at == time_index:
                    return shift_um
        return 0.0

    def found(self, position: str, channel: str | None, time_index: int | None, shift_um: float) -> None:
        """Remembers a shift for this channel, and for the position's channels that have none of their own."""
        for key in ((position, channel), (position, None)):
            self._shifts[key] = (time_index, shift_um)
