from __future__ import annotations

import logging

import pytest

from parfocal_bridge import Site, Verdict, ZLimits
from parfocal_bridge.messages import Action
from parfocal_bridge.shifts import CarriedShifts
from parfocal_bridge.site import Attempt, SiteAttempts, SiteStart, Step


def verdict(
    decision: str = "retry",
    by_um: float | None = None,
    kind: str | None = None,
    keep: int = 0,
    via_um: float | None = None,
) -> Verdict:
    kind = kind or ("move-z" if by_um is not None else None)
    return Verdict(
        id="f",
        condition="defocused",
        level=5,
        expected_level=5.0,
        decision=decision,
        action=None if kind is None else Action(kind=kind, by_um=by_um, via_um=via_um),
        acquire_again=decision == "retry",
        keep_attempt=keep,
    )


def attempts(limits: ZLimits | None = None, most: int = 8) -> SiteAttempts:
    return SiteAttempts(Site(name="A1"), "DAPI", 0, limits or ZLimits(-50, 50, 20), most)


def test_a_move_is_relative_to_where_the_frame_was_taken() -> None:
    assert attempts().add(3.0, verdict(by_um=-4.5)) == Step(again=True, move_to_um=-1.5)


def test_other_actions_and_the_end() -> None:
    assert attempts().add(3.0, verdict(kind="autofocus")) == Step(again=True, autofocus=True)
    assert attempts().add(3.0, verdict(kind="reacquire")) == Step(again=True)
    assert attempts().add(None, verdict("accept")) == Step(again=False)


def test_the_way_back_at_the_end_is_executed_and_no_frame_taken_there() -> None:
    site = attempts()
    site.add(0.0, verdict(by_um=6.0))
    assert site.add(6.0, verdict("flag", by_um=-6.0, keep=0)) == Step(again=False, move_to_um=0.0)
    assert site.result().keep_attempt == 0


def test_a_move_outside_is_refused_and_the_site_ends_at_its_best_z(caplog: pytest.LogCaptureFixture) -> None:
    site = attempts(ZLimits(-5, 5))
    assert site.add(0.0, verdict(by_um=4.0)) == Step(again=True, move_to_um=4.0)
    with caplog.at_level(logging.WARNING):
        assert site.add(4.0, verdict(by_um=4.0, keep=0)) == Step(again=False, move_to_um=0.0)
    assert "refused" in caplog.text and "8.000" in caplog.text
    result = site.result()
    assert result.refused is not None and "outside" in result.refused
    assert (result.keep_attempt, result.decision) == (0, "retry")


def test_back_to_a_z_of_this_site_is_allowed_however_far() -> None:
    site = attempts(ZLimits(-50, 50, 7))
    site.add(0.0, verdict(by_um=6.0))
    site.add(6.0, verdict(by_um=6.0))
    assert site.add(12.0, verdict("flag", by_um=-12.0)) == Step(again=False, move_to_um=0.0)
    assert site.result().refused is None


def test_nothing_moves_where_z_is_not_known() -> None:
    site = attempts()
    assert site.add(None, verdict(by_um=1.0)) == Step(again=False)
    assert "not known" in (site.result().refused or "")


def test_an_unscored_frame_ends_the_site_and_never_sends_the_drive_to_zero() -> None:
    first = attempts()
    assert first.add(40.0, None) == Step(again=False)
    assert (first.result().decision, first.result().unscored) == ("unscored", 1)
    later = attempts()
    later.add(40.0, verdict(by_um=5.0, keep=0))
    assert later.add(45.0, None) == Step(again=False, move_to_um=40.0)
    assert later.result().keep_attempt == 0


def test_an_agent_that_never_ends_is_ended_here() -> None:
    site = attempts(most=2)
    assert site.add(0.0, verdict(kind="reacquire")).again
    assert not site.add(0.0, verdict(kind="reacquire")).again
    assert "2 frames" in (site.result().refused or "")


def test_an_action_of_a_later_version_is_refused() -> None:
    site = attempts()
    assert not site.add(0.0, verdict(kind="move-xy")).again
    assert "move-xy" in (site.result().refused or "")


