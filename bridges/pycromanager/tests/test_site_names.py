from __future__ import annotations

import pytest

from parfocal_bridge.site_names import Place, SiteNames


def test_the_same_place_has_the_same_name_each_time_it_is_asked_for() -> None:
    names = SiteNames()
    run = names.new_run()
    places = [Place("cell", None, None, 600.0 * i, 0.0) for i in range(3)]
    first = [names.name_of(place, run) for place in places]
    assert first == ["cell", "cell-x600_y0", "cell-x1200_y0"]
    assert [names.name_of(place, run) for place in reversed(places)] == first[::-1]


def test_two_numbered_positions_at_one_place_are_two_sites() -> None:
    names = SiteNames()
    run = names.new_run()
    assert names.name_of(Place("a", 0, None, 0.0, 0.0), run) == "a"
    assert names.name_of(Place("a", 1, None, 0.0, 0.0), run) == "a-p1"


def test_a_name_that_another_place_was_given_is_not_given_again() -> None:
    names = SiteNames()
    run = names.new_run()
    assert names.name_of(Place("a-p1", 0), run) == "a-p1"
    assert names.name_of(Place("a", 2), run) == "a"
    assert names.name_of(Place("a", 1), run) == "a-2"


def test_tiles_of_a_grid_belong_to_their_position() -> None:
    names = SiteNames()
    run = names.new_run()
    assert names.name_of(Place("w", 0, 3, 10.0, 0.0), run) == "w-g3"
    assert names.name_of(Place(None, None, 1, 10.0, 0.0), run) == "p0-g1"


def test_a_stage_that_does_not_come_back_exactly_is_at_the_same_place() -> None:
    names = SiteNames()
    run = names.new_run()
    assert names.name_of(Place(None, None, None, 100.0, 0.0), run) == "x100_y0"
    assert names.name_of(Place(None, None, None, 100.6, 0.0), run) == "x100_y0"
    assert names.name_of(Place(None, None, None, 102.0, 0.0), run) == "x102_y0"


def test_earlier_runs_are_counted_for_each_site() -> None:
    names = SiteNames()
    here, there = Place("a", 0, None, 0.0, 0.0), Place("b", 1, None, 9.0, 0.0)
    counts = []
    for places in ([here], [here, there], [there], [here]):
        run = names.new_run()
        counts.append([names.passes_before(place, run) for place in places])
    assert counts == [[0], [1, 0], [1], [2]]


def test_a_named_site_is_followed_as_it_moves_from_time_to_time() -> None:
    names = SiteNames()
    run = names.new_run()

    def at(x_um: float, time_index: int | None) -> str:
        return names.name_of(Place("cell", None, None, x_um, 0.0, time_index), run)

    assert [at(0.0, 0), at(600.0, 0)] == ["cell", "cell-x600_y0"]
    assert [at(40.0, 1), at(560.0, 1)] == ["cell", "cell-x600_y0"]
    assert at(90.0, 2) == "cell", "it is looked for where it was last"
    assert at(300.0, 2) == "cell-x600_y0"
    assert at(9000.0, None) == "cell-x9000_y0", "without a time nothing is followed"


def test_unnamed_places_are_not_followed() -> None:
    names = SiteNames()
    run = names.new_run()
    assert [names.name_of(Place(None, None, None, 50.0 * t, 0.0, t), run) for t in range(2)] == [
        "x0_y0",
        "x50_y0",
    ]


def test_a_later_run_follows_nothing_and_numbers_anew() -> None:
    names = SiteNames()
    first, second = names.new_run(), names.new_run()
    assert (first, second) == (0, 1)
    assert names.name_of(Place("cell", None, None, 0.0, 0.0, 0), first) == "cell"
    assert names.name_of(Place("cell", None, None, 70.0, 0.0, 1), second) == "cell-x70_y0"


def test_where_x_and_y_are_not_known_the_name_alone_tells() -> None:
    names = SiteNames()
    run = names.new_run()
    assert names.name_of(Place("a", None, None, 5.0, 5.0), run) == "a"
    assert names.name_of(Place("a"), run) == "a"
    assert names.name_of(Place("a", None, None, None, 5.0), run) == "a"
    assert names.name_of(Place(None, None, None, None, 5.0), run) == "p0"
    assert names.name_of(Place("a", None, None, 900.0, 5.0), run) == "a-x900_y5"


def test_a_plate_that_was_put_back_a_little_off_has_the_same_sites() -> None:
    names = SiteNames()

    def run_at(off_um: float, name: str | None) -> list[tuple[str, int]]:
        run = names.new_run()
        places = [Place(name, i, None, 600.0 * i + off_um, 0.0) for i in range(2)]
        return [(names.name_of(place, run), names.passes_before(place, run)) for place in places]

    for off_um, times in ((0.0, 0), (3.0, 1), (-9.0, 2)):
        assert run_at(off_um, None) == [("p0", times), ("p1", times)]
        assert run_at(off_um, "B1") == [("B1", times), ("B1-p1", times)]
    assert run_at(70.0, "B1") == [("B1-p0", 0), ("B1-x670_y0", 0)]


def test_the_sites_of_another_plate_are_others() -> None:
    names = SiteNames()
    for plate in ("P1", "P2"):
        run = names.new_run()
        place = Place("A1", 0, None, 0.0, 0.0, plate=plate)
        assert (names.name_of(place, run), names.passes_before(place, run)) == ("A1", 0)


def test_unnamed_positions_of_two_plans_in_one_run_are_told_apart_by_their_place() -> None:
    names = SiteNames()
    run = names.new_run()
    assert names.name_of(Place(None, 0, None, 0.0, 0.0), run) == "p0"
    assert names.name_of(Place(None, 0, None, 4000.0, 0.0), run) == "p0-p0"


def test_a_numbered_position_is_followed_wherever_it_goes() -> None:
    names = SiteNames()
    run = names.new_run()
    assert [names.name_of(Place("a", 0, None, 500.0 * t, 0.0, t), run) for t in range(3)] == ["a"] * 3
    assert [names.name_of(Place("a", 0, None, 500.0 * t, 0.0), run) for t in range(3)] == ["a"] * 3


def test_an_unnamed_place_that_creeps_stays_one_site() -> None:
    names = SiteNames()
    run = names.new_run()
    assert {names.name_of(Place(x_um=0.6 * i, y_um=-0.3 * i), run) for i in range(20)} == {"x0_y0"}


def test_thousands_of_unnamed_places_are_not_all_looked_at_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    names, looks = SiteNames(), []
    distance_um = Place.distance_um
    monkeypatch.setattr(Place, "distance_um", lambda *both: looks.append(1) or distance_um(*both))
    run = names.new_run()
    places = [Place(x_um=100.0 * (i % 50), y_um=100.0 * (i // 50)) for i in range(2000)]
    first = [names.name_of(place, run) for place in places]
    assert [names.name_of(place, run) for place in places] == first
    assert len(set(first)) == 2000
    assert len(looks) < 10 * 2000
