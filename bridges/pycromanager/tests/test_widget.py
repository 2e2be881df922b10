"""The dock widget, beside a real agent, and as napari finds it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from conftest import needs, needs_program

PROGRAM = Path(__file__).with_name("widget_program.py")
PACKAGES = {"pyside6": "PySide6", "pyqt6": "PyQt6"}


@pytest.mark.parametrize("binding", ["pyside6", "pyqt6"])
def test_shows_what_the_agent_says_and_pauses_it(binding: str, tmp_path: Path) -> None:
    needs("qtpy", PACKAGES[binding])
    needs_program()
    paths = [str(PROGRAM.parents[1] / "src"), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, str(PROGRAM), binding, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        # A proxy of the network must not come between.
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "http_proxy": "http://127.0.0.1:9"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Traceback" not in done.stderr and "QObject" not in done.stderr, done.stderr[-3000:]
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])

    assert said["no frame"] == "No frame yet"
    assert said["verdict"].startswith("B2-Site_0 DAPI: ")
    assert said["reason"].startswith("level ")
    assert said["shape"] == [2, 3]
    assert said["colours"] > 3
    assert said["wells"]["A01"] == "sharp" and said["wells"]["B02"] != "sharp"
    assert said["same"]
    assert said["sites"] == {
        **{"A01": "sharp", "B02": "sharp", "C03": "sharp"},
        **{"D04": "skipped", "E05": "refused"},
    }
    assert said["button"] == "Resume gating"
    assert said["gone"] == [False, 5]
    assert said["without control"][0] is False and "--control" in said["without control"][1]


def test_napari_finds_it() -> None:
    needs("npe2")
    from npe2 import PluginManifest

    manifest = PluginManifest.from_file(str(resources.files("parfocal.widget") / "napari.yaml"))
    assert manifest.contributions.widgets is not None and manifest.contributions.commands is not None
    (widget,), (command,) = manifest.contributions.widgets, manifest.contributions.commands
    assert (widget.command, widget.display_name) == (command.id, "Focus quality")
    assert command.python_name == "parfocal.widget:FocusWidget"
    needs("qtpy", "PySide6")
    manifest.validate_imports()
