"""What became of the sites of the run in progress, from the records that the agent publishes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from parfocal_bridge.wells import Well, well_at, well_of_name

Record = dict[str, Any]
_Key = tuple[str | None, str | None, str, int | None, str, int]

WORST_FIRST = (
    "flagged",
    "refused",
    "error",
    "unscored",
    "no-frame",
    "skipped",
    "unjudged",
    "searching",
    "blank",
    "sharp",
)
"""What a site may be, as in ``sites.csv``: a well is shown as the worst of its sites and channels."""

BAD = frozenset(WORST_FIRST[:6])
"""What is to be looked at."""

_DECIDED = {"accept": "sharp", "flag": "flagged", "retry": "searching"}
_UNSEEN = ("unscored", "no-frame", "skipped")
_REFUSED = ("limits", "drive", "lock", "autofocus", "cancelled", "other")


@dataclass(frozen=True)
class LastVerdict:
    """The verdict on the last frame."""

    site: str
    channel: str
    decision: str
    condition: str
    level: float
    certainty: float
    reason: str


@dataclass
class WellView:
    """How a well stands: the worst of its sites, and the highest level of those that were judged."""

    row: int
    column: int
    name: str
    status: str
    level: float | None


@dataclass
class _Site:
    well: Well | None
    status: str = "searching"
    level: float | None = None


@dataclass
class LiveRun:
    """One run. ``take`` takes its records in their order; a record of another run begins anew."""

    session: str | None = None
    last: LastVerdict | None = None
    _sites: dict[_Key, _Site] = field(default_factory=dict)

    def take(self, record: Record) -> None:
        """Takes a record as the agent publishes it; what is no record of a site changes nothing."""
        session = record.get("session")
        kind = record.get("type")
        if session is None or kind not in ("verdict", "drop", "error", "outcome", "abandon"):
            return
        frame = record.get("frame") or record
        place = frame.get("site")
        if not isinstance(place, dict):
            return
        if session != self.session:
            self.session, self.last, self._sites = session, None, {}
        site = self._site(place, frame.get("channel", ""), frame.get("timeIndex", 0))
        if kind == "verdict":
            self._judged(site, record, frame)
        elif kind == "outcome":
            self._ended(site, record)
        elif kind == "abandon":
            site.status = _cut_short(record["why"])
        elif not _is_slice(frame):
            site.status = "error" if kind == "error" else "unscored"

    def load(self, snapshot: Record) -> None:
        """Takes a whole run as the agent's page has it (``/api/runs/RUN``)."""
        self.session, self.last, self._sites = snapshot["run"]["id"], None, {}
        places = snapshot["sites"]
        for row in snapshot["frames"]:
            if row["isSlice"]:
                continue
            site = self._site(places[row["site"]], row["channel"], row["timeIndex"])
            if row["end"] == "verdict":
                site.status = _status(row["decision"], row["condition"])
                site.level = row["expectedLevel"]
            else:
                site.status = "error" if row["end"] == "error" else "unscored"
        for row in snapshot["outcomes"]:
            site = self._site(places[row["site"]], row["channel"], row["timeIndex"])
            self._ended(site, row)
        for row in snapshot["ends"]:
            site = self._site(places[row["site"]], row["channel"], row["timeIndex"])
            if site.status == "searching":
                site.status = _cut_short(row["why"])

    def wells(self) -> Iterator[WellView]:
        """The wells that have sites, at the last time point of each."""
        latest: dict[tuple[Any, ...], int] = {}
        for (*site_of, time), _ in self._sites.items():
            latest[tuple(site_of)] = max(time, latest.get(tuple(site_of), 0))
        wells: dict[tuple[int, int], WellView] = {}
        for (*site_of, time), site in self._sites.items():
            if site.well is None or time < latest[tuple(site_of)]:
                continue
            row, column = site.well.row, site.well.column
            view = wells.setdefault((row, column), WellView(row, column, _label(row, column), "sharp", None))
            view.status = min(view.status, site.status, key=WORST_FIRST.index)
            if site.level is not None:
                view.level = max(site.level, view.level or 0.0)
        yield from wells.values()

    def _site(self, place: Record, channel: str, time: int) -> _Site:
        well = _well_of(place)
        # Programs spell wells differently, and the page spells them in one way.
        at = place.get("well") if well is None else _label(well.row, well.column)
        key = (place.get("plate"), at, place["name"], place.get("position"), channel, time)
        return self._sites.setdefault(key, _Site(well))

    def _judged(self, site: _Site, verdict: Record, frame: Record) -> None:
        level = float(verdict["expectedLevel"])
        self.last = LastVerdict(
            site=frame["site"]["name"],
            channel=frame.get("channel", ""),
            decision=verdict["decision"],
            condition=verdict["condition"],
            level=level,
            certainty=float(verdict["aggregateCertainty"]),
            reason=verdict["reason"],
        )
        if verdict.get("late") or _is_slice(frame):
            return
        site.status = _status(verdict["decision"], verdict["condition"])
        stack = verdict.get("stack")
        site.level = level if stack is None else float(stack["sharpestLevel"])

    @staticmethod
    def _ended(site: _Site, outcome: Record) -> None:
        if site.status in ("unscored", "error"):
            return
        site.level = float(outcome["levelAfter"])
        if outcome["recovered"] in ("yes", "not-needed"):
            site.status = "sharp"
        elif site.status == "searching":
            otherwise = "flagged" if outcome["recovered"] == "no" else "unjudged"
            site.status = _cut_short(outcome["why"], otherwise)


def _cut_short(why: str, otherwise: str = "refused") -> str:
    """How a search stands that was cut short, by the reason."""
    if why in _UNSEEN:
        return why
    return "refused" if why in _REFUSED else otherwise


def _well_of(place: Record) -> Well | None:
    row, column = place.get("row"), place.get("column")
    if isinstance(row, int) and isinstance(column, int):
        return well_at(row, column)
    return well_of_name(place.get("well") or place["name"])


def _status(decision: str, condition: str) -> str:
    if decision == "abstain":
        return "blank" if condition == "blank" else "unjudged"
    return _DECIDED[decision]


def _is_slice(frame: Record) -> bool:
    """One slice of a z-stack that is judged by its last slice."""
    stack = frame.get("stack")
    return frame.get("mode") == "observe" and stack is not None and stack.get("last") is not True


def _label(row: int, column: int) -> str:
    return f"{'' if row < 26 else 'A'}{chr(ord('A') + row % 26)}{column + 1:02d}"