def test_shifts_hold_for_the_position_and_end_with_the_time_point_unless_carried() -> None:
    shifts = CarriedShifts(to_later_times=False)
    shifts.found("A", "DAPI", 0, 2.5)
    assert shifts.get("A", "DAPI", 0) == 2.5
    assert shifts.get("A", "GFP", 0) == 2.5
    assert shifts.get("B", "DAPI", 0) == 0
    assert shifts.get("A", "DAPI", 1) == 0
    carried = CarriedShifts(to_later_times=True)
    carried.found("A", "DAPI", 0, 2.5)
    carried.found("A", "GFP", 0, 3.5)
    assert (carried.get("A", "DAPI", 4), carried.get("A", "GFP", 4)) == (2.5, 3.5)


def test_a_stop_on_the_way_is_relative_to_where_the_frame_was_taken() -> None:
    assert attempts().add(3.0, verdict(by_um=-4.5, via_um=-9.5)) == Step(
        again=True, move_to_um=-1.5, via_um=-6.5
    )


@pytest.mark.parametrize("limits", [ZLimits(-5, 50), ZLimits(-50, 50, 9)], ids=["range", "longest move"])
def test_a_stop_on_the_way_that_the_limits_forbid_is_left_out(limits: ZLimits) -> None:
    assert attempts(limits).add(3.0, verdict(by_um=-4.5, via_um=-9.5)) == Step(again=True, move_to_um=-1.5)


def test_each_slice_of_a_stack_stays_within_the_limits() -> None:
    def stack() -> SiteAttempts:
        start = SiteStart(0.0, 0.0, False, (-4.0, 4.0))
        return SiteAttempts(Site(name="A1"), None, 0, ZLimits(-10, 10), 8, start)

    assert stack().add(0.0, verdict(by_um=6.0)) == Step(again=True, move_to_um=6.0)
    refusing = stack()
    assert not refusing.add(0.0, verdict(by_um=6.5)).again
    assert refusing.result().refused_why == "limits"
    assert stack().add(0.0, verdict(by_um=-5.0, via_um=-7.0)).via_um is None


def test_after_a_lost_lock_there_is_no_way_back() -> None:
    site = attempts()
    site.add(0.0, verdict(by_um=6.0))
    site.add(6.0, verdict(by_um=6.0, keep=0))
    assert site.refuse("the lock is gone", "lock") == Step(again=False)
    assert site.result().refused_why == "lock"


@pytest.mark.parametrize(
    ("last", "status"),
    [
        (Attempt(1.0, verdict("accept")), "judged"),
        (Attempt(1.0, None), "unscored"),
        (Attempt(None, None, why_unscored="an image has two axes"), "unscored"),
        (Attempt(None, None, "the camera is off"), "no-frame"),
        (Attempt(None, None, "no sample", is_skipped=True), "skipped"),
    ],
)
def test_a_site_says_in_one_word_what_became_of_it(last: Attempt, status: str) -> None:
    site = attempts()
    site.take(last)
    assert site.result().status == status
    why = last.why_no_frame or last.why_unscored or "no verdict in time"
    assert site.result().reason == ("" if last.verdict else why)
    site.refuse("the run was cancelled", "cancelled")
    assert (site.result().status, site.result().refused_why) == ("refused", "cancelled")


def test_a_missing_frame_goes_home_and_keeps_what_was_judged() -> None:
    site = attempts()
    site.add(0.0, verdict(by_um=-4.0))
    site.add(-4.0, verdict(by_um=9.0, keep=1))
    assert site.take(Attempt(None, None, "no frame came")) == Step(again=False, move_to_um=-4.0)
    assert (site.number, site.best_z_um, site.result().kept.z_um) == (3, -4.0, -4.0)


def test_a_verdict_cannot_keep_an_attempt_that_there_was_not() -> None:
    site = attempts()
    site.add(0.0, verdict(by_um=-4.0))
    site.add(-4.0, verdict("accept", keep=2))
    assert site.result().keep_attempt == 0
