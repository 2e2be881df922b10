from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator

import pytest

from parfocal_bridge.plan_reader import NoEvent, PlanReader

PATIENT_S = 20.0


def never() -> bool:
    return False


def test_a_list_is_known_and_read_in_the_readers_own_thread() -> None:
    reader = PlanReader([1, 2], never)
    assert reader.is_known
    assert [reader.next() for _ in range(3)] == [1, 2, NoEvent.OVER]


def test_an_iterator_is_not_known_and_no_event_is_taken_before_it_is_asked_for() -> None:
    taken: list[int] = []

    def plan() -> Iterator[int]:
        for number in range(3):
            taken.append(number)
            yield number

    reader = PlanReader(plan(), never)
    assert not reader.is_known
    assert reader.next() == 0
    time.sleep(0.05)
    assert taken == [0]
    assert [reader.next() for _ in range(3)] == [1, 2, NoEvent.OVER]


def test_an_iterable_of_the_users_own_is_not_known_and_a_cancelled_run_does_not_wait_for_it() -> None:
    class Fed:
        """A plan that waits for its queue, as often as it is read."""

        def __init__(self) -> None:
            self.events: queue.Queue[int | None] = queue.Queue()

        def __iter__(self) -> Iterator[int]:
            return iter(self.events.get, None)

    cancelled, plan = threading.Event(), Fed()
    plan.events.put(1)
    reader = PlanReader(plan, cancelled.is_set)
    assert not reader.is_known
    assert reader.next() == 1
    threading.Timer(0.1, cancelled.set).start()
    assert reader.next() is NoEvent.CANCELLED
    plan.events.put(None)


def test_a_sequence_of_useq_is_known() -> None:
    useq = pytest.importorskip("useq")
    assert PlanReader(useq.MDASequence(stage_positions=[(0, 0, 0)]), never).is_known


def test_an_event_that_comes_late_comes_with_the_next_call() -> None:
    events: queue.Queue[int | None] = queue.Queue()
    reader = PlanReader(iter(events.get, None), never)
    assert reader.next(0.01) is NoEvent.LATE
    events.put(7)
    assert reader.next(PATIENT_S) == 7
    events.put(None)
    assert reader.next(PATIENT_S) is NoEvent.OVER


def test_a_cancelled_run_waits_no_longer() -> None:
    cancelled = threading.Event()
    events: queue.Queue[int | None] = queue.Queue()
    reader = PlanReader(iter(events.get, None), cancelled.is_set)
    threading.Timer(0.1, cancelled.set).start()
    assert reader.next() is NoEvent.CANCELLED
    events.put(None)


def test_a_plan_that_raises_raises_here() -> None:
    def plan() -> Iterator[int]:
        yield 1
        raise KeyError("the user's")

    reader = PlanReader(plan(), never)
    assert reader.next() == 1
    with pytest.raises(KeyError, match="the user's"):
        reader.next()


def test_its_thread_ends_when_it_is_closed() -> None:
    before = threading.active_count()
    reader = PlanReader(iter([1, 2]), never)
    reader.next()
    assert threading.active_count() == before + 1
    reader.close()
    end_s = time.monotonic() + PATIENT_S
    while threading.active_count() > before:
        assert time.monotonic() < end_s
        time.sleep(0.01)
