from __future__ import annotations

from parfocal_bridge.reports import HEARD_AFTER_S, Reports


def said(reports: Reports, now_s: float) -> list[bytes]:
    """Says all that waits."""
    words = []
    while reports:
        words.append(reports.first())
        reports.said(now_s)
    return words


def test_each_is_said_once_in_order() -> None:
    reports = Reports()
    for word in (b"a", b"b"):
        reports.add(word)
    assert len(reports) == 2
    assert said(reports, 0.0) == [b"a", b"b"]
    assert said(reports, 1.0) == []


def test_a_new_agent_is_told_again_what_the_old_one_may_not_have_heard_before_anything_else() -> None:
    reports = Reports()
    for word in (b"a", b"b"):
        reports.add(word)
    said(reports, 0.0)
    reports.add(b"c")
    reports.welcomed()
    assert said(reports, 2.0) == [b"a", b"b", b"c"]


def test_what_the_agent_has_certainly_heard_is_not_said_again() -> None:
    reports = Reports()
    reports.add(b"a")
    said(reports, 0.0)
    reports.add(b"b")
    said(reports, 5.0)
    reports.heard(5.0 + HEARD_AFTER_S)  # too soon after b
    assert reports.may_be_unheard
    reports.welcomed()
    assert said(reports, 6.5) == [b"b"]
    reports.heard(6.6 + HEARD_AFTER_S)
    assert not reports.may_be_unheard
    reports.welcomed()
    assert said(reports, 9.0) == []
