"""Clients that a script makes and never closes."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, Frame, Site
from parfocal_bridge.watched_stacks import WatchedStacks
from runs import ACCEPT, RUN_S

FILES = Path("/proc/self/fd")
IMAGE = np.zeros((64, 64), np.uint16)


@pytest.mark.skipif(not FILES.exists(), reason="this system does not tell open files")
@pytest.mark.parametrize("observes", [False, True])
def test_a_client_that_nobody_has_any_more_says_goodbye_and_keeps_no_files(observes: bool) -> None:
    count = 20
    with FakeAgent(ACCEPT) as agent:
        before = len(os.listdir(FILES))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for number in range(count):
                client = FocusClient(agent.address)
                assert client.wait_for_agent(RUN_S)
                if observes:  # which has the client, and the client has it
                    WatchedStacks(client).offer(IMAGE, Frame(site=Site(name="A1"), z_index=0), "run")
                assert client.score(IMAGE, Frame(site=Site(name=f"B{number}"))) is not None
                del client
            end_s = time.monotonic() + RUN_S
            while len(os.listdir(FILES)) > before + 4 and time.monotonic() < end_s:
                gc.collect()
                time.sleep(0.1)
        assert len(os.listdir(FILES)) <= before + 4
        agent.wait_for("bye", count)
    unclosed = [str(each.message) for each in caught if each.category is ResourceWarning]
    assert len([line for line in unclosed if "unclosed <parfocal_bridge.client.FocusClient" in line]) == count


def test_what_a_forgotten_client_had_to_say_is_said_before_the_program_ends() -> None:
    program = """
import sys
from parfocal_bridge import FocusClient, Site
def main():
    client = FocusClient(sys.argv[1])
    assert client.wait_for_agent(60)
    for number in range(3000):
        client.abandon(Site(name=f"A{number}"), None, None, "skipped", "not imaged")
main()
"""
    with FakeAgent() as agent:
        subprocess.run([sys.executable, "-c", program, agent.address], check=True, timeout=RUN_S)
        agent.wait_for("abandon", 3000)
        agent.wait_for("bye", 1)


def test_a_client_that_could_not_be_made_leaves_no_word_behind() -> None:
    keyed: dict[str, Any] = {"address": "nowhere"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="nowhere"):
            FocusClient(**keyed)
        gc.collect()
