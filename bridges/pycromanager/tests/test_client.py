"""The client's manners towards an acquisition: it never blocks, never raises, goes on without the agent."""

from __future__ import annotations

import json
import math
import re
import threading
import time
from typing import Any

import numpy as np
import pytest

from conftest import CONTRACT
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, Frame, Site

VERDICT = json.loads((CONTRACT / "verdict-accept.json").read_text())
IMAGE = np.zeros((84, 84), np.uint16)
FRAME = Frame(site=Site(name="A1"))
NOBODY = "tcp://127.0.0.1:9"
WAIT_S = 10.0


def eventually(condition: Any) -> None:
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_without_an_agent_frames_go_on_unscored_and_soon_without_waiting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with FocusClient(NOBODY, deadline_ms=50, misses_until_degraded=2) as client:
        assert not client.degraded
        assert [client.score(IMAGE, FRAME) for _ in range(2)] == [None, None]
        assert client.degraded
        start = time.monotonic()
        assert [client.score(IMAGE, FRAME, timeout_s=60) for _ in range(20)] == [None] * 20
        assert time.monotonic() - start < 30
        counters = client.counters
    assert (counters.sent, counters.scored, counters.unscored) == (0, 0, 22)
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1 and warnings[0].startswith(f"No agent answers at {NOBODY}")


def test_offer_keeps_the_newest_frames_and_counts_the_others() -> None:
    with FocusClient(NOBODY, observe_queue=3) as client:
        for _ in range(50):
            client.offer(IMAGE, FRAME)
        assert client.counters.dropped == 47
    assert client.counters.dropped == 50


def test_frames_offered_early_leave_when_the_agent_comes_newest_kept() -> None:
    with FakeAgent(VERDICT) as first:
        address = first.address
    with FocusClient(address, observe_queue=2) as client:
        for attempt in range(5):
            client.offer(IMAGE, Frame(site=Site(name="A1"), attempt=attempt))
        with FakeAgent(VERDICT, address=address) as agent:
            agent.wait_for("frame", 2)
            eventually(lambda: client.counters.scored == 2)
    assert [message["attempt"] for message, _ in agent.received["frame"]] == [3, 4]
    # The gap in the sequence tells the agent of the three that were lost.
    assert [message["sequence"] for message, _ in agent.received["frame"]] == [3, 4]


def test_it_gates_again_by_itself_when_the_agent_is_back() -> None:
    with FakeAgent(VERDICT) as first, FocusClient(first.address, deadline_ms=200) as client:
        assert client.score(IMAGE, FRAME, timeout_s=WAIT_S) is not None
        first.__exit__()
        for _ in range(3):
            assert client.score(IMAGE, FRAME) is None
        assert client.degraded
        with FakeAgent(VERDICT, address=first.address):
            eventually(lambda: not client.degraded)
            assert client.score(IMAGE, FRAME, timeout_s=WAIT_S) is not None
        counters = client.counters
    assert (counters.scored, counters.unscored) == (2, 3)


def test_a_late_verdict_is_counted_and_not_mistaken_for_the_next_one() -> None:
    held: list[str] = []

    def late(message: dict[str, Any]) -> list[bytes]:
        if message["type"] != "frame":
            return []
        held.append(message["id"])
        if len(held) < 2:
            return [b'{"v":1,"type":"weather"}']
        return [json.dumps({**VERDICT, "id": frame_id}).encode() for frame_id in held]

    with FakeAgent(answer=late) as agent, FocusClient(agent.address) as client:
        assert client.score(IMAGE, FRAME, timeout_s=1.0) is None
        verdict = client.score(IMAGE, FRAME, timeout_s=WAIT_S)
        assert verdict is not None and verdict.id == held[1]
        counters = client.counters
    assert (counters.scored, counters.unscored, counters.late, counters.ignored) == (1, 1, 1, 1)


GARBAGE = [
    b"",
    b"\xff\xff",
    b'{"v":1',
    b"[]",
    b'{"v":9,"type":"verdict"}',
    b'{"v":1,"type":"verdict","id":"x"}',
]


