from __future__ import annotations

from parfocal_bridge.presence import Presence


def listens(presence: Presence, until_s: float) -> None:
    """The link listens each half second and hears nothing."""
    for half in range(1, int(2 * until_s) + 1):
        presence.listened(half / 2)


def test_waiting_ends_after_misses_in_a_row_and_resumes_with_a_welcome() -> None:
    presence = Presence(0, misses_allowed=3)
    presence.welcomed(0)
    assert not presence.missed(1)
    presence.answered()
    assert [presence.missed(1) for _ in range(3)] == [False, False, True]
    assert not presence.is_worth_waiting(1.5)
    presence.welcomed(1.6)
    assert presence.is_worth_waiting(1.6)


def test_a_slow_agent_is_tried_with_one_frame_after_ever_longer_pauses() -> None:
    presence = Presence(0, misses_allowed=2)
    presence.welcomed(0)
    now_s, pauses_s = 0.0, []
    presence.missed(now_s)
    for _ in range(7):
        assert presence.missed(now_s)
        start_s = now_s
        while not presence.is_worth_waiting(now_s):
            now_s += 0.5
            presence.is_back(now_s)
        pauses_s.append(now_s - start_s)
    assert pauses_s == [1, 2, 4, 8, 16, 30, 30]
    presence.answered()
    assert not presence.missed(now_s)


def test_silence_and_bye_end_waiting_until_a_heartbeat() -> None:
    presence = Presence(0, misses_allowed=3)
    presence.welcomed(0)
    listens(presence, 2.5)
    assert presence.is_worth_waiting(3)
    assert not presence.is_worth_waiting(3.1)
    presence.is_back(5)
    assert presence.is_worth_waiting(5)
    presence.left()
    presence.heard(5.1)  # an answer to an earlier frame
    assert not presence.is_worth_waiting(5.1)
    presence.is_back(5.2)
    assert presence.is_worth_waiting(5.2)


def test_nobody_is_waited_for_who_never_came() -> None:
    presence = Presence(0, misses_allowed=3)
    assert presence.is_worth_waiting(1)
    listens(presence, 3)
    assert not presence.is_worth_waiting(3.1)
    assert not presence.is_here(1)


def test_silence_does_not_count_while_the_link_is_held_up() -> None:
    presence = Presence(0, misses_allowed=3)
    presence.welcomed(0)
    presence.listened(1)
    assert presence.is_worth_waiting(60) and presence.is_here(60)
    presence.listened(60)  # and nothing had come yet: of the minute, a second counts
    assert presence.is_worth_waiting(61) and presence.is_here(61)
    presence.listened(61)
    assert not presence.is_worth_waiting(61.1) and not presence.is_here(61.1)


def test_an_agent_that_is_silent_stays_so_though_the_link_is_held_up() -> None:
    presence = Presence(0, misses_allowed=3)
    presence.welcomed(0)
    listens(presence, 2.5)
    assert [presence.is_worth_waiting(now_s) for now_s in (3.1, 5, 60)] == [False] * 3
    presence.listened(60)
    assert not presence.is_worth_waiting(60)
    presence.is_back(60.1)
    assert presence.is_worth_waiting(60.1)


def test_an_agent_that_is_too_slow_is_not_forgiven_because_the_link_was_held_up() -> None:
    presence = Presence(0, misses_allowed=1)
    presence.welcomed(0)
    for now_s in (0, 0, 0, 0):
        presence.missed(now_s)
    presence.is_back(6)
    assert not presence.is_worth_waiting(6)
    presence.is_back(8)
    assert presence.is_worth_waiting(8)
