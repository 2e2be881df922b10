from __future__ import annotations

from parfocal_bridge.presence import Presence


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
    assert not presence.is_worth_waiting(3.1)
    assert not presence.is_here(1)