def test_garbage_from_the_agent_is_counted_and_does_no_harm() -> None:
    def answer(message: dict[str, Any]) -> list[bytes]:
        if message["type"] != "frame":
            return []
        return [*GARBAGE, json.dumps({**VERDICT, "id": message["id"]}).encode()]

    with FakeAgent(answer=answer) as agent, FocusClient(agent.address) as client:
        assert client.score(IMAGE, FRAME, timeout_s=WAIT_S) is not None
        assert client.counters.errors == len(GARBAGE)


def test_an_agent_of_another_release_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    def answer(message: dict[str, Any]) -> list[bytes]:
        return [json.dumps({**VERDICT, "v": 2}).encode()]

    with FakeAgent(answer=answer) as agent, FocusClient(agent.address, deadline_ms=100) as client:
        for _ in range(3):
            assert client.score(IMAGE, FRAME) is None
        eventually(lambda: client.counters.errors >= 3)
    said = [r.getMessage() for r in caplog.records if "cannot be read" in r.getMessage()]
    assert said == [
        "A message of the agent cannot be read: protocol version 2 is not supported, only 1: "
        "use an agent and a bridge of the same release (said once)"
    ]


@pytest.mark.parametrize(
    ("answer", "misses"),
    [
        ({"type": "drop", "why": "overload"}, False),
        ({"type": "drop", "why": "deadline"}, True),
        ({"type": "error", "code": "unscorable", "message": "too small"}, False),
    ],
)
def test_a_drop_or_an_error_ends_the_wait_at_once(answer: dict[str, str], misses: bool) -> None:
    def answers(message: dict[str, Any]) -> list[bytes]:
        return [json.dumps({"v": 1, "id": message["id"], **answer}).encode()] if "id" in message else []

    with (
        FakeAgent(answer=answers) as agent,
        FocusClient(agent.address, misses_until_degraded=1) as client,
    ):
        assert client.score(IMAGE, FRAME, timeout_s=60) is None
        assert client.degraded == misses
        assert client.counters.unscored == 1
        assert client.why_unscored == answer.get("message", "no verdict in time")


def test_two_images_with_an_id_of_the_users_own_are_told_apart_by_their_time() -> None:
    given = Frame(site=Site(name="A1"), id="mine", timestamp_ms=5.0)
    with FakeAgent(VERDICT) as agent, FocusClient(agent.address) as client:
        for frame in (Frame(site=Site(name="A1"), id="mine"), Frame(site=Site(name="A1"), id="mine"), given):
            client.score(IMAGE, frame, timeout_s=WAIT_S)
            time.sleep(0.002)
        agent.wait_for("frame", 3)
    heads = [head for head, _ in agent.received["frame"]]
    assert [head["id"] for head in heads] == ["mine"] * 3
    assert heads[0]["timestampMs"] < heads[1]["timestampMs"] and heads[2]["timestampMs"] == 5.0


def test_after_bye_nothing_waits() -> None:
    def answers(message: dict[str, Any]) -> list[bytes]:
        return [b'{"v":1,"type":"bye"}'] if message["type"] == "frame" else []

    # One that welcomes would be seen as back at the next hello.
    with FakeAgent(answer=answers, welcomes=False) as agent, FocusClient(agent.address) as client:
        assert client.score(IMAGE, FRAME, timeout_s=2.0) is None
        assert client.degraded


def test_a_failing_callback_does_no_harm() -> None:
    def fails(_: object) -> None:
        raise RuntimeError("on purpose")

    with FakeAgent(VERDICT) as agent, FocusClient(agent.address, on_verdict=fails) as client:
        assert client.score(IMAGE, FRAME, timeout_s=WAIT_S) is not None
        assert client.score(IMAGE, FRAME, timeout_s=WAIT_S) is not None


