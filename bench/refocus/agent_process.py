"""The built agent in a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STOP_S = 20.0


@contextmanager
def running_agent(results: Path, *flags: str) -> Iterator[str]:
    """Starts `parfocal agent` on free ports; gives its address."""
    command = [shutil.which("node") or "node", str(ROOT / "dist" / "cli" / "main.js"), "agent"]
    command += ["--address", "tcp://127.0.0.1:*", "--publish", "tcp://127.0.0.1:*", "--results", str(results)]
    command += ["--log-level", "warn", "--dashboard-port", "0", *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("the agent did not start; see the message above")
        yield json.loads(line)["addresses"]["zeromq"]
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
