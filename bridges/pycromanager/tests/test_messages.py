"""The example messages that all languages parse, and what this client really sends."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from conftest import CONTRACT
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, Frame, MessageError, Optics, Site, Verdict
from parfocal_bridge.messages import MESSAGES, Action, LockReport, NextSite, Outcome, decode, encode

INDEX = json.loads((CONTRACT / "index.json").read_text())
# What only subscribers get is nothing to a controller.
SUBSCRIBERS_ONLY = [entry["file"] for entry in INDEX if entry.get("subscribersOnly")]
VALID = [
    entry
    for entry in INDEX
    if "type" in entry and not entry.get("ignored") and entry["file"] not in SUBSCRIBERS_ONLY
]
# The other broken ones are well-formed headers whose pixels do not fit: the agent refuses those.
BROKEN = ["broken-json.txt", "broken-version.json", "broken-verdict.json"]


def contract(name: str) -> Any:
    return json.loads((CONTRACT / name).read_text())


def shape_of(value: Any) -> Any:
    """Keys and types of a JSON value, numbers alike."""
    if isinstance(value, dict):
        return {key: shape_of(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape_of(item) for item in value]
    return (
        "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__
    )


@pytest.mark.parametrize("entry", VALID, ids=lambda entry: entry["file"])
def test_each_example_is_read_and_written_back_unchanged(entry: dict[str, Any]) -> None:
    raw = (CONTRACT / entry["file"]).read_bytes()
    message = decode(raw)
    assert isinstance(message, MESSAGES[entry["type"]])
    expected = {key: value for key, value in json.loads(raw).items() if value is not None}
    expected.pop("aKeyOfALaterVersion", None)
    assert json.loads(encode(message)) == expected


def test_all_types_of_the_contract_are_known() -> None:
    assert {entry["type"] for entry in VALID} == set(MESSAGES)


@pytest.mark.parametrize("name", ["unknown-type.json", *SUBSCRIBERS_ONLY])
def test_an_unknown_type_is_to_be_ignored(name: str) -> None:
    assert decode((CONTRACT / name).read_bytes()) is None


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_message_is_refused(name: str) -> None:
    with pytest.raises(MessageError):
        decode((CONTRACT / name).read_bytes())


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"7", b"\xff\xfe", b'{"v":1}', b'{"v":1,"type":5}', b"[" * 100_000]
)
def test_nonsense_raises_nothing_but_a_message_error(raw: bytes) -> None:
    with pytest.raises(MessageError):
        decode(raw)


def test_an_optional_value_of_the_wrong_type_counts_as_missing() -> None:
    data = contract("verdict-accept.json") | {"attemptsLeft": "many", "model": 3, "timings": {"queueMs": "x"}}
    verdict = Verdict.from_json(data)
    assert verdict.attempts_left == 0
    assert verdict.model is None
    assert verdict.timings is not None and verdict.timings.queue_ms is None


@pytest.mark.parametrize("key", ["id", "decision", "acquireAgain", "keepAttempt", "expectedLevel"])
def test_a_verdict_without_what_a_controller_needs_is_refused(key: str) -> None:
    data = contract("verdict-retry.json")
    del data[key]
    with pytest.raises(MessageError, match=key):
        Verdict.from_json(data)


@pytest.mark.parametrize("key", ["tried", "why"])
def test_an_outcome_says_where_the_site_was_tried_and_why_it_ended(key: str) -> None:
    data = contract("outcome.json")
    outcome = Outcome.from_json(data)
    assert [(tried.attempt, tried.z_um, tried.level) for tried in outcome.tried] == [
        (0, 12.5, 6.3),
        (1, 16.7, 0.31),
    ]
    del data[key]
    with pytest.raises(MessageError, match=key):
        Outcome.from_json(data)


@pytest.mark.parametrize("action", [{}, {"kind": 4}, {"kind": ""}, "move-z", {"kind": "move-z", "byUm": "x"}])
def test_an_action_that_cannot_be_read_is_not_taken_for_none(action: Any) -> None:
    with pytest.raises(MessageError, match="action"):
        Verdict.from_json(contract("verdict-retry.json") | {"action": action})


def test_a_suggestion_that_cannot_be_read_counts_as_missing() -> None:
    verdict = Verdict.from_json(contract("verdict-next.json") | {"next": {"zUm": "high"}})
    assert verdict.next is None
    suggested = Verdict.from_json(contract("verdict-next.json")).next
    assert suggested is not None and (suggested.z_um, suggested.basis) == (11.35, "surface")


def test_a_move_without_a_distance_is_refused() -> None:
    data = contract("verdict-retry.json") | {"action": {"kind": "move-z"}}
    with pytest.raises(MessageError, match="byUm"):
        Verdict.from_json(data)
    assert Verdict.from_json(contract("verdict-retry.json")).action == Action(kind="move-z", by_um=4.2)


def test_what_json_cannot_hold_is_left_out() -> None:
    frame = Frame(
        site=Site(name="A"),
        z_um=math.nan,
        exposure_ms=np.float32(2.5),
        meta={"temperature": math.inf, "counts": np.int64(3), "where": CONTRACT},
    )
    sent = json.loads(encode(frame))
    assert "zUm" not in sent
    assert sent["exposureMs"] == 2.5
    assert sent["meta"] == {"temperature": None, "counts": 3, "where": str(CONTRACT)}


def test_the_client_sends_what_the_contract_shows() -> None:
    example = contract("frame-gate.json")
    raw = (CONTRACT / "frame-gate.raw").read_bytes()
    image = np.frombuffer(raw, "<u2").reshape(4, 6)
    frame = Frame(
        site=Site(name="B03-Site_2", plate="P-0412", well="B3", index=2, row=1, column=2),
        channel="DAPI",
        time_index=0,
        z_index=0,
        x_um=1200.5,
        y_um=-340.0,
        z_um=12.5,
        z_source="measured",
        z_limits_um=(-50.0, 80.0),
        pixel_um=0.325,
        exposure_ms=20.0,
        bit_depth=12,
        optics=Optics(na=0.75, wavelength_nm=461, refractive_index=1, magnification=20),
        timestamp_ms=1760000000123.0,
        planned_z_um=10.0,
        focus_lock=LockReport(device="PFS", state="engaged", moves="offset"),
        next=NextSite(
            site=Site(name="B03-Site_3", plate="P-0412", well="B3", index=3, row=1, column=2),
            channel="DAPI",
            time_index=0,
            x_um=1850.5,
            y_um=-340.0,
            z_um=10.0,
        ),
        meta={"Camera": "Cam @1", "binning": 1},
    )
    observed = (np.frombuffer((CONTRACT / "frame-observe.raw").read_bytes(), np.uint8)).reshape(3, 5)
    with FakeAgent(contract("verdict-accept.json")) as agent:
        client = FocusClient(
            agent.address, "run 1", 300, controller="pymmcore-plus", controller_version="0.18.1"
        )
        with client:
            client.acquiring = True
            assert client.wait_for_agent()
            assert client.score(image, frame, timeout_s=5) is not None
            client.offer(observed, Frame(site=Site(name="Pos7")))
            agent.wait_for("frame", 2)
            agent.wait_for("heartbeat", 1)
        agent.wait_for("bye", 1)

    gate, observe = agent.received["frame"]
    assert shape_of(gate[0]) == shape_of(example)
    for key in set(example) - {"id", "session", "sequence"}:
        assert gate[0][key] == example[key], key
    assert gate[1] == raw
    assert (gate[0]["session"], gate[0]["sequence"], observe[0]["sequence"]) == ("run 1", 0, 1)
    minimal = contract("frame-observe.json")
    del minimal["zUm"], minimal["aKeyOfALaterVersion"]
    assert shape_of(observe[0]) == shape_of(minimal)
    assert observe[1] == observed.tobytes()
    assert gate[0]["id"] != observe[0]["id"]
    assert shape_of(agent.received["hello"][0][0]) == shape_of(contract("hello.json"))
    assert shape_of(agent.received["heartbeat"][0][0]) == shape_of(contract("heartbeat.json"))
    bye = {**agent.received["bye"][0][0], "reason": "acquisition finished"}
    assert shape_of(bye) == shape_of(contract("bye.json"))


def test_names_that_are_bytes_are_read_as_text() -> None:
    site = Site(name="Zelle µ".encode(), well=b"A1")  # type: ignore[arg-type]
    sent = json.loads(encode(Frame(site=site, channel=b"DAPI", meta={"operator": b"\xff!"})))  # type: ignore[arg-type]
    assert sent["site"] == {"name": "Zelle µ", "well": "A1"}
    assert (sent["channel"], sent["meta"]) == ("DAPI", {"operator": "\ufffd!"})