def test_threads_may_score_on_one_client_with_one_frame_in_flight() -> None:
    most = [0]

    def answer(message: dict[str, Any]) -> list[bytes]:
        if message["type"] == "frame":
            in_flight = len(agent.received["frame"]) - client.counters.scored
            most[0] = max(most[0], in_flight)
        return []

    with FakeAgent(VERDICT, answer=answer) as agent, FocusClient(agent.address) as client:
        threads = [
            threading.Thread(target=lambda: [client.score(IMAGE, FRAME, timeout_s=WAIT_S) for _ in range(10)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert client.counters.scored == 40
    assert most[0] == 1


def test_the_image_may_be_changed_as_soon_as_it_is_offered() -> None:
    image = np.full((84, 84), 7, np.uint16)
    with FakeAgent(VERDICT) as agent, FocusClient(agent.address) as client:
        client.offer(image, FRAME)
        image[:] = 9
        agent.wait_for("frame", 1)
    assert set(np.frombuffer(agent.received["frame"][0][1], np.uint16)) == {7}


def test_closing_twice_and_using_it_after_that_is_harmless() -> None:
    client = FocusClient(NOBODY)
    client.close()
    client.close()
    client.offer(IMAGE, FRAME)
    assert client.score(IMAGE, FRAME) is None
    assert (client.counters.dropped, client.counters.unscored) == (2, 1)


def test_what_is_no_image_no_address_or_no_deadline_is_named() -> None:
    with FocusClient(NOBODY) as client:
        with pytest.raises(ValueError, match="float64"):
            client.offer(np.zeros((84, 84)), FRAME)
        with pytest.raises(ValueError, match="float64"):
            client.score(np.zeros((84, 84)), FRAME)
    with pytest.raises(ValueError, match="nowhere"):
        FocusClient("nowhere")
    for deadline_ms in (0, -1, math.nan, math.inf, 3_600_001):
        with pytest.raises(ValueError, match="deadline_ms must be positive and at most 3600000"):
            FocusClient(deadline_ms=deadline_ms)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ("A1", "frame is a Frame, not 'A1'"),
        ({"site": "A1"}, "frame is a Frame, not {'site': 'A1'}"),
        (Frame(site="A1"), "frame.site is a Site, not 'A1'"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_frame_is_named(frame: Any, said: str) -> None:
    with FocusClient(NOBODY) as client:
        for call in (client.score, client.offer):
            with pytest.raises(TypeError, match=re.escape(said)):
                call(IMAGE, frame)
    with pytest.raises(TypeError, match="address is a str, not None"):
        FocusClient(None)  # type: ignore[arg-type]


def test_clients_of_one_session_have_ids_of_their_own() -> None:
    with FakeAgent(VERDICT) as agent:
        for _ in range(2):
            with FocusClient(agent.address, session="plate 7") as client:
                assert client.wait_for_agent()
                client.score(IMAGE, FRAME)
        with FocusClient(agent.address, session="plate 7") as client:
            assert client.wait_for_agent()
            client.score(IMAGE, Frame(site=Site(name="B" * 512)))
        agent.wait_for("frame", 3)
    ids = {message["id"] for message, _ in agent.received["frame"]}
    assert len(ids) == 3
    assert all(frame_id.startswith("plate 7/") and len(frame_id) <= 512 for frame_id in ids)


def test_long_names_still_make_an_id_that_the_agent_takes() -> None:
    with FakeAgent(VERDICT) as agent, FocusClient(agent.address) as client:
        client.score(IMAGE, Frame(site=Site(name="n" * 500), channel="c" * 500), timeout_s=WAIT_S)
    assert len(agent.received["frame"][0][0]["id"]) <= 512


def test_a_call_waits_for_those_of_other_threads_no_longer_than_for_its_own_verdict() -> None:
    with (
        FakeAgent() as agent,
        FocusClient(agent.address, deadline_ms=60_000, misses_until_degraded=9) as client,
    ):
        other = threading.Thread(target=client.score, args=(IMAGE, FRAME))
        other.start()
        agent.wait_for("frame", 1)
        start = time.monotonic()
        assert client.score(IMAGE, Frame(site=Site(name="B1")), timeout_s=0.3) is None
        assert time.monotonic() - start < WAIT_S
        agent.wait_for("frame", 2)
        assert agent.received["frame"][1][0]["mode"] == "observe"
        client.close()
        other.join(WAIT_S)
        assert not other.is_alive()
        assert client.counters.unscored == 2


@pytest.mark.parametrize("deadline_ms", [-1.0, math.nan, math.inf, 3_600_001.0])
def test_a_deadline_of_a_frame_that_is_none_is_refused(deadline_ms: float) -> None:
    with (
        FocusClient(NOBODY, deadline_ms=50) as client,
        pytest.raises(ValueError, match="deadline_ms must be positive"),
    ):
        client.score(IMAGE, Frame(site=Site(name="A1"), deadline_ms=deadline_ms))
