"""Gated and observed runs in Qt programs, whose signals arrive whenever their event loop has time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conftest import needs
from qt_program import SITES
from runs import RUN_S

PROGRAM = Path(__file__).with_name("qt_program.py")
PACKAGES = {"pyside6": "PySide6", "pyqt6": "PyQt6"}


@pytest.fixture(params=["pyside6", "pyqt6"])
def binding(request: pytest.FixtureRequest) -> str:
    needs("pymmcore_plus", "mm_test_adapters", "useq", "qtpy", PACKAGES[request.param])
    name: str = request.param
    return name


def program(binding: str, mode: str) -> dict[str, Any]:
    """What the program says; fails if it hangs or crashes."""
    paths = [str(PROGRAM.parents[1] / "src"), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, str(PROGRAM), binding, mode],
        capture_output=True,
        text=True,
        timeout=RUN_S,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


@pytest.mark.parametrize("mode", ["busy", "block", "plain", "engine"])
def test_each_frame_is_judged_as_its_own_site_while_the_event_loop_is_busy_or_blocked(
    mode: str, binding: str
) -> None:
    said = program(binding, mode)
    assert said["reasons"] == ["completed"] * 2
    assert said["sent"] == [[f"Pos{p}", "gate", p] for p in range(SITES)] * 2
    assert said["decisions"] == ["accept"] * 2 * SITES


def test_a_cancelled_run_does_not_disturb_the_next_one(binding: str) -> None:
    said = program(binding, "cancel")
    assert said["reasons"] == ["canceled", "completed"]
    assert said["sent"][-SITES:] == [[f"Pos{p}", "gate", p] for p in range(SITES)]
    assert all(int(name[3:]) == mark for name, _, mark in said["sent"])


def test_every_frame_of_a_blocking_run_is_observed(binding: str) -> None:
    said = program(binding, "observe")
    assert said["sent"] == [[f"Pos{p}", "observe", p] for p in range(SITES)]
