"""One name for each place of a session, also where positions share one or have none. No I/O."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

SAME_PLACE_UM = 1.0
"""Two events nearer than this are at one place, if nothing else tells them apart."""
PUT_BACK_UM = 20.0
"""So far off may a site lie that is imaged again: the plate was put back, or a script corrected its drift."""


@dataclass(frozen=True)
class Place:
    """What an event says of where it is: the position's name, its number in the plan, its tile, x, y, um."""

    name: str | None = None
    position: int | None = None
    grid: int | None = None
    x_um: float | None = None
    y_um: float | None = None
    time_index: int | None = None
    plate: str | None = None

    @property
    def is_anonymous(self) -> bool:
        """True if only x and y tell it from others."""
        has_number = self.position is not None or self.grid is not None
        return not self.name and not has_number and self.x_um is not None and self.y_um is not None

    @property
    def own_name(self) -> str:
        """The name unless another place has it already."""
        if self.is_anonymous:
            return _name_at(self.x_um or 0.0, self.y_um or 0.0)
        name = self.name or f"p{self.position or 0}"
        return name if self.grid is None else f"{name}-g{self.grid}"

    def distance_um(self, other: Place) -> float:
        """How far apart two places are; 0 where that is not known."""
        return math.hypot(_apart(self.x_um, other.x_um), _apart(self.y_um, other.y_um))


_Key = tuple[str | None, str, int, int]
"""Plate, name, and for places without a name the square of ``SAME_PLACE_UM`` that they are in."""


@dataclass(eq=False)
class _Rounds:
    """How often a run has come to a site, and what it imaged there this time."""

    count: int = 1
    images: set[Hashable] = field(default_factory=set)


@dataclass(eq=False)
class _Site:
    name: str
    place: Place
    run: int
    rounds: dict[int, _Rounds] = field(default_factory=dict)
    key: _Key | None = None


class SiteNames:
    """Tells the sites of one session apart. May be used from any thread.

    Two events are of one site if they have the same name and

    - in one run with numbered positions: the same number, unless it was given to two unnamed places;
    - in another run: the same place, within ``PUT_BACK_UM`` if it is named or numbered alike;
    - otherwise: the same place, or, where a named site is followed as it moves, the nearest one at another
      time.

    The sites of two plates are never the same.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._run = -1
        self._sites: dict[_Key, list[_Site]] = {}
        self._taken: dict[str | None, set[str]] = {}

    def new_run(self) -> int:
        """A run begins; its number, from 0."""
        with self._lock:
            self._run += 1
            return self._run

    def name_of(self, place: Place, run: int) -> str:
        """The name of the site, the same each time."""
        with self._lock:
            return self._site(place, run).name

    def passes_before(self, place: Place, run: int) -> int:
        """How often earlier runs of the session imaged this site."""
        with self._lock:
            return _passes(self._site(place, run), run)

    def pass_of(self, place: Place, run: int, image: Hashable) -> int:
        """How often the session imaged this site before this image. One that repeats begins a new pass.

        :param image: what tells it from others of one pass, such as channel and slice.
        """
        with self._lock:
            site = self._site(place, run)
            here = site.rounds[run]
            if image in here.images:
                here.count += 1
                here.images.clear()
            here.images.add(image)
            return _passes(site, run) + here.count - 1

    def _site(self, place: Place, run: int) -> _Site:
        keys = _keys_of(place)
        namesakes = itertools.chain.from_iterable(self._sites.get(key, ()) for key in keys)
        same = [site for site in namesakes if _is_same(site, place, run)]
        if same:
            site = min(same, key=lambda known: place.distance_um(known.place))
            if place.x_um is not None and place.y_um is not None:
                site.place = place
            site.run = run
        else:
            site = _Site(self._free_name(place), place, run)
        self._file(site, keys[0])
        site.rounds.setdefault(run, _Rounds())
        return site

    def _file(self, site: _Site, key: _Key) -> None:
        """Where it is found again, also after it has moved."""
        if site.key == key:
            return
        if site.key is not None:
            self._sites[site.key].remove(site)
        site.key = key
        self._sites.setdefault(key, []).append(site)

    def _free_name(self, place: Place) -> str:
        taken = self._taken.setdefault(place.plate, set())
        name = next(name for name in _names_for(place) if name not in taken)
        taken.add(name)
        return name


def _keys_of(place: Place) -> list[_Key]:
    """Where the sites are that may be this place; first where it is to be found itself."""
    if not place.is_anonymous:
        return [(place.plate, place.own_name, 0, 0)]
    column, row = (math.floor((um or 0.0) / SAME_PLACE_UM) for um in (place.x_um, place.y_um))
    return [(place.plate, "", column + i, row + j) for i in (0, -1, 1) for j in (0, -1, 1)]


def _names_for(place: Place) -> Iterator[str]:
    """The names that it may get, the best ones first."""
    base = place.own_name
    yield base
    if place.position is not None:
        yield f"{base}-p{place.position}"
    if place.x_um is not None and place.y_um is not None:
        yield f"{base}-{_name_at(place.x_um, place.y_um)}"
    yield from (f"{base}-{number}" for number in itertools.count(2))


def _is_same(site: _Site, place: Place, run: int) -> bool:
    apart_um = place.distance_um(site.place)
    numbers = (site.place.position, place.position)
    is_numbered = None not in numbers
    if site.run != run:
        is_known = bool(place.name) or (is_numbered and numbers[0] == numbers[1])
        return apart_um <= (PUT_BACK_UM if is_known else SAME_PLACE_UM)
    times = (site.place.time_index, place.time_index)
    has_moved_on = None not in times and times[0] != times[1]
    if is_numbered:
        is_followed = bool(place.name) or has_moved_on or apart_um <= PUT_BACK_UM
        return numbers[0] == numbers[1] and is_followed
    return apart_um <= SAME_PLACE_UM or (bool(place.name) and has_moved_on)


def _passes(site: _Site, run: int) -> int:
    return sum(rounds.count for number, rounds in site.rounds.items() if number < run)


def _apart(one_um: float | None, other_um: float | None) -> float:
    return 0.0 if one_um is None or other_um is None else one_um - other_um


def _name_at(x_um: float, y_um: float) -> str:
    return f"x{round(x_um)}_y{round(y_um)}"
