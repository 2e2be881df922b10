"""The attempts of one site: from the verdict on each to what to do next. No input or output."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from parfocal_bridge.limits import SINGLE_PLANE, Span, ZLimits
from parfocal_bridge.messages import Action, Site, Verdict

log = logging.getLogger(__name__)

SAME_Z_UM = 0.1
"""Two z closer than this are one: a drive reports back what it was told with some rounding."""


@dataclass(frozen=True)
class Attempt:
    """One frame, or z-stack, of a site: where it was taken, um, and its verdict; both None if not known.

    ``z_um`` of a z-stack is that of its middle. ``why_no_frame`` says why there was nothing to judge, if so,
    and ``why_unscored`` why a frame got no verdict, where that is known; ``unscored_id`` is its id.
    """

    z_um: float | None
    verdict: Verdict | None
    why_no_frame: str | None = None
    is_skipped: bool = False
    why_unscored: str | None = None
    unscored_id: str | None = None


@dataclass(frozen=True)
class Step:
    """What to do after a frame: move to ``move_to_um`` if given, or autofocus; then acquire again or not.

    ``via_um`` is a stop on the way.
    """

    again: bool
    move_to_um: float | None = None
    autofocus: bool = False
    via_um: float | None = None


@dataclass(frozen=True)
class SiteStart:
    """Where a site begins, um: the planned z and the one it was started at.

    ``is_suggested`` if that was the agent's suggestion. ``span_um`` are the slices of a z-stack around it.
    """

    planned_z_um: float | None = None
    start_z_um: float | None = None
    is_suggested: bool = False
    span_um: Span = SINGLE_PLANE


@dataclass(frozen=True)
class SiteResult:
    """What became of one gated site.

    ``keep_attempt`` is the attempt whose frame is the one to keep; ``decision`` is the last verdict's or
    ``unscored``; ``refused`` says why an action was not executed, if so, and ``refused_why`` in one word:
    ``limits``, ``drive``, ``lock``, ``autofocus``, ``cancelled`` or ``other``.
    """

    site: Site
    channel: str | None
    time_index: int | None
    attempts: tuple[Attempt, ...]
    keep_attempt: int
    decision: str
    reason: str
    refused: str | None = None
    refused_why: str | None = None
    start: SiteStart = SiteStart()

    @property
    def status(self) -> str:
        """What became of the site in one word.

        ``judged``; ``refused``: an action was not executed; ``unscored``: the last frame got no verdict in
        time; ``no-frame``: the camera gave none; ``skipped``: the engine did not execute the event.
        """
        last = self.attempts[-1]
        if self.refused is not None:
            return "refused"
        if last.is_skipped:
            return "skipped"
        if last.why_no_frame is not None:
            return "no-frame"
        return "judged" if last.verdict is not None else "unscored"

    @property
    def unscored(self) -> int:
        """Attempts without a verdict."""
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
        self,
        site: Site,
        channel: str | None,
        time_index: int | None,
        limits: ZLimits,
        max_attempts: int,
        start: SiteStart = SiteStart(),
    ) -> None:
        self._site = site
        self._channel = channel
        self._time_index = time_index
        self._limits = limits
        self._max_attempts = max_attempts
        self._start = start
        self._attempts: list[Attempt] = []
        self._keep = 0
        self._refused: tuple[str, str] | None = None

    @property
    def number(self) -> int:
        """The attempt that comes next, from 0."""
        return len(self._attempts)

    @property
    def best_z_um(self) -> float | None:
        """Where the sharpest frame known was taken, um; None without a frame or z."""
        return self._attempts[self._keep].z_um if self._attempts else None

    def add(self, z_um: float | None, verdict: Verdict | None) -> Step:
        """Takes in one frame.

        :param z_um: where the drive was, um; None if not known. For a z-stack, its middle.
        :param verdict: None if the frame is unscored; the site ends then, at the best z known.
        """
        return self.take(Attempt(z_um, verdict))

    def take(self, attempt: Attempt) -> Step:
        """Takes in one frame, or that there was none: the site ends then, too."""
        self._attempts.append(attempt)
        z_um, verdict = attempt.z_um, attempt.verdict
        if verdict is None:
            self._keep = self._keep if any(a.verdict for a in self._attempts) else len(self._attempts) - 1
            return self._end()
        self._keep = verdict.keep_attempt if verdict.keep_attempt < len(self._attempts) else self._keep
        action = verdict.action
        if verdict.acquire_again and len(self._attempts) >= self._max_attempts:
            return self.refuse(f"no more than {self._max_attempts} frames a site", "other")
        if action is None or action.kind == "reacquire":
            return Step(again=verdict.acquire_again)
        if action.kind == "autofocus":
            return Step(again=verdict.acquire_again, autofocus=True)
        if action.kind != "move-z" or action.by_um is None:
            return self.refuse(f"action {action.kind!r} is not known", "other")
        to_um = (z_um or 0.0) + action.by_um
        refusal = self._limits.refusal(z_um, to_um, self._start.span_um)
        if refusal is not None and not self._was_at(to_um, z_um):
            return self.refuse(refusal, "drive" if z_um is None else "limits")
        return Step(again=verdict.acquire_again, move_to_um=to_um, via_um=self._stop(z_um or 0.0, action))

    def refuse(self, reason: str, why: str) -> Step:
        """Ends the site because an action is not, or could not be, executed: back to the best z known.

        :param why: ``limits``, ``drive``, ``lock``, ``autofocus``, ``cancelled`` or ``other``. For ``lock``
            nothing moves.
        """
        log.warning("%s: refused: %s", self._site.name, reason)
        self._refused = (reason, why)
        return Step(again=False) if why == "lock" else self._end()

    def result(self) -> SiteResult:
        """What became of the site."""
        last = self._attempts[-1]
        refused, refused_why = self._refused or (None, None)
        unscored_because = last.why_no_frame or last.why_unscored or "no verdict in time"
        return SiteResult(
            site=self._site,
            channel=self._channel,
            time_index=self._time_index,
            attempts=tuple(self._attempts),
            keep_attempt=self._keep,
            decision="unscored" if last.verdict is None else last.verdict.decision,
            reason=unscored_because if last.verdict is None else last.verdict.reason,
            refused=refused,
            refused_why=refused_why,
            start=self._start,
        )

    def _end(self) -> Step:
        """Home to the best z. Where the last frame is missing, nobody knows how far the drive is from it."""
        here_um, best_um = self._attempts[-1].z_um, self.best_z_um
        if best_um is None or (here_um is not None and abs(best_um - here_um) <= SAME_Z_UM):
            return Step(again=False)
        return Step(again=False, move_to_um=best_um)

    def _stop(self, z_um: float, action: Action) -> float | None:
        """The stop on the way, um; None, that is straight on, if there is none or the limits forbid it."""
        if action.via_um is None or action.by_um is None:
            return None
        via_um, span_um = z_um + action.via_um, self._start.span_um
        on_the_way = self._limits.refusal(z_um, via_um, span_um)
        from_there = self._limits.refusal(via_um, z_um + action.by_um, span_um)
        return via_um if on_the_way is None and from_there is None else None

    def _was_at(self, to_um: float, z_um: float | None) -> bool:
        """Back to where this site was imaged already is always allowed, however long the way."""
        if z_um is None:
            return False
        return any(a.z_um is not None and abs(a.z_um - to_um) <= SAME_Z_UM for a in self._attempts)
