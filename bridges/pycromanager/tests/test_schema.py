"""Messages against the JSON Schema that is made from what the agent checks them with."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from conftest import CONTRACT, ROOT, needs
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, Frame, Optics, Site
from runs import ACCEPT, PATIENT_MS

SCHEMA = json.loads((ROOT / "docs" / "protocol.schema.json").read_text())
INDEX = json.loads((CONTRACT / "index.json").read_text())
VALID = [entry["file"] for entry in INDEX if "type" in entry and not entry.get("ignored")]
# The others break rules that a schema of the JSON part cannot state.
BROKEN = ["broken-dtype.json", "broken-shape.json", "broken-version.json", "unknown-type.json"]


def problems(message: Any) -> list[str]:
    needs("jsonschema")
    from jsonschema import Draft202012Validator

    definition = {"$ref": f"#/$defs/{message['type']}", "$defs": SCHEMA["$defs"]}
    schema = definition if message["type"] in SCHEMA["$defs"] else SCHEMA
    return [error.message for error in Draft202012Validator(schema).iter_errors(message)]


@pytest.mark.parametrize("name", VALID)
def test_an_example_fits(name: str) -> None:
    assert problems(json.loads((CONTRACT / name).read_text())) == []


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_example_does_not(name: str) -> None:
    assert problems(json.loads((CONTRACT / name).read_text())) != []


def test_what_the_client_sends_fits() -> None:
    site = Site(name="B03-Site_2", plate="P1", well="B3", index=2, row=1, column=2, position=14)
    frame = Frame(
        site=site,
        attempt=1,
        channel="DAPI",
        time_index=3,
        x_um=1.0,
        y_um=2.0,
        z_um=12.5,
        z_source="measured",
        z_limits_um=(-50.0, 50.0),
        pixel_um=0.65,
        optics=Optics(na=0.75),
    )
    image = np.zeros((100, 120), np.uint16)
    with FakeAgent(ACCEPT) as agent:
        with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
            assert client.wait_for_agent(10)
            assert client.score(image, frame) is not None
            client.offer(image.astype(np.uint8), Frame(site=Site(name="A1")))
            client.abandon(site, "DAPI", 3, "no-frame", "the camera gave none")
            agent.wait_for("abandon", 1)
            agent.wait_for("heartbeat", 1)
        agent.wait_for("bye", 1)
    assert {"hello", "frame", "abandon", "heartbeat", "bye"} <= set(agent.received)
    for messages in agent.received.values():
        for message, *_ in messages:
            assert problems(message) == [], message["type"]
