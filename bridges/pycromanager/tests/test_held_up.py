"""The process of the client stands still, as under a call that holds Python's lock: the agent is well."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import zmq

from conftest import CONTRACT
from parfocal_bridge import FocusClient, Frame, Site
from parfocal_bridge.ledger import LAST_LOOK_S, LATE_S, waited
from parfocal_bridge.link import AgentLink
from parfocal_bridge.parcel import Parcel

PROGRAM = Path(__file__).with_name("agent_program.py")
IMAGE = np.zeros((84, 84), np.uint16)
FRAME = Frame(site=Site(name="A1"))
WAIT_S = 10.0


@contextlib.contextmanager
def agent_apart(answers_after_s: float = 0.0) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, str(PROGRAM), str(CONTRACT / "verdict-accept.json"), str(answers_after_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as agent:
        try:
            assert agent.stdout is not None
            yield agent.stdout.readline().strip(), agent
        finally:
            agent.kill()


def stand_still(seconds: float) -> None:
    """No thread of Python runs meanwhile."""
    ctypes.PyDLL(None).usleep(int(seconds * 1e6))


@pytest.fixture
def first_come() -> Iterator[None]:
    """The thread that held the others up goes on before them."""
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(60)
    yield
    sys.setswitchinterval(usual_s)


def test_the_frame_after_four_seconds_in_which_nothing_ran_is_answered(first_come: None) -> None:
    with agent_apart() as (address, _), FocusClient(address) as client:
        assert client.wait_for_agent(WAIT_S)
        stand_still(4.0)
        assert not client.degraded
        assert client.score(IMAGE, FRAME, timeout_s=WAIT_S) is not None
        assert client.counters.unscored == 0


def test_a_verdict_that_came_while_nothing_ran_counts_though_the_wait_ended_meanwhile() -> None:
    with agent_apart(answers_after_s=0.3) as (address, _), FocusClient(address) as client:
        assert client.wait_for_agent(WAIT_S)

        def stand_still_once_sent(count: int) -> None:
            while client.counters.sent < count:
                time.sleep(0.005)
            stand_still(2.0)

        for count in (1, 2, 3):
            held_up = threading.Thread(target=stand_still_once_sent, args=[count], daemon=True)
            held_up.start()
            assert client.score(IMAGE, FRAME, timeout_s=1.0) is not None
            held_up.join()


def test_an_agent_that_is_there_and_says_nothing_is_gone_after_three_seconds() -> None:
    with agent_apart() as (address, agent), FocusClient(address) as client:
        assert client.wait_for_agent(WAIT_S)
        agent.send_signal(signal.SIGSTOP)
        time.sleep(1.5)
        assert not client.degraded
        end_s = time.monotonic() + WAIT_S
        while not client.degraded:
            assert time.monotonic() < end_s
            time.sleep(0.02)
        agent.send_signal(signal.SIGCONT)


def test_only_a_wait_that_ends_late_gets_a_last_look() -> None:
    looks: list[float] = []

    def wait(timeout_s: float, late_s: float) -> bool:
        looks.append(timeout_s)
        time.sleep(late_s if len(looks) == 1 else 0)
        return len(looks) > 1

    assert not waited(lambda timeout_s: wait(timeout_s, 0.0), 0.05)
    looks.clear()
    assert waited(lambda timeout_s: wait(timeout_s, 0.05 + 2 * LATE_S), 0.05)
    assert looks == [0.05, LAST_LOOK_S]


def test_a_report_is_said_again_where_the_agent_spoke_before_it_and_was_read_long_after() -> None:
    context = zmq.Context()
    sent = threading.Event()

    def agent(address: str) -> zmq.Socket[bytes]:
        router = context.socket(zmq.ROUTER)
        end_s = time.monotonic() + WAIT_S
        while True:
            try:
                router.bind(address)
            except zmq.ZMQError:  # the one before is still closing
                assert time.monotonic() < end_s
                time.sleep(0.05)
            else:
                return router

    def hears(router: zmq.Socket[bytes], words: bytes) -> bytes:
        """Reads until these words come; returns who said them."""
        end_s = time.monotonic() + WAIT_S
        while time.monotonic() < end_s:
            if router.poll(20):
                who, said, *_ = router.recv_multipart()
                if said == words:
                    return who
        raise AssertionError(f"{words!r} did not come")

    def on_sent(parcel: Parcel) -> None:
        sent.set()
        time.sleep(1.5)

    first = agent("tcp://127.0.0.1:*")
    address = first.getsockopt_string(zmq.LAST_ENDPOINT)
    link = AgentLink(
        address,
        4,
        on_message=lambda part: part == b"welcome",
        on_sent=on_sent,
        on_lost=lambda parcel: None,
        on_beat=lambda: b"hello",
        goodbye=lambda: b"bye",
    )
    try:
        who = hears(first, b"hello")
        link.say(b"report")
        link.put(Parcel("id", b"frame", b"", is_gated=False))
        assert sent.wait(WAIT_S)
        first.send_multipart([who, b"heartbeat"])  # it has read neither of the two, and never will
        time.sleep(1.8)
        first.close()
        second = agent(address)
        who = hears(second, b"hello")
        second.send_multipart([who, b"welcome"])
        hears(second, b"report")
        second.close()
    finally:
        link.stop()
        context.destroy(linger=0)
