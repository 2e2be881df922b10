"""Where a site begins: as planned, as found at its position before, or where the agent expects its focus."""

from __future__ import annotations

from typing import Any

import pytest

from parfocal_bridge import ZLimits
from parfocal_bridge.dict_events import DictEvents
from parfocal_bridge.start_z import StartZ
from parfocal_bridge.visits import Visit

Event = dict[str, Any]


def event(position: str, z_um: float | None = 5.0, time: int = 0, **axes: int) -> Event:
    where = {} if z_um is None else {"z": z_um}
    return {"axes": {"position": position, "time": time, **axes}, **where}


def visit(*events: Event) -> Visit[Event]:
    return Visit(events, events)


def starts(
    limits: ZLimits | None = None, most_um: float | None = None, carry_z: bool = True
) -> StartZ[Event]:
    return StartZ(DictEvents(None), limits or ZLimits(-20, 20), carry_z, most_um)


def begin(starts: StartZ[Event], at: Visit[Event], planned_um: float | None = 5.0) -> tuple[Any, bool]:
    start = starts.start(at, planned_um)
    return start.start_z_um, start.is_suggested


def test_a_site_is_begun_where_the_agent_expects_its_focus_once() -> None:
    upcoming, z = visit(event("B")), starts()
    z.suggested(upcoming, 5.0, 8.0)
    assert z.shift_of(event("B")) == 3.0
    assert z.shift_of(event("A")) == 0.0, "it is meant for one site"
    assert begin(z, upcoming) == (8.0, True)
    assert begin(z, upcoming) == (5.0, False)


@pytest.mark.parametrize(("most_um", "z_um", "start_um"), [(3, 8, 8), (3, 8.1, 5), (None, 19, 19), (3, 2, 2)])
def test_a_suggestion_that_lies_too_far_from_the_plan_is_refused(
    most_um: float | None, z_um: float, start_um: float, caplog: pytest.LogCaptureFixture
) -> None:
    upcoming, z = visit(event("B")), starts(most_um=most_um)
    z.suggested(upcoming, 5.0, z_um)
    assert begin(z, upcoming) == (start_um, start_um != 5)
    told = [record.getMessage() for record in caplog.records]
    if start_um == 5:
        assert told == ["B: the suggestion is refused: it lies 3.100 um from the plan, more than 3 um"]
    else:
        assert told == []


def test_a_suggestion_outside_the_limits_or_without_a_planned_z_is_refused(
    caplog: pytest.LogCaptureFixture,
) -> None:
    upcoming, z = visit(event("B")), starts(ZLimits(0, 7))
    z.suggested(upcoming, 5.0, 8.0)
    assert begin(z, upcoming) == (5.0, False)
    z.suggested(visit(event("C", None)), None, 6.0)
    assert begin(z, visit(event("C", None)), None) == (None, False)
    assert len(caplog.records) == 2
    assert caplog.records[1].getMessage().endswith("its planned z is not known")


def test_every_slice_of_a_stack_that_is_begun_elsewhere_must_lie_within_the_limits() -> None:
    stack = visit(*(event("B", z_um, z=k) for k, z_um in enumerate((3.0, 5.0, 7.0))))
    inside, outside = starts(ZLimits(0, 10)), starts(ZLimits(0, 9.9))
    for z in (inside, outside):
        z.suggested(stack, 5.0, 8.0)
    assert begin(inside, stack) == (8.0, True)
    assert begin(outside, stack) == (5.0, False)
    assert inside.start(stack, 5.0).span_um == (-2.0, 2.0)


def test_an_autofocus_of_the_plan_makes_a_suggestion_out_of_date() -> None:
    upcoming, z = visit(event("B")), starts()
    z.suggested(upcoming, 5.0, 8.0)
    z.refocused_elsewhere()
    assert begin(z, upcoming) == (5.0, False)


def test_a_later_time_point_begins_where_focus_was_found_if_that_is_wanted() -> None:
    later = visit(event("A", time=1))
    for carry_z, start_um in ((True, 7.5), (False, 5.0)):
        z = starts(carry_z=carry_z)
        z.found(event("A"), 2.5)
        assert begin(z, later) == (start_um, False)
    narrow = starts(ZLimits(0, 7))
    narrow.found(event("A"), 2.5)
    assert begin(narrow, later) == (5.0, False), "it stays within the limits"


@pytest.mark.parametrize("wrong", [0, -1.0])
def test_a_distance_that_allows_no_suggestion_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="max_suggestion_um must be positive"):
        starts(most_um=wrong)


def test_where_the_plan_comes_back_without_time_points_a_site_begins_at_its_own_z() -> None:
    z = StartZ(DictEvents(None), ZLimits(-20, 20), False, None)

    def at(position: str, z_um: float, channel: str = "DAPI") -> Event:
        return {"axes": {"position": position, "channel": channel}, "z": z_um}

    z.start(visit(at("A", 6)), 6.0)
    z.found(at("A", 6), -6.0)
    assert z.shift_of(at("A", 8, "FITC")) == -6.0, "another channel of the same round"
    assert begin(z, visit(at("A", 6)), 6.0) == (0.0, False), "the same channel again, next to it"
    assert begin(z, visit(at("A", 0)), 0.0) == (0.0, False), "somebody has fed back the z that was found"
    z.found(at("A", 0), 0.5)
    begin(z, visit(at("B", 3)), 3.0)
    assert begin(z, visit(at("A", 0)), 0.0) == (0.0, False), "back from another position"
    assert z.shift_of(at("A", 2, "FITC")) == 0.0


def test_a_channel_that_is_imaged_at_all_positions_after_another_keeps_what_that_found() -> None:
    z = StartZ(DictEvents(None), ZLimits(-20, 20), False, None)

    def at(position: str, channel: str) -> Event:
        return {"axes": {"position": position, "channel": channel}, "z": 1.0}

    for position in "AB":
        begin(z, visit(at(position, "DAPI")), 1.0)
        z.found(at(position, "DAPI"), 2.0)
    assert [z.shift_of(at(position, "FITC")) for position in "AB"] == [2.0, 2.0]
