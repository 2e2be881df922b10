"""A process with a client forks, as workers of multiprocessing and of a DataLoader do."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from conftest import Agent
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, Frame, Site
from runs import ACCEPT, PATIENT_MS, RUN_S

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")

IMAGE = np.zeros((256, 256), np.uint16)


def frame(name: str) -> Frame:
    return Frame(site=Site(name=name))


def in_fork(act: Callable[[], Any]) -> Any:
    """What this returns or raises in a fork, which must end by itself."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()

    def report() -> None:
        try:
            there.send(act())
        except Exception as error:
            there.send(error)

    child = context.Process(target=report)
    child.start()
    child.join(RUN_S)
    if child.is_alive():
        child.kill()
        pytest.fail("the fork hangs")
    assert child.exitcode == 0
    return here.recv()


@pytest.mark.parametrize(
    "use",
    [
        lambda client: client.score(IMAGE, frame("B")),
        lambda client: client.offer(IMAGE, frame("B")),
        lambda client: client.abandon(Site(name="B"), None, None, "skipped", "none"),
        lambda client: client.wait_for_answers(["B"]),
        lambda client: client.wait_for_agent(),
        lambda client: client.counters,
        lambda client: client.degraded,
    ],
)
def test_a_fork_is_told_to_make_a_client_of_its_own(use: Callable[[FocusClient], Any]) -> None:
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        # As another thread may hold them when it forks.
        with client._lock, client._ledger._changed, client._gate:
            told = in_fork(lambda: use(client))
    assert isinstance(told, RuntimeError) and "make a FocusClient of its own" in str(told)


def test_a_fork_that_closes_or_ends_leaves_the_client_of_its_parent_alone(agent: Agent) -> None:
    closed: list[int] = []
    with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        client.before_close(lambda: closed.append(os.getpid()))
        in_fork(lambda: None)
        assert in_fork(lambda: (client.close(), list(closed))[1]) == []
        assert client.score(IMAGE, frame("A")) is not None
    assert closed == [os.getpid()]


def test_a_fork_may_have_a_client_of_its_own_while_its_parent_scores(agent: Agent) -> None:
    is_over = threading.Event()
    scored: list[bool] = []

    def go_on() -> None:
        while not is_over.is_set():
            scored.append(client.score(IMAGE, frame("A")) is not None)

    def own() -> bool:
        with FocusClient(agent.address, deadline_ms=PATIENT_MS) as another:
            return another.score(IMAGE, frame("B")) is not None

    with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            assert [in_fork(own) for _ in range(3)] == [True] * 3
        finally:
            is_over.set()
            thread.join()
    assert scored and all(scored)
